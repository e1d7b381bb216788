"""Draws from a batch, by weights that differ from row to row."""

from __future__ import annotations

from imgsim.models.tensors import torch
from imgsim.training.embeddings.batch_triplets import Triplets


def draw_one_each(weights: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Draw a column for each row of weights (R, B), as probable as it weighs; every row must have one above 0.

    Uniform numbers are drawn where the generator is, and looked up in sums: so the device draws no others.
    """
    uniform = torch.rand(len(weights), 1, generator=generator, device=generator.device).to(weights.device).double()
    sums = weights.double().cumsum(1)
    return torch.searchsorted(sums, uniform * sums[:, -1:], right=True).flatten()


def draw_pairs(same: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Draw a positive for each photo that has one, of those that are alike, (B, B): (P, 2)."""
    anchors = same.any(1).nonzero().flatten()
    return torch.stack([anchors, draw_one_each(same[anchors], generator)], dim=1)


def draw_negatives(pairs: torch.Tensor, weights: torch.Tensor, generator: torch.Generator) -> Triplets:
    """Draw a negative for each pair (P, 2) of anchor and positive by weights (P, B); leave out pairs that have none."""
    some = weights.any(1)
    anchors, positives = pairs[some].unbind(1)
    return Triplets(anchors, positives, draw_one_each(weights[some], generator))
