"""The contrastive loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from imgsim.training.embeddings.batch_triplets import alike, unlike
from imgsim.training.embeddings.losses.base_loss import Kind, LossSetting, MinedLoss
from imgsim.training.embeddings.pair_distances import Distance, batch_distances, mean_of_violations

if TYPE_CHECKING:
    from imgsim.models.tensors import torch
    from imgsim.training.embeddings.batch_triplets import Triplets


class ContrastiveLoss(MinedLoss):
    """Pairs that are alike are drawn together, others pushed apart until they are a margin away.

    Parameters
    ----------
    setting : LossSetting
        Not used: it learns nothing itself.
    margin : float, default 1
        The Euclidean distance from which on photos that are not alike are left alone; above 0, below 2.

    Notes
    -----
    ``D**2 / 2`` for a pair that is alike, ``max(0, margin - D)**2 / 2`` for one that is not (equation 4), each kind
    averaged over those of its pairs where it is above 0, and the two averages added: in a batch there are many more
    pairs of the second kind. Of triplets that a miner chose, both pairs count.

    References
    ----------
    R. Hadsell, S. Chopra, Y. LeCun, "Dimensionality Reduction by Learning an Invariant Mapping", CVPR 2006.
    """

    name: ClassVar[str] = "contrastive"
    paper: ClassVar[str] = "Hadsell, Chopra, LeCun 2006"
    distance: ClassVar[Distance] = "euclidean"
    kinds: ClassVar[tuple[Kind, ...]] = ("classes", "scores")

    def __init__(self, setting: LossSetting, *, margin: float = 1.0) -> None:  # noqa: ARG002
        super().__init__()
        self.require(0 < margin < 2, f"margin is between 0 and 2, not {margin:g}")
        self.margin = margin

    def measure(self, embeddings: torch.Tensor, labels: torch.Tensor, triplets: Triplets | None) -> torch.Tensor:
        """Compute the loss of all pairs where no triplets were chosen."""
        if triplets is not None:
            return self.measure_triplets(embeddings, labels, triplets)
        distances = batch_distances(embeddings, self.distance)
        return self._of(distances[alike(labels)], distances[unlike(labels)])

    def measure_triplets(self, embeddings: torch.Tensor, labels: torch.Tensor, triplets: Triplets) -> torch.Tensor:  # noqa: ARG002
        """Compute the loss of both pairs of each triplet."""
        distances = batch_distances(embeddings, self.distance)
        anchors, positives, negatives = triplets
        return self._of(distances[anchors, positives], distances[anchors, negatives])

    def _of(self, near: torch.Tensor, far: torch.Tensor) -> torch.Tensor:
        return mean_of_violations(near**2 / 2) + mean_of_violations((self.margin - far).relu() ** 2 / 2)
