"""From a weight file to an ONNX file in the cache, checked against torch before it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import WeightsError
from imgsim.models.architectures import find_architecture, provenance
from imgsim.models.cache import ModelFile, store_model, weights_digest
from imgsim.models.checkpoint_forms import fit_state, heads_of
from imgsim.models.checkpoints import load_strictly, read_checkpoint
from imgsim.models.header import Header
from imgsim.models.onnx_file import write_onnx
from imgsim.models.session import Session
from imgsim.models.timm_networks import classifier_of
from imgsim.models.trunks import build_network, cut_trunk, pad_as_tensorflow, preprocessing_of
from imgsim.models.vision import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from imgsim.models.trunk_spec import TrunkSpec

RELATIVE_ERROR = 1e-5


def export_checkpoint(path: str, spec: TrunkSpec) -> tuple[ModelFile, str]:
    """Export a network with a file's weights into the cache, and say what of the file the trunk did without."""
    network = build_network(spec.architecture)
    state, beside = read_checkpoint(path)
    heads = heads_of(spec.architecture, network, spec.layer)
    fitted = fit_state(state, network, heads, path=path, beside=beside)
    load_strictly(network, fitted.state, path=path, architecture=spec.architecture)
    return export_network(network, spec, weights_digest(path), path), fitted.left_out


def export_network(network: nn.Module, spec: TrunkSpec, weights: str, path: str = "") -> ModelFile:
    """Export a network whose weights are loaded."""
    unused = classifier_of(network) if find_architecture(spec.architecture).source == "timm" else ()
    state = network.state_dict(keep_vars=True)
    names = {id(tensor): name for name, tensor in state.items() if id(tensor) not in unused}
    preprocessing = preprocessing_of(spec.architecture, network)
    if spec.padding == "tensorflow":
        pad_as_tensorflow(network)
    trunk = cut_trunk(spec.architecture, network, spec.layer)
    sample = torch.from_numpy(
        np.random.default_rng(0).standard_normal((2, 3, preprocessing.crop, preprocessing.crop), np.float32)
    )
    with torch.inference_mode():
        expected = trunk(sample).numpy()
    if wrong := _not_finite(trunk, names, expected):
        raise WeightsError(f"{path or spec.architecture}: {wrong}")
    header = Header(
        "trunk",
        {"weights": weights},
        preprocessing,
        {"maps": ("n", expected.shape[1], "h", "w")},
        {
            "architecture": spec.architecture,
            "padding": spec.padding,
            "layer": spec.layer or find_architecture(spec.architecture).final(),
        },
        **provenance(spec.architecture, weights),
    )
    what = f"{spec.architecture}: {f'layer {spec.layer}' if spec.layer else 'it'}"
    axes = {0: "n"} if find_architecture(spec.architecture).one_size else {0: "n", 2: "h", 3: "w"}
    data = write_onnx(trunk, sample, header, axes, what)
    ours = Session(data, "cpu").run(sample.numpy())
    error = float(np.linalg.norm(ours - expected) / max(float(np.linalg.norm(expected)), 1e-12))
    if not error < RELATIVE_ERROR:
        raise WeightsError(
            f"{spec.architecture}: ONNX Runtime departs from torch by {error:.1e}, more than {RELATIVE_ERROR:g}"
        )
    return store_model(data, **header.identity)


def _not_finite(trunk: nn.Module, names: dict[int, str], maps: NDArray[np.float32]) -> str:
    """Say which weights are not finite, of which maps need not show a trace, or that maps are not; '' if all are."""
    for tensor in trunk.state_dict(keep_vars=True).values():
        if id(tensor) in names and not tensor.isfinite().all():
            return f"weights that are not finite numbers, {names[id(tensor)]} among them"
    return "" if np.isfinite(maps).all() else "features that are not finite numbers come of these weights"
