"""The network that training begins with: its weights as torch reads them, cut into stages that can be frozen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from imgsim.errors import ParameterError, WeightsError
from imgsim.models.architectures import OWN, Preprocessing, find_architecture, provenance
from imgsim.models.packaged import find_packaged
from imgsim.models.trunk_spec import TrunkSpec, missing_model
from imgsim.models.vision import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

nn = torch.nn
MATRIX = 2  # axes of a parameter by which a stage begins: others scale and shift what came before


@dataclass(frozen=True)
class Backbone:
    """Stages from normalised images to maps, and what is known of them."""

    architecture: str
    stages: nn.Sequential
    preprocessing: Preprocessing
    weights: str  # SHA-256

    @property
    def any_size(self) -> bool:
        """Whether it takes images of any size."""
        return not find_architecture(self.architecture).one_size

    @property
    def licence(self) -> str:
        """Of its weights, as far as it is known."""
        return provenance(self.architecture, self.weights).get("licence", "")

    def crop_for(self, crop: str) -> str:
        """Tell what it sees of a photo: one that takes squares only is given no whole one."""
        return "squash" if crop == "whole" and not self.any_size else crop

    def resized(self, size: int) -> Backbone:
        """Take images of another size, 0 being its own; ParameterError where it takes none."""
        form = self.preprocessing
        if not size:
            return self
        if not self.any_size and size != form.crop:
            raise ParameterError(f"{self.architecture} takes images of {form.crop} pixels only: leave out size")
        return replace(self, preprocessing=form._replace(resize=round(form.resize * size / form.crop), crop=size))


def load_backbone(architecture: str, weights: str = "") -> Backbone:
    """Load a network's trunk, with the weights of its package or of a file; WeightsError where there are none."""
    known = find_architecture(architecture)
    if known.name.startswith(OWN):
        raise ParameterError(f"{architecture}: an ONNX file cannot be trained further: choose a network of torch's")
    if known.source == "package":
        if weights:
            raise ParameterError(f"{known.name} has the weights of its package: leave out {weights}")
        return _packaged(known.name)
    if not weights:
        lacks = f"{known.name} is trained further from its published weights, {known.weights}" if known.weights else ""
        told = lacks or f"{known.name} is trained further from a file of weights"
        raise WeightsError(f"{told}: give the file", remedy="give-weights")
    return _from_file(known.name, weights)


def _packaged(architecture: str) -> Backbone:
    from imgsim.models.lite_network import build_lite

    model = find_packaged(architecture)
    if model is None:
        raise missing_model(TrunkSpec(architecture))
    with model.about():
        stages = build_lite(architecture, model.tensors())
    preprocessing = find_architecture(architecture).preprocessing
    assert preprocessing is not None  # the table has it of all that are packages
    return Backbone(architecture, stages, preprocessing, model.weights)


def _from_file(architecture: str, path: str) -> Backbone:
    from imgsim.models.cache import weights_digest
    from imgsim.models.checkpoint_forms import fit_state, heads_of
    from imgsim.models.checkpoints import load_strictly, read_checkpoint
    from imgsim.models.trunks import build_network, preprocessing_of

    digest = weights_digest(path)
    network = build_network(architecture)
    state, beside = read_checkpoint(path)
    fitted = fit_state(state, network, heads_of(architecture, network), path=path, beside=beside)
    load_strictly(network, fitted.state, path=path, architecture=architecture)
    return cut_stages(architecture, network, preprocessing_of(architecture, network), digest)


def cut_stages(architecture: str, network: nn.Module, preprocessing: Preprocessing, weights: str) -> Backbone:
    """Cut a network into a backbone, one stage for each part that has weights of its own."""
    from imgsim.models.trunks import cut_trunk

    stages: list[list[nn.Module]] = []
    for part in _parts(cut_trunk(architecture, network)):
        if not stages or any(one.ndim >= MATRIX for one in part.parameters()):
            stages.append([])
        stages[-1].append(part)
    return Backbone(architecture, nn.Sequential(*(nn.Sequential(*one) for one in stages)), preprocessing, weights)


def _parts(trunk: nn.Module) -> Iterable[nn.Module]:
    """Give what a trunk does one after another: a sequence that another begins with is opened too."""
    if not isinstance(trunk, nn.Sequential):
        return [trunk]
    first, *rest = trunk.children()
    return [*first, *rest] if isinstance(first, nn.Sequential) else [first, *rest]
