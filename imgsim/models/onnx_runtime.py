"""ONNX Runtime, imported so that it reports to nobody what is run, and leaves no file of its own behind."""

from __future__ import annotations

import os

from imgsim.errors import WeightsError

OLDEST = (1, 20)  # that runs the graphs here

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when it is loaded; not on Windows

try:
    import onnxruntime
except ImportError as error:
    raise WeightsError("ONNX Runtime, which runs networks, cannot be imported", remedy="install-runtime") from error
if tuple(int(part) for part in onnxruntime.__version__.split(".")[:2]) < OLDEST:
    told = f"ONNX Runtime {onnxruntime.__version__} is too old to run networks here"
    raise WeightsError(told, remedy="install-runtime")

onnxruntime.disable_telemetry_events()  # there

__all__ = ["onnxruntime"]
