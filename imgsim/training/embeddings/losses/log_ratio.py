"""The log-ratio loss, for labels that are scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from imgsim.models.tensors import torch
from imgsim.training.embeddings.losses.base_loss import Kind, Loss, LossSetting
from imgsim.training.embeddings.pair_distances import batch_distances

if TYPE_CHECKING:
    from imgsim.training.embeddings.batch_triplets import Triplets

_FLOOR = 1e-6  # added to squared distances, as by the authors: the logarithm of 0 is none


class LogRatioLoss(Loss):
    """Distances between embeddings stand in the ratios of the differences between scores.

    Parameters
    ----------
    setting : LossSetting
        Not used: it learns nothing itself.

    Notes
    -----
    ``(log(D(a, i) / D(a, j)) - log(d(a, i) / d(a, j)))**2`` for an anchor and two other photos, D being the squared
    Euclidean distance of their embeddings and d that of their scores, averaged over all pairs (i, j) of an anchor, and
    over anchors. With ``r = log D - log d`` an anchor's average is twice the variance of its r, which is how it is
    computed. Photos of the anchor's own score, to which there is no ratio, are left out.

    References
    ----------
    S. Kim, M. Seo, I. Laptev, M. Cho, S. Kwak, "Deep Metric Learning Beyond Binary Supervision", CVPR 2019.
    """

    name: ClassVar[str] = "log-ratio"
    paper: ClassVar[str] = "Kim, Seo, Laptev, Cho, Kwak 2019"
    kinds: ClassVar[tuple[Kind, ...]] = ("scores",)

    def __init__(self, setting: LossSetting) -> None:  # noqa: ARG002
        super().__init__()

    def measure(self, embeddings: torch.Tensor, labels: torch.Tensor, triplets: Triplets | None) -> torch.Tensor:  # noqa: ARG002
        """Compute the loss of all anchors that have two photos of other scores."""
        scores = labels.double()
        wanted = ((scores[:, None] - scores) ** 2).to(embeddings.dtype)
        counted = wanted > 0
        count = counted.sum(1)
        ratios = (batch_distances(embeddings, "sqeuclidean") + _FLOOR).log() - torch.where(counted, wanted, 1).log()
        mean = (ratios * counted).sum(1) / count.clamp(min=1)
        squares = ((ratios - mean[:, None]) ** 2 * counted).sum(1)
        return 2 * (squares / (count - 1).clamp(min=1)).sum() / (count > 1).sum().clamp(min=1)
