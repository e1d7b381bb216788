"""Networks less their classifiers: from normalised images to feature maps. torch lives here and in `export`."""

from __future__ import annotations

import warnings
from importlib import import_module
from textwrap import shorten
from typing import TYPE_CHECKING

from imgsim.errors import ParameterError, WeightsError
from imgsim.models.architectures import Architecture, Preprocessing, find_architecture
from imgsim.models.timm_networks import NormalisedByAverage, TimmTrunk, build_timm, timm_preprocessing
from imgsim.models.vision import torch, torchvision

if TYPE_CHECKING:
    from collections.abc import Callable


nn = torch.nn
LISTED = 300  # characters of layers in an error
MAPS = 4  # axes of feature maps


class _Tokens(nn.Module):
    """A vision transformer up to its class token, as maps of one pixel, (N, C, 1, 1)."""

    def __init__(self, transformer: nn.Module) -> None:
        super().__init__()
        self.transformer = transformer
        transformer.heads = nn.Identity()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Give the class token."""
        tokens: torch.Tensor = self.transformer(images)
        return tokens[:, :, None, None]


TRUNKS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "stages": lambda model: nn.Sequential(*list(model.children())[:-2]),
    "features": lambda model: model.features,  # type: ignore[dict-item, return-value]
    "features, normalised by their average": lambda model: nn.Sequential(
        model.features,  # type: ignore[arg-type]
        NormalisedByAverage(model.classifier[0]),  # type: ignore[arg-type, index]
    ),
    "features, permuted": lambda model: nn.Sequential(model.features, model.norm, model.permute),  # type: ignore[arg-type]
    "class token": _Tokens,
    "timm": TimmTrunk,
}


def build_network(architecture: str) -> nn.Module:
    """Build a network with its classifier, its weights not yet loaded."""
    known = find_architecture(architecture)
    if known.source == "timm":
        return build_timm(architecture)
    network: nn.Module = torchvision.models.get_model(known.network, weights=None)
    return network


def cut_trunk(architecture: str, network: nn.Module, layer: str = "") -> nn.Module:
    """Take a network's classifier off."""
    known = find_architecture(architecture)
    trunk = _cut_at(known, network, layer) if layer else TRUNKS[known.trunk](network)
    if layer or known.source == "timm":
        return _channels_first(trunk, architecture, network, layer)
    return trunk.eval()


def preprocessing_of(architecture: str, network: nn.Module) -> Preprocessing:
    """Tell what a network's input went through when it was trained."""
    return find_architecture(architecture).preprocessing or timm_preprocessing(network)


def _channels_first(trunk: nn.Module, architecture: str, network: nn.Module, layer: str = "") -> nn.Module:
    """Try a trunk on one square image: of its maps' axes, the two that are equally long are the places."""
    side = preprocessing_of(architecture, network).crop
    device = next(network.parameters()).device
    with torch.inference_mode():
        maps = trunk.eval()(torch.zeros(1, 3, side, side, device=device))
    shape = tuple(maps.shape) if isinstance(maps, torch.Tensor) else ()
    if len(shape) == MAPS and shape[0] == 1:
        # Where all three are, timm's networks say it if they have channels last, as timm's own wrappers ask them.
        last = getattr(network, "output_fmt", "") == "NHWC" if len(set(shape[1:])) == 1 else shape[1] == shape[2]
        if last:
            return nn.Sequential(trunk, torchvision.ops.Permute([0, 3, 1, 2])).eval()
        if shape[2] == shape[3]:
            return trunk
    raise WeightsError(f"{architecture}: {f'layer {layer}' if layer else 'it'} gives no feature map")


def _cut_at(known: Architecture, network: nn.Module, layer: str) -> nn.Module:
    # timm's own knows what not to trace.
    graph = import_module("timm.models" if known.source == "timm" else "torchvision.models.feature_extraction")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of layers that only training has
        try:
            nodes = graph.get_graph_node_names(network)[1]
        except Exception as error:  # whatever the network's own code does with what is not a tensor
            raise WeightsError(f"{known.name}: torch cannot follow it layer by layer: leave out the layer") from error
        if not any(node == layer or node.startswith(f"{layer}.") for node in nodes):
            stages = ", ".join(dict.fromkeys(node.rpartition(".")[0] or node for node in nodes[1:]))
            raise ParameterError(f"no layer {layer!r}; there are {shorten(stages, LISTED, placeholder=' ...')}")
        return _OnlyOutput(graph.create_feature_extractor(network, {layer: "maps"}))


class _OnlyOutput(nn.Module):
    """A feature extractor of one layer, which torchvision answers as a dictionary."""

    def __init__(self, extractor: nn.Module) -> None:
        super().__init__()
        self.extractor = extractor

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Give the layer's maps."""
        maps: torch.Tensor = self.extractor(images)["maps"]
        return maps


class _PadRightBottom(nn.Module):
    """A convolution of stride 2 that pads as TensorFlow's SAME does on even sides: more at the right and bottom."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        down, across = (max(side - 2, 0) for side in convolution.kernel_size)
        self.pad = nn.ZeroPad2d((across // 2, across - across // 2, down // 2, down - down // 2))
        self.convolution = convolution
        convolution.padding = (0, 0)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Pad, then convolve."""
        convolved: torch.Tensor = self.convolution(self.pad(images))
        return convolved


def pad_as_tensorflow(module: nn.Module) -> None:
    """Let every convolution of stride 2 pad as TensorFlow does, in place."""
    for name, child in module.named_children():
        if isinstance(child, nn.Conv2d) and child.stride == (2, 2) and child.padding != (0, 0):
            setattr(module, name, _PadRightBottom(child))
        else:
            pad_as_tensorflow(child)
