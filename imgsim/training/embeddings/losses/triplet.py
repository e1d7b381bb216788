"""The triplet loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from imgsim.training.embeddings.losses.base_loss import Kind, LossSetting, MinedLoss
from imgsim.training.embeddings.pair_distances import Distance, batch_distances, mean_of_violations

if TYPE_CHECKING:
    from imgsim.models.tensors import torch
    from imgsim.training.embeddings.batch_triplets import Triplets


class TripletLoss(MinedLoss):
    """A photo is closer to one of its class than to one of another, by a margin.

    Parameters
    ----------
    setting : LossSetting
        Not used: it learns nothing itself.
    margin : float, default 0.2
        How much closer, in the distance's units; above 0.
    distance : {"sqeuclidean", "euclidean", "cosine"}
        What is compared; of embeddings of length 1 ``cosine`` is half of ``sqeuclidean``.

    Notes
    -----
    ``max(0, d(a, p) - d(a, n) + margin)`` for a triplet, with squared Euclidean distances and a margin of 0.2 (Schroff,
    section 3.1), averaged over the triplets where it is above 0 (Hermans: the more triplets are 0, the less would a
    mean over all of them say).

    References
    ----------
    F. Schroff, D. Kalenichenko, J. Philbin, "FaceNet: A Unified Embedding for Face Recognition and Clustering", CVPR
    2015.
    A. Hermans, L. Beyer, B. Leibe, "In Defense of the Triplet Loss for Person Re-Identification", arXiv 1703.07737,
    2017.
    """

    name: ClassVar[str] = "triplet"
    paper: ClassVar[str] = "Schroff, Kalenichenko, Philbin 2015"
    kinds: ClassVar[tuple[Kind, ...]] = ("classes", "scores")

    def __init__(self, setting: LossSetting, *, margin: float = 0.2, distance: Distance = "sqeuclidean") -> None:  # noqa: ARG002
        super().__init__()
        self.require(0 < margin < float("inf"), f"margin is above 0, not {margin:g}")
        self.margin = margin
        self.distance: Distance = distance

    def measure_triplets(self, embeddings: torch.Tensor, labels: torch.Tensor, triplets: Triplets) -> torch.Tensor:  # noqa: ARG002
        """Compute the loss of triplets."""
        distances = batch_distances(embeddings, self.distance)
        near, far = distances[triplets.anchors, triplets.positives], distances[triplets.anchors, triplets.negatives]
        return mean_of_violations((near - far + self.margin).relu())
