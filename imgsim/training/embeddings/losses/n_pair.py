"""The N-pair loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from imgsim.models.tensors import torch
from imgsim.training.embeddings.log_sums import log_of_one_and_sum
from imgsim.training.embeddings.losses.base_loss import Loss, LossSetting

if TYPE_CHECKING:
    from imgsim.training.embeddings.batch_triplets import Triplets


class NPairLoss(Loss):
    """An anchor tells its positive from the positives of all other classes at once.

    Parameters
    ----------
    setting : LossSetting
        Not used: it learns nothing itself.
    scale : float, default 16
        What products of embeddings are multiplied by; above 0.

    Notes
    -----
    ``log(1 + sum(exp(scale (f . g_j - f . g))))`` for an anchor f and its positive g, over the positives g_j of other
    classes, averaged over the anchors that have any (section 3). The first two photos of each class in a batch are one
    anchor and its positive, the next two stand in another set of pairs, and so on; a photo that is left over counts
    nothing. The paper leaves embeddings as long as they are, and holds their length down by a penalty; here all are of
    length 1, so their products need a scale, which is chosen.

    References
    ----------
    K. Sohn, "Improved Deep Metric Learning with Multi-class N-pair Loss Objective", NIPS 2016.
    """

    name: ClassVar[str] = "n-pair"
    paper: ClassVar[str] = "Sohn 2016"

    def __init__(self, setting: LossSetting, *, scale: float = 16.0) -> None:  # noqa: ARG002
        super().__init__()
        self.require(0 < scale < float("inf"), f"scale is above 0, not {scale:g}")
        self.scale = scale

    def measure(self, embeddings: torch.Tensor, labels: torch.Tensor, triplets: Triplets | None) -> torch.Tensor:  # noqa: ARG002
        """Compute the loss of the pairs, by the order in which photos stand in the batch."""
        anchors, positives, sets = _pair_up(labels)
        products = self.scale * embeddings[anchors] @ embeddings[positives].T
        others = (sets[:, None] == sets).fill_diagonal_(False)
        losses = log_of_one_and_sum(products - products.diagonal()[:, None], others, dim=1)
        return losses.sum() / others.any(1).sum().clamp(min=1)


def _pair_up(labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Give the anchors, the positives, and in which set of pairs they stand, (P,) each."""
    earlier = (labels[:, None] == labels).tril(-1).sum(1)  # photos of its class that stand before each
    order = torch.argsort(labels, stable=True)
    seconds = (earlier[order] % 2 == 1).nonzero().flatten()
    return order[seconds - 1], order[seconds], earlier[order[seconds]] // 2
