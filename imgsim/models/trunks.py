"""Networks less their classifiers: from normalised images to feature maps. torch lives here and in `exporting`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.errors import ParameterError
from imgsim.models.architectures import TIMM, find_architecture
from imgsim.models.timm_networks import TimmTrunk, build_timm
from imgsim.models.vision import torch, torchvision

if TYPE_CHECKING:
    from collections.abc import Callable

nn = torch.nn


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


def _resnet(model: nn.Module) -> nn.Module:
    return nn.Sequential(*list(model.children())[:-2])


def _features(model: nn.Module) -> nn.Module:
    features: nn.Module = model.features  # type: ignore[assignment]
    return features


def _convnext(model: nn.Module) -> nn.Module:
    # The first layer of its classifier is a normalisation that its features need.
    return nn.Sequential(model.features, model.classifier[0])  # type: ignore[arg-type, index]


def _swin(model: nn.Module) -> nn.Module:
    return nn.Sequential(model.features, model.norm, model.permute)  # type: ignore[arg-type]


_CUTS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "resnet": _resnet,
    "vgg": _features,
    "mobilenet": _features,
    "squeezenet": _features,
    "efficientnet": _features,
    "convnext": _convnext,
    "vit": _Tokens,
    "swin": _swin,
}


def build_network(architecture: str) -> nn.Module:
    """Build a network with its classifier, its weights not yet loaded.

    Parameters
    ----------
    architecture : str
        A name in the table, or ``timm/NAME``.

    Returns
    -------
    torch.nn.Module
        Randomly initialised.

    Raises
    ------
    UnknownNameError
        If there is no such network.
    MissingDependencyError
        If timm is needed and not installed.
    """
    if architecture.startswith(TIMM):
        return build_timm(architecture.removeprefix(TIMM))
    network: nn.Module = torchvision.models.get_model(find_architecture(architecture).name, weights=None)
    return network


def cut_trunk(architecture: str, network: nn.Module, layer: str = "") -> nn.Module:
    """Take a network's classifier off.

    Parameters
    ----------
    architecture : str
        Which network it is.
    network : torch.nn.Module
        As `build_network` made it.
    layer : str, optional
        Stop after this layer instead, for example ``layer3`` or ``features.10``.

    Returns
    -------
    torch.nn.Module
        From images (N, 3, H, W) to maps (N, C, h, w).

    Raises
    ------
    ParameterError
        If the network has no such layer.
    """
    if layer:
        trunk = _cut_at(network, layer)
        channels_last = architecture.startswith("swin") and layer.startswith(("features", "norm"))
        return nn.Sequential(trunk, torchvision.ops.Permute([0, 3, 1, 2])) if channels_last else trunk
    if architecture.startswith(TIMM):
        return TimmTrunk(network)
    family = next(family for family in _CUTS if architecture.startswith(family))
    return _CUTS[family](network)


def _cut_at(network: nn.Module, layer: str) -> nn.Module:
    from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

    nodes = get_graph_node_names(network)[1]
    if not any(node == layer or node.startswith(f"{layer}.") for node in nodes):
        stages = ", ".join(dict.fromkeys(node.rpartition(".")[0] or node for node in nodes[1:]))
        raise ParameterError(f"no layer {layer!r}; there are {stages[:300]}")
    return _OnlyOutput(create_feature_extractor(network, {layer: "maps"}))


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
    """Let every convolution of stride 2 pad as TensorFlow does, in place.

    Parameters
    ----------
    module : torch.nn.Module
        A network whose weights were trained in TensorFlow.
    """
    for name, child in module.named_children():
        if isinstance(child, nn.Conv2d) and child.stride == (2, 2) and child.padding != (0, 0):
            setattr(module, name, _PadRightBottom(child))
        else:
            pad_as_tensorflow(child)
