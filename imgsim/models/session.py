"""ONNX Runtime, which runs models of every kind."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import onnxruntime

from imgsim.errors import ParameterError, WeightsError
from imgsim.models.cache import ModelFile, about
from imgsim.models.header import KINDS, Header, check_header, check_seal
from imgsim.models.packaged import PackagedModel

if TYPE_CHECKING:
    from collections.abc import Mapping

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
NO_OTHER_FILE = ("session.model_external_initializers_file_folder_path", os.devnull)  # that weights of bytes lie in
AUTOMATIC = ("cuda", "rocm", "directml", "cpu")
THREADS = "OMP_NUM_THREADS"  # set to 1 for workers, which share the processors among themselves
_AXES = {"images": 4, "colors": 2}


class Session:
    """A model that ONNX Runtime runs: it has the input and the output that its kind has, as wide as it says."""

    def __init__(
        self,
        model: bytes | str,
        device: str | None = None,
        kind: str = "trunk",
        threads: int = 0,
        weights: Mapping[str, NDArray[np.float32]] | None = None,
    ) -> None:
        options = onnxruntime.SessionOptions()
        shared = os.environ.get(THREADS, "")
        options.intra_op_num_threads = threads or (int(shared) if shared.isdecimal() else 0)
        options.log_severity_level = 4  # nothing goes straight to stderr: errors are raised as well
        options.add_session_config_entry(*NO_OTHER_FILE)
        given = {name: onnxruntime.OrtValue.ortvalue_from_numpy(values) for name, values in (weights or {}).items()}
        options.add_external_initializers([*given], [*given.values()])
        providers = choose_providers(device or os.environ.get("IMGSIM_DEVICE") or "auto")
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=providers)
            properties = self._session.get_modelmeta().custom_metadata_map
        except Exception as error:  # ONNX Runtime's errors have no common ancestor but this
            raise WeightsError(f"not a model that ONNX Runtime can run ({str(error).splitlines()[0][:120]})") from error
        self.header = Header.from_properties(properties, kind)
        self._kind = KINDS[kind]
        shapes = {one.name: one.shape for one in (*self._session.get_inputs(), *self._session.get_outputs())}
        takes, gives = self._kind.takes, self._kind.gives
        if {name: len(shape) for name, shape in shapes.items()} != {takes: _AXES[takes], gives: self._kind.axes}:
            raise WeightsError(f"not a {self._kind.title} that imgsim exported: it does not make {gives} of {takes}")
        if isinstance(width := shapes[gives][1], int):
            self._compare(width)
        self.takes_any_size = not isinstance(shapes[takes][-1], int)

    def run(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute what its kind gives, of each of `values`: images (N, 3, H, W) or colours (N, 3)."""
        try:
            answer: NDArray[np.float32] = self._session.run([self._kind.gives], {self._kind.takes: values})[0]
        except Exception as error:  # ONNX Runtime's errors have no common ancestor but this
            size = " x ".join(map(str, values.shape[2:]))
            what = f"{size} pixels" if size else "colours"
            raise WeightsError(f"cannot be run on {what}, which it says that it takes") from error
        self._compare(answer.shape[1] if answer.ndim == self._kind.axes and len(answer) == len(values) else 0)
        return answer

    def _compare(self, width: int) -> None:
        if width != self.header.dim:
            what = f"{self.header.dim} {self._kind.unit} of {self._kind.gives}"
            raise WeightsError(f"does not make the {what} that it says")


def choose_providers(device: str) -> list[str]:
    """Choose ONNX Runtime's execution providers."""
    available = set(onnxruntime.get_available_providers())
    here = [name for name, provider in PROVIDERS.items() if provider in available]
    if device == "auto":
        device = next(name for name in AUTOMATIC if name in here)
    if device not in here:
        raise ParameterError(f"device {device}: this ONNX Runtime has {', '.join(here)}")
    return list(dict.fromkeys([PROVIDERS[device], PROVIDERS["cpu"]]))


def open_checked(file: ModelFile | PackagedModel, device: str | None = None) -> Session:
    """Open a packaged model, or a cached one that `imgsim.models.header.check_header` found to be what it is named."""
    with file.about():
        if isinstance(file, PackagedModel):
            return Session(file.graph(), device, weights=file.initializers())
        return Session(file.path, device)


def read_sealed(file: ModelFile) -> bytes:
    """Read a cached model that other machines may import."""
    data = file.read()
    check_header(file)
    open_checked(file, "cpu")
    with about(file.path):
        check_seal(data)
    return data
