"""The supervised contrastive loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from imgsim.models.tensors import torch
from imgsim.training.embeddings.batch_triplets import alike
from imgsim.training.embeddings.losses.base_loss import Loss, LossSetting

if TYPE_CHECKING:
    from imgsim.training.embeddings.batch_triplets import Triplets


class SupConLoss(Loss):
    """All photos of an anchor's class are told from all others of the batch.

    Parameters
    ----------
    setting : LossSetting
        Not used: it learns nothing itself.
    temperature : float, default 0.1
        What cosine similarities are divided by; above 0.

    Notes
    -----
    For an anchor, minus the mean over its positives of ``log(exp(s_p / temperature) / sum(exp(s / temperature)))``, the
    sum over all photos but the anchor (equation 2, which has the sum over positives outside), averaged over the anchors
    that have a positive.

    References
    ----------
    P. Khosla, P. Teterwak, C. Wang, A. Sarna, Y. Tian, P. Isola, A. Maschinot, C. Liu, D. Krishnan, "Supervised
    Contrastive Learning", NeurIPS 2020.
    """

    name: ClassVar[str] = "supcon"
    paper: ClassVar[str] = "Khosla et al. 2020"

    def __init__(self, setting: LossSetting, *, temperature: float = 0.1) -> None:  # noqa: ARG002
        super().__init__()
        self.require(0 < temperature < float("inf"), f"temperature is above 0, not {temperature:g}")
        self.temperature = temperature

    def measure(self, embeddings: torch.Tensor, labels: torch.Tensor, triplets: Triplets | None) -> torch.Tensor:  # noqa: ARG002
        """Compute the loss of all photos that have another of their class."""
        same = alike(labels)
        anchors = same.any(1).nonzero().flatten()
        similar = embeddings[anchors] @ embeddings.T / self.temperature
        itself = anchors[:, None] == torch.arange(len(labels), device=labels.device)
        told = similar - similar.masked_fill(itself, -torch.inf).logsumexp(1, keepdim=True)
        positive = same[anchors]
        return -((told * positive).sum(1) / positive.sum(1)).sum() / max(len(anchors), 1)
