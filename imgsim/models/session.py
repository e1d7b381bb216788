"""ONNX Runtime, which runs models of every kind."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING

from imgsim.bounds import OURS
from imgsim.errors import ParameterError, WeightsError
from imgsim.models.architectures import OWN
from imgsim.models.cache import ModelFile, about
from imgsim.models.graph import check_graph
from imgsim.models.header import KINDS, OWN_NETWORK, TRUNK, Header, check_header, check_seal
from imgsim.models.model_limits import MEMORY, SECONDS, limit_of
from imgsim.models.onnx_runtime import onnxruntime
from imgsim.models.packaged import PackagedModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
UNFOLDED = "color-names"  # the kind that is opened without an import, and so without anything of it being computed
_SHARED_MEMORY = ("session.use_env_allocators", "1")
SILENT = 4  # nothing goes straight to stderr: errors are raised as well
TICK = 0.25  # seconds by which a run may be ended late
THREADS = "OMP_NUM_THREADS"  # set to 1 for workers, which share the processors among themselves
_AXES = {"images": 4, "colors": 2, "features": 2, "votes": 3}


class Session:
    """A model that ONNX Runtime runs: it has the input and the output that its kind has, as wide as it says."""

    def __init__(
        self,
        model: bytes | str,
        device: str | None = None,
        kind: str = TRUNK,
        threads: int = 0,
        weights: Mapping[str, NDArray[np.float32]] | None = None,
    ) -> None:
        self._session = open_graph(model, device, threads, weights, folded=kind != UNFOLDED)
        self.header = Header.from_properties(self._session.get_modelmeta().custom_metadata_map, kind)
        self._kind = KINDS[kind]
        self._check()

    def _check(self) -> None:
        """Make sure that the graph has what its kind has, and see whether it takes images of any size."""
        shapes = {one.name: one.shape for one in (*self._session.get_inputs(), *self._session.get_outputs())}
        takes, gives = self._kind.takes, self._kind.gives
        if {name: len(shape) for name, shape in shapes.items()} != {takes: _AXES[takes], gives: self._kind.axes}:
            raise WeightsError(f"not a {self._kind.title} that imgsim exported: it does not make {gives} of {takes}")
        if isinstance(width := shapes[gives][1], int):
            self._compare(width)
        self.takes_any_size = not isinstance(shapes[takes][-1], int)
        self.width_taken = shapes[takes][1]  # channels or values; no number where any will do

    def run(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute what its kind gives, of each of `values`.

        Images (N, 3, H, W), colours (N, 3), features (N, D), or votes of M classifiers (N, M, C).
        """
        size = " x ".join(map(str, values.shape[2:])) if self._kind.takes == "images" else ""
        what = f"{size} pixels" if size else self._kind.takes.replace("colors", "colours")
        with _limited_run(what) as options:
            answer = self._compute(values, options)
        self._compare(answer.shape[1] if answer.ndim == self._kind.axes and len(answer) == len(values) else 0)
        return answer

    def _compute(self, values: NDArray[np.float32], options: onnxruntime.RunOptions) -> NDArray[np.float32]:
        answer: NDArray[np.float32] = self._session.run([self._kind.gives], {self._kind.takes: values}, options)[0]
        return answer

    def _compare(self, width: int) -> None:
        if width != self.header.dim:
            what = f"{self.header.dim} {self._kind.unit} of {self._kind.gives}"
            raise WeightsError(f"does not make the {what} that it says")


def open_graph(
    model: bytes | str,
    device: str | None = None,
    threads: int = 0,
    weights: Mapping[str, NDArray[np.float32]] | None = None,
    *,
    folded: bool = True,
) -> onnxruntime.InferenceSession:
    """Open an ONNX file, or its content, that holds all of its weights or is given them."""
    options = onnxruntime.SessionOptions()
    shared = os.environ.get(THREADS, "")
    options.intra_op_num_threads = threads or (int(shared) if shared.isdecimal() else 0)
    options.log_severity_level = SILENT
    options.add_session_config_entry(*NO_OTHER_FILE)
    options.add_session_config_entry(*_SHARED_MEMORY)
    given = {name: onnxruntime.OrtValue.ortvalue_from_numpy(values) for name, values in (weights or {}).items()}
    options.add_external_initializers([*given], [*given.values()])
    if not folded:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    providers = choose_providers(device or os.environ.get("IMGSIM_DEVICE") or "auto")
    if not given:
        check_graph(model)
    _limit_memory(limit_of(MEMORY))
    try:
        opened = onnxruntime.InferenceSession(model, options, providers=providers)
        opened.get_modelmeta()
    except Exception as error:  # ONNX Runtime's errors have no common ancestor but this
        if told := _lack_of_memory(error):
            raise WeightsError(told, remedy="allow-model-more") from error
        raise WeightsError(f"not a model that ONNX Runtime can run ({_first_line(error)})") from error
    return opened


@contextmanager
def _limited_run(what: str) -> Iterator[onnxruntime.RunOptions]:
    """Let a run on something end in time, and say why it came to nothing."""
    options, seconds = onnxruntime.RunOptions(), limit_of(SECONDS)
    options.log_severity_level = SILENT
    runs = _watched()
    runs[id(options)] = time.monotonic() + seconds, options
    try:
        yield options
    except Exception as error:  # ONNX Runtime's errors have no common ancestor but this
        if options.terminate:
            raise WeightsError(f"takes more than {seconds:g} s for {what}", remedy="allow-model-more") from error
        if told := _lack_of_memory(error):
            raise WeightsError(f"{told} for {what}", remedy="allow-model-more") from error
        raise WeightsError(f"cannot be run on {what}, which it says that it takes") from error
    finally:
        del runs[id(options)]


@cache
def _watched() -> dict[int, tuple[float, onnxruntime.RunOptions]]:
    """Give the runs that a thread ends in time: one thread for all, since starting it takes longer than a run."""
    runs: dict[int, tuple[float, onnxruntime.RunOptions]] = {}

    def watch() -> None:
        while True:
            time.sleep(TICK)
            for end, options in list(runs.values()):
                if time.monotonic() > end:
                    options.terminate = True  # ONNX Runtime looks between two operators

    threading.Thread(target=watch, name=f"{OURS}watch", daemon=True).start()
    return runs


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_watched.cache_clear)  # threads stay behind


@cache
def _limit_memory(megabytes: float) -> None:
    """Let all models of this process share one memory, which can be limited; the first limit stays."""
    place = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    limits = onnxruntime.OrtArenaCfg({"max_mem": int(megabytes * 1e6)})
    with suppress(RuntimeError):
        onnxruntime.create_and_register_allocator(place, limits)


def _lack_of_memory(error: Exception) -> str:
    """Tell a lack of memory, as ONNX Runtime words it."""
    lacks = "Available memory of" in str(error) or "bad_alloc" in str(error) or isinstance(error, MemoryError)
    return f"needs more than {limit_of(MEMORY):g} MB of memory" if lacks else ""


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:120]


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
        return open_model(file.path, file.architecture, device)


def open_model(model: bytes | str, architecture: str, device: str | None = None) -> Session:
    """Open a model that deep extractors run, whoever made it."""
    if architecture.startswith(OWN):
        from imgsim.models.own_session import OwnSession

        return OwnSession(model, device, OWN_NETWORK)
    return Session(model, device)


def read_sealed(file: ModelFile) -> bytes:
    """Read a cached model that other machines may import."""
    data = file.read()
    check_header(file)
    open_checked(file, "cpu")
    with about(file.path):
        check_seal(data)
    return data
