"""The hardest triplet of each anchor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from imgsim.models.tensors import torch
from imgsim.training.embeddings.batch_triplets import Triplets, alike, unlike
from imgsim.training.embeddings.miners.base_miner import Miner
from imgsim.training.embeddings.pair_distances import batch_distances


@dataclass(frozen=True, kw_only=True)
class BatchHard(Miner):
    """Choose each anchor's farthest positive and nearest negative.

    Notes
    -----
    "Batch hard" (equation 5): one triplet for each photo that has both; of photos as far the first in the batch.

    References
    ----------
    A. Hermans, L. Beyer, B. Leibe, "In Defense of the Triplet Loss for Person Re-Identification", arXiv 1703.07737,
    2017.
    """

    name: ClassVar[str] = "hard"
    paper: ClassVar[str] = "Hermans, Beyer, Leibe 2017"

    def choose(self, embeddings: torch.Tensor, labels: torch.Tensor, generator: torch.Generator) -> Triplets:  # noqa: ARG002
        """Choose one an anchor."""
        same, other = alike(labels), unlike(labels)
        anchors = (same.any(1) & other.any(1)).nonzero().flatten()
        if not len(anchors):
            return Triplets(anchors, anchors, anchors)
        distances = batch_distances(embeddings, "sqeuclidean")[anchors]
        positives = distances.masked_fill(~same[anchors], -torch.inf).argmax(1)
        return Triplets(anchors, positives, distances.masked_fill(~other[anchors], torch.inf).argmin(1))
