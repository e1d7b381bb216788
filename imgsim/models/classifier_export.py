"""From a network of torch's that tells classes apart to a model file, checked against torch before it is given out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgsim.models.checked_rows import write_checked
from imgsim.models.classifier_model import classifier_header
from imgsim.models.header import CLASSIFIER
from imgsim.models.tensors import torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgsim.models.architectures import Preprocessing

nn = torch.nn


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
    return write_checked(told, header, any_size=crop == "whole", what="the classifier")
