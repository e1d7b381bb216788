"""From a network of torch's that tells classes apart to a model file, checked against torch before it is given out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.errors import WeightsError
from imgsim.models.classifier_model import classifier_header
from imgsim.models.header import CLASSIFIER
from imgsim.models.onnx_file import write_onnx
from imgsim.models.session import Session
from imgsim.models.tensors import torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.models.architectures import Preprocessing

nn = torch.nn
TOLERANCE = 1e-4  # of a probability, between torch and ONNX Runtime


class Probabilities(nn.Module):
    """Turns a network's logits (N, C) into probabilities, by a temperature."""

    def __init__(self, network: nn.Module, temperature: float = 1.0) -> None:
        super().__init__()
        self.network = network
        self._inverse = 1 / temperature

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Give probabilities (N, C) of normalised images (N, 3, h, w)."""
        return torch.softmax(self.network(images) * self._inverse, dim=1)


def write_classifier(
    network: nn.Module,
    images: Preprocessing,
    labels: Sequence[str],
    *,
    crop: str,
    counts: Sequence[int],
    recipe: Mapping[str, Any],
    parents: Mapping[str, str],
    licence: str = "",
) -> bytes:
    """Write a network, from normalised images (N, 3, h, w) to logits (N, C), as the file that `imgsim classify` runs.

    A recipe's `temperature` divides the logits; `parents` are SHA-256, of `photos` (see `photos_digest`) and others.
    """
    details = {"counts": list(counts), "crop": crop, "recipe": dict(recipe)}
    header = classifier_header(CLASSIFIER, labels, details, parents, images=images, licence=licence)
    told = Probabilities(network, recipe.get("temperature", 1.0)).eval()
    any_size, side = crop == "whole", images.crop
    axes = {0: "n", 2: "h", 3: "w"} if any_size else {0: "n"}
    data = write_onnx(told, torch.from_numpy(_noise(side, side)), header, axes, "the classifier")
    session = Session(data, "cpu", CLASSIFIER, threads=1)
    sides = [(side, side), (side + 31, side + 64)] if any_size else [(side, side)]
    for height, width in sides:
        sample = _noise(height, width)
        with torch.inference_mode():
            expected = told(torch.from_numpy(sample)).numpy()
        worst = float(np.abs(session.run(sample) - expected).max())
        if not worst < TOLERANCE:
            raise WeightsError(
                f"the classifier: ONNX Runtime departs from torch by {worst:.1e}, more than {TOLERANCE:g}"
            )
    return data


def _noise(height: int, width: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal((2, 3, height, width), np.float32)
