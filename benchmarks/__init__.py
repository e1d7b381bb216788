"""Measurements of imgsim side by side with plain code; `python -m benchmarks` runs those of speed and memory."""
