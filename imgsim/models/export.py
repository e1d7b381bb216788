"""From a weight file to an ONNX file in the cache, checked against torch before it is kept."""

from __future__ import annotations

import io
import os
import warnings
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import MissingDependencyError, WeightsError
from imgsim.models.architectures import takes_one_size
from imgsim.models.cache import FINAL, ModelFile, find_models, make_newest, store_model, weights_digest
from imgsim.models.checkpoints import load_strictly, read_state_dict
from imgsim.models.engine import Engine
from imgsim.models.header import UNSEALED, Header, seal
from imgsim.models.session import read_sealed
from imgsim.models.trunks import build_network, cut_trunk, pad_as_tensorflow, preprocessing_of
from imgsim.models.vision import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from imgsim.models.cut import Cut

RELATIVE_ERROR = 1e-5


def import_weights(path: str, cut: Cut) -> ModelFile:
    """Export a network with the weights of a file, unless the cache has it already, whole and with a digest."""
    weights = weights_digest(path)
    there = find_models(cut.architecture, weights=weights, padding=cut.padding, layer=cut.layer)
    good = next(filter(_is_good, there), None)
    if good:
        make_newest(good)
        return good
    network = build_network(cut.architecture)
    load_strictly(network, read_state_dict(path), path=path, architecture=cut.architecture)
    exported = export_network(network, cut, weights, path)
    for file in there:
        if file != exported:  # it replaced those of its own name
            with suppress(OSError):
                os.unlink(file.path)
    return exported


def _is_good(file: ModelFile) -> bool:
    try:
        read_sealed(file)
    except WeightsError:
        return False
    return True


def export_network(network: nn.Module, cut: Cut, weights: str, path: str = "") -> ModelFile:
    """Export a network whose weights are loaded."""
    names = {id(tensor): name for name, tensor in network.state_dict(keep_vars=True).items()}
    preprocessing = preprocessing_of(cut.architecture, network)
    if cut.padding == "tensorflow":
        pad_as_tensorflow(network)
    trunk = cut_trunk(cut.architecture, network, cut.layer)
    sample = torch.from_numpy(
        np.random.default_rng(0).standard_normal((2, 3, preprocessing.crop, preprocessing.crop), np.float32)
    )
    with torch.inference_mode():
        expected = trunk(sample).numpy()
    if not np.isfinite(expected).all():
        raise WeightsError(f"{path or cut.architecture}: {_not_finite(trunk, names)}")
    header = Header(cut.architecture, cut.padding, cut.layer or FINAL, weights, expected.shape[1], preprocessing)
    data = _with_header(_onnx(trunk, sample, cut), header)
    _check(Engine(data, "cpu").run(sample.numpy()), expected, cut)
    return store_model(data, architecture=cut.architecture, padding=cut.padding, layer=header.layer, weights=weights)


def require_onnx() -> None:
    """Raise MissingDependencyError where onnx is not installed, before anything is downloaded or traced."""
    if find_spec("onnx") is None:
        raise MissingDependencyError("onnx", "deep")


def _not_finite(trunk: nn.Module, names: dict[int, str]) -> str:
    """Say which weights are to blame; those of what was cut off are not."""
    for tensor in trunk.state_dict(keep_vars=True).values():
        if id(tensor) in names and not tensor.isfinite().all():
            return f"weights that are not finite numbers, {names[id(tensor)]} among them"
    return "features that are not finite numbers come of these weights"


def _onnx(trunk: nn.Module, sample: torch.Tensor, cut: Cut) -> bytes:
    axes = {0: "n"} if takes_one_size(cut.architecture) else {0: "n", 2: "h", 3: "w"}
    buffer = io.BytesIO()
    require_onnx()
    with warnings.catch_warnings(), _silent(1), _silent(2):
        warnings.simplefilter("ignore")  # the exporter calls itself old; the new one takes eight times as long
        try:
            torch.onnx.export(
                trunk,
                (sample,),
                buffer,  # type: ignore[arg-type]
                input_names=["images"],
                output_names=["maps"],
                dynamic_axes={"images": axes, "maps": axes},
                opset_version=17,
                dynamo=False,
            )
        except torch.onnx.OnnxExporterError as error:
            what = f"layer {cut.layer}" if cut.layer else "it"
            reason = str(error).partition("\n")[0].partition("  [")[0].partition(". Please")[0]
            raise WeightsError(f"{cut.architecture}: {what} cannot be exported ({reason})") from error
    return buffer.getvalue()


@contextmanager
def _silent(descriptor: int) -> Iterator[None]:
    """Let nothing be written to a file descriptor: torch does so from C++, a whole graph where it fails at one."""
    try:
        kept = os.dup(descriptor)
    except OSError:  # it is closed
        yield
        return
    with open(kept, "wb"), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), descriptor)
        try:
            yield
        finally:
            os.dup2(kept, descriptor)


def _with_header(data: bytes, header: Header) -> bytes:
    import onnx

    model = onnx.load_from_string(data)
    onnx.helper.set_model_props(model, header._replace(digest=UNSEALED.decode()).to_properties())
    return seal(model.SerializeToString())


def _check(ours: np.ndarray, expected: np.ndarray, cut: Cut) -> None:
    error = float(np.linalg.norm(ours - expected) / max(float(np.linalg.norm(expected)), 1e-12))
    if not error < RELATIVE_ERROR:
        raise WeightsError(
            f"{cut.architecture}: ONNX Runtime departs from torch by {error:.1e}, more than {RELATIVE_ERROR:g}"
        )
