"""ONNX Runtime, which runs exported networks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import onnxruntime

from imgsim.errors import ParameterError, WeightsError
from imgsim.models.header import Header

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
AUTOMATIC = ("cuda", "rocm", "directml", "cpu")
THREADS = "OMP_NUM_THREADS"  # set to 1 for workers, which share the processors among themselves


class Engine:
    """A network that ONNX Runtime runs."""

    def __init__(self, model: bytes | str, device: str | None = None) -> None:
        options = onnxruntime.SessionOptions()
        threads = os.environ.get(THREADS, "")
        options.intra_op_num_threads = int(threads) if threads.isdecimal() else 0
        options.log_severity_level = 3  # errors only: warnings go straight to stderr
        providers = choose_providers(device or os.environ.get("IMGSIM_DEVICE", "auto"))
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=providers)
        except Exception as error:  # ONNX Runtime's errors have no common ancestor but this
            raise WeightsError(f"not a model that ONNX Runtime can run ({str(error).splitlines()[0][:120]})") from error
        self.header = Header.from_properties(_properties(self._session))
        shapes = {one.name: one.shape for one in (*self._session.get_inputs(), *self._session.get_outputs())}
        if list(shapes) != ["images", "maps"] or any(len(shape) != 4 for shape in shapes.values()):
            raise WeightsError("not a model that imgsim exported: it does not make maps of images")
        self.takes_any_size = not isinstance(shapes["images"][2], int)

    def run(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute feature maps.

        `images` (N, 3, H, W); gives (N, C, h, w).
        """
        maps: NDArray[np.float32] = self._session.run(["maps"], {"images": images})[0]
        return maps


def _properties(session: onnxruntime.InferenceSession) -> dict[str, str]:
    try:
        properties: dict[str, str] = session.get_modelmeta().custom_metadata_map
    except UnicodeDecodeError as error:
        raise WeightsError("not a model that imgsim exported") from error
    return properties


def choose_providers(device: str) -> list[str]:
    """Choose ONNX Runtime's execution providers."""
    available = set(onnxruntime.get_available_providers())
    here = [name for name, provider in PROVIDERS.items() if provider in available]
    if device == "auto":
        device = next(name for name in AUTOMATIC if name in here)
    if device not in here:
        raise ParameterError(f"device {device}: this ONNX Runtime has {', '.join(here)}")
    return list(dict.fromkeys([PROVIDERS[device], PROVIDERS["cpu"]]))
