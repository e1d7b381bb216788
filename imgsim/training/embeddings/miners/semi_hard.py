"""Semi-hard triplets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from imgsim.training.embeddings.batch_triplets import alike, unlike
from imgsim.training.embeddings.miners.base_miner import Miner
from imgsim.training.embeddings.miners.draws import draw_negatives
from imgsim.training.embeddings.pair_distances import Distance, batch_distances

if TYPE_CHECKING:
    from imgsim.models.tensors import torch
    from imgsim.training.embeddings.batch_triplets import Triplets


@dataclass(frozen=True, kw_only=True)
class SemiHard(Miner):
    """Draw a negative for each anchor and positive that is farther than the positive, but within a margin.

    Parameters
    ----------
    margin : float, default 0.2
        How much farther at most; the loss's own where it has one.
    distance : {"sqeuclidean", "euclidean", "cosine"}
        What is compared; the loss's own where it has one.

    Notes
    -----
    Negatives with ``d(a, p) < d(a, n) < d(a, p) + margin`` (section 3.2), of which one is drawn, all as probable; pairs
    of anchor and positive without any are left out.

    References
    ----------
    F. Schroff, D. Kalenichenko, J. Philbin, "FaceNet: A Unified Embedding for Face Recognition and Clustering", CVPR
    2015.
    """

    name: ClassVar[str] = "semi-hard"
    paper: ClassVar[str] = "Schroff, Kalenichenko, Philbin 2015"

    margin: float = 0.2
    distance: Distance = "sqeuclidean"

    def __post_init__(self) -> None:
        self.require(0 < self.margin < float("inf"), f"margin is above 0, not {self.margin:g}")

    def choose(self, embeddings: torch.Tensor, labels: torch.Tensor, generator: torch.Generator) -> Triplets:
        """Draw a negative a pair."""
        pairs = alike(labels).nonzero()
        return draw_negatives(pairs, self.allowed(embeddings, labels, pairs), generator)

    def allowed(self, embeddings: torch.Tensor, labels: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
        """Tell which negatives are semi-hard to each pair (P, 2): (P, B)."""
        distances = batch_distances(embeddings, self.distance)
        anchors, positives = pairs.unbind(1)
        near, far = distances[anchors, positives][:, None], distances[anchors]
        return unlike(labels)[anchors] & (far > near) & (far < near + self.margin)
