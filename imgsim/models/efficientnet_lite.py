"""EfficientNet-Lite: its layers as a list, the names of its weights, and its batch normalisation folded into them.

References
----------
R. Liu, "Higher accuracy on vision models with EfficientNet-Lite", TensorFlow blog, March 2020: EfficientNet without
squeeze-and-excitation, with ReLU6, its stem, head, first and last stage not scaled. M. Tan, Q. Le, "EfficientNet:
Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019, table 1 and equation 3: stages, width and depth.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

EPSILON = 1e-3  # of batch normalisation, as TensorFlow trains it
STEM, HEAD, CLASSES = 32, 1280, 1000
SCALES = {"efficientnet_lite0": (1.0, 1.0), "efficientnet_lite1": (1.0, 1.1), "efficientnet_lite2": (1.1, 1.2)}
_STAGES = (  # blocks, kernel, stride, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class Layer(NamedTuple):
    """A convolution without a bias and the batch normalisation after it, each by the name of its weights."""

    convolution: str
    normalisation: str
    inputs: int
    outputs: int
    kernel: int = 1
    stride: int = 1
    depthwise: bool = False
    clipped: bool = True  # by ReLU6

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of its weights."""
        return self.outputs, 1 if self.depthwise else self.inputs, self.kernel, self.kernel


class Block(NamedTuple):
    """Layers that follow one another; what a residual one is given is added to what it makes."""

    layers: tuple[Layer, ...]
    residual: bool = False


def blocks_of(architecture: str) -> Iterator[Block]:
    """Give a network's blocks, from the image to the maps of its head."""
    width, depth = SCALES[architecture]
    yield Block((Layer("_conv_stem", "_bn0", 3, STEM, 3, 2),))
    inputs, number = STEM, 0
    for stage, (blocks, kernel, stride, expansion, channels) in enumerate(_STAGES):
        outputs = _scaled(channels, width)
        scaled = blocks if stage in (0, len(_STAGES) - 1) else math.ceil(blocks * depth)
        for place in range(scaled):
            yield _inverted(f"_blocks.{number}", inputs, outputs, kernel, 1 if place else stride, expansion)
            inputs, number = outputs, number + 1
    yield Block((Layer("_conv_head", "_bn1", inputs, HEAD),))


def fold(architecture: str, tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """Fold batch normalisation into the convolutions: weights and biases by the names that the graph has for them.

    WeightsError where `tensors` are not the network's, all of them, finite and in their shapes.
    """
    folded: dict[str, NDArray[np.float32]] = {}
    for layer in (layer for block in blocks_of(architecture) for layer in block.layers):
        kernel = _tensor(tensors, f"{layer.convolution}.weight", layer.shape)
        parameters = ("weight", "bias", "running_mean", "running_var")
        gain, shift, mean, variance = (
            _tensor(tensors, f"{layer.normalisation}.{name}", (layer.outputs,)) for name in parameters
        )
        if variance.min() < 0:
            raise WeightsError(f"{layer.normalisation}.running_var has negative values")
        factor = gain / np.sqrt(variance + np.float32(EPSILON))
        folded[f"{layer.convolution}.weight"] = kernel * factor[:, None, None, None]
        folded[f"{layer.convolution}.bias"] = shift - mean * factor
    return folded


def last_layer(tensors: Mapping[str, NDArray[Any]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give what makes scores of ImageNet's 1,000 kinds of an averaged map: weights (1000, 1280), biases (1000,)."""
    return _tensor(tensors, "_fc.weight", (CLASSES, HEAD)), _tensor(tensors, "_fc.bias", (CLASSES,))


def _inverted(name: str, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> Block:
    """Make an inverted residual block."""
    wide = inputs * expansion
    layers = [
        Layer(f"{name}._depthwise_conv", f"{name}._bn1", wide, wide, kernel, stride, depthwise=True),
        Layer(f"{name}._project_conv", f"{name}._bn2", wide, outputs, clipped=False),
    ]
    if expansion > 1:
        layers.insert(0, Layer(f"{name}._expand_conv", f"{name}._bn0", inputs, wide))
    return Block(tuple(layers), residual=stride == 1 and inputs == outputs)


def _scaled(channels: int, width: float) -> int:
    """Scale to a multiple of 8, at most a tenth narrower than asked."""
    scaled = max(8, int(channels * width + 4) // 8 * 8)
    return scaled + 8 if scaled < 0.9 * channels * width else scaled


def _tensor(tensors: Mapping[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    tensor = tensors.get(name)
    if tensor is None or tensor.shape != shape or tensor.dtype != np.float32:
        there = "is missing" if tensor is None else f"is {tensor.dtype} {tensor.shape}"
        raise WeightsError(f"not the weights of the network: {name} {there}, not float32 {shape}")
    if not np.isfinite(tensor).all():
        raise WeightsError(f"{name} has values that are not finite")
    return tensor
