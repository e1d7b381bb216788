"""ONNX Runtime, imported so that it reports to nobody what is run, and leaves no file of its own behind."""

from __future__ import annotations

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when it is loaded; not on Windows

import onnxruntime

onnxruntime.disable_telemetry_events()  # there

__all__ = ["onnxruntime"]
