"""Distances between the embeddings of a batch, through which gradients go."""

from __future__ import annotations

from typing import Literal

from imgsim.models.tensors import torch

Distance = Literal["sqeuclidean", "euclidean", "cosine"]  # as scipy calls them


def batch_distances(embeddings: torch.Tensor, distance: Distance) -> torch.Tensor:
    """Measure the distances (B, B) between embeddings (B, D) of length 1.

    Where two are the same no direction parts them: the gradient of ``euclidean`` is 0 there.
    """
    if distance == "cosine":
        return 1 - embeddings @ embeddings.T
    products = embeddings @ embeddings.T
    norms = products.diagonal()
    squared = (norms[:, None] + norms - 2 * products).clamp(min=0)
    if distance == "sqeuclidean":
        return squared
    apart = squared > 0
    return torch.where(apart, squared, 1).sqrt() * apart


def mean_of_violations(hinges: torch.Tensor) -> torch.Tensor:
    """Average what is above 0; 0, with a path for gradients, where nothing is."""
    return hinges.sum() / (hinges > 0).sum().clamp(min=1)
