"""Linear maps of rows, learned from classes or pairs; no torch."""
