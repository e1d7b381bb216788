"""Triplets of a batch: an anchor, a photo that is alike and one that is not, by their places in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from imgsim.models.tensors import torch


class Triplets(NamedTuple):
    """Places in a batch, (T,) each and of one device with the embeddings."""

    anchors: torch.Tensor
    positives: torch.Tensor
    negatives: torch.Tensor


def alike(labels: torch.Tensor) -> torch.Tensor:
    """Tell which photos of a batch are of one class, (B, B), and no photo with itself."""
    same = labels[:, None] == labels
    return same.fill_diagonal_(False)


def unlike(labels: torch.Tensor) -> torch.Tensor:
    """Tell which photos of a batch are of different classes, (B, B)."""
    return labels[:, None] != labels


def join_pairs(pairs: torch.Tensor, negative: torch.Tensor) -> Triplets:
    """Make a triplet of each pair (P, 2) of anchor and positive with each negative that it may have, (P, B)."""
    rows, negatives = negative.nonzero().unbind(1)
    anchors, positives = pairs[rows].unbind(1)
    return Triplets(anchors, positives, negatives)


def every_triplet(labels: torch.Tensor) -> Triplets:
    """Give all triplets of a batch."""
    pairs = alike(labels).nonzero()
    return join_pairs(pairs, unlike(labels)[pairs[:, 0]])
