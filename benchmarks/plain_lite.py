"""EfficientNet-Lite in plain torch, as the script that everybody writes first would have it; weights are random."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.models.efficientnet_lite import EPSILON, blocks_of
from imgsim.models.vision import torch

if TYPE_CHECKING:
    from imgsim.models.efficientnet_lite import Block, Layer


class Lite(torch.nn.Module):
    """The network up to its pooling."""

    def __init__(self, architecture: str) -> None:
        super().__init__()
        self.blocks = torch.nn.ModuleList(map(_Block, blocks_of(architecture)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Describe images (N, 3, H, W), a row each."""
        for block in self.blocks:
            images = block(images)
        rows: torch.Tensor = images.mean((2, 3))
        return rows


class _Block(torch.nn.Module):
    def __init__(self, block: Block) -> None:
        super().__init__()
        self.residual = block.residual
        self.layers = torch.nn.Sequential(*map(_Layer, block.layers))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.layers(maps)
        return made + maps if self.residual else made


class _Layer(torch.nn.Module):
    """Padded as TensorFlow does: by what the stride leaves over, the odd pixel at the end."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        groups = layer.inputs if layer.depthwise else 1
        self.convolution = torch.nn.Conv2d(
            layer.inputs, layer.outputs, layer.kernel, layer.stride, groups=groups, bias=False
        )
        self.normalisation = torch.nn.BatchNorm2d(layer.outputs, EPSILON)
        self.clip = torch.nn.ReLU6(inplace=True) if layer.clipped else torch.nn.Identity()
        self.kernel, self.stride = layer.kernel, layer.stride

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        height, width = (max(0, self.kernel - (side % self.stride or self.stride)) for side in maps.shape[2:])
        sides = (width // 2, width - width // 2, height // 2, height - height // 2)
        padded = torch.nn.functional.pad(maps, sides) if any(sides) else maps
        answer: torch.Tensor = self.clip(self.normalisation(self.convolution(padded)))
        return answer
