"""EfficientNet-Lite in torch, in stages, with its batch normalisation: what is trained on, where ONNX Runtime runs."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from imgsim.models.efficientnet_lite import EPSILON, Block, Layer, blocks_of, fold
from imgsim.models.tensors import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

nn = torch.nn
MOMENTUM = 0.01  # of batch normalisation: TensorFlow's 0.99, counted the other way


class SamePadding(nn.Module):
    """Pad as TensorFlow's SAME does before a stride of 2: where a side is even, one less at the top and left."""

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.most = (kernel - 1) // 2

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Pad (N, C, h, w)."""
        height, width = maps.shape[2:]
        left, top = (self.most - 1 + side % 2 for side in (width, height))
        return nn.functional.pad(maps, (left, self.most, top, self.most))


class InvertedBlock(nn.Module):
    """Layers that follow one another, and what they were given added to what they make where that fits."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.layers = nn.Sequential(*map(_layer, block.layers))
        self.residual = block.residual

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Run (N, C, h, w)."""
        made: torch.Tensor = self.layers(maps)
        return made + maps if self.residual else made


def build_lite(architecture: str, tensors: Mapping[str, NDArray[Any]]) -> nn.Sequential:
    """Build a network's stages, from normalised images to maps, with weights by the names that its package has."""
    fold(architecture, tensors)  # WeightsError where they are not the network's
    blocks = list(blocks_of(architecture))
    stages = groupby(blocks, lambda block: block.layers[-1].outputs)  # the stem, seven stages, the head
    network = nn.Sequential(*(nn.Sequential(*map(InvertedBlock, stage)) for _, stage in stages))
    layers = [layer for block in blocks for layer in block.layers]
    made = [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.BatchNorm2d)]
    with torch.no_grad():
        for layer, convolution, normalisation in zip(layers, made[::2], made[1::2], strict=True):
            _load(convolution, tensors, layer.convolution)
            _load(normalisation, tensors, layer.normalisation)
    return network.eval()


def _layer(layer: Layer) -> nn.Sequential:
    strided = layer.stride == 2
    convolution = nn.Conv2d(
        layer.inputs,
        layer.outputs,
        layer.kernel,
        layer.stride,
        0 if strided else (layer.kernel - 1) // 2,
        groups=layer.outputs if layer.depthwise else 1,
        bias=False,
    )
    normalisation = nn.BatchNorm2d(layer.outputs, eps=EPSILON, momentum=MOMENTUM)
    padding = [SamePadding(layer.kernel)] if strided else []
    return nn.Sequential(*padding, convolution, normalisation, *([nn.ReLU6()] if layer.clipped else []))


def _load(module: nn.Module, tensors: Mapping[str, NDArray[Any]], name: str) -> None:
    """Copy a layer's weights by name."""
    for key, tensor in module.state_dict().items():
        if key != "num_batches_tracked":
            tensor.copy_(torch.tensor(tensors[f"{name}.{key}"]))
