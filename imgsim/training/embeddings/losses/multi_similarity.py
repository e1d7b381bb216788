"""The multi-similarity loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from imgsim.models.tensors import torch
from imgsim.training.embeddings.batch_triplets import alike, unlike
from imgsim.training.embeddings.log_sums import log_of_one_and_sum
from imgsim.training.embeddings.losses.base_loss import Loss, LossSetting

if TYPE_CHECKING:
    from imgsim.training.embeddings.batch_triplets import Triplets


class MultiSimilarityLoss(Loss):
    """Pairs weigh by how similar they are, and by how similar the others of their anchor are; it mines its own.

    Parameters
    ----------
    setting : LossSetting
        Not used: it learns nothing itself.
    alpha : float, default 2
        How steep the weights of pairs that are alike are; above 0.
    beta : float, default 50
        How steep the weights of the others are; above 0.
    base : float, default 0.5
        The cosine similarity about which they turn, -1 to 1; lambda in the paper.
    epsilon : float, default 0.1
        How much less similar than the hardest pair of the other kind a pair may be and still count; 0 or more.

    Notes
    -----
    With S the cosine similarities, of an anchor's pairs one that is not alike is kept where
    ``S > min(S of those alike) - epsilon``, one that is alike where ``S < max(S of those not alike) + epsilon``. The
    loss of an anchor is ``log(1 + sum(exp(-alpha (S - base)))) / alpha`` over the kept pairs that are alike, and
    ``log(1 + sum(exp(beta (S - base)))) / beta`` over the others (section 4 of the paper, its mining and its
    weighting); it is averaged over all anchors of the batch.

    References
    ----------
    X. Wang, X. Han, W. Huang, D. Dong, M. R. Scott, "Multi-Similarity Loss with General Pair Weighting for Deep Metric
    Learning", CVPR 2019.
    """

    name: ClassVar[str] = "multi-similarity"
    paper: ClassVar[str] = "Wang, Han, Huang, Dong, Scott 2019"

    def __init__(
        self,
        setting: LossSetting,  # noqa: ARG002
        *,
        alpha: float = 2.0,
        beta: float = 50.0,
        base: float = 0.5,
        epsilon: float = 0.1,
    ) -> None:
        super().__init__()
        self.require(0 < alpha < float("inf"), f"alpha is above 0, not {alpha:g}")
        self.require(0 < beta < float("inf"), f"beta is above 0, not {beta:g}")
        self.require(-1 <= base <= 1, f"base is -1 to 1, not {base:g}")
        self.require(0 <= epsilon < float("inf"), f"epsilon is 0 or more, not {epsilon:g}")
        self.alpha, self.beta, self.base, self.epsilon = alpha, beta, base, epsilon

    def measure(self, embeddings: torch.Tensor, labels: torch.Tensor, triplets: Triplets | None) -> torch.Tensor:  # noqa: ARG002
        """Compute the loss of the pairs that it keeps."""
        similar, same, other = embeddings @ embeddings.T, alike(labels), unlike(labels)
        with torch.no_grad():
            farthest = similar.masked_fill(~same, torch.inf).amin(1, keepdim=True)
            nearest = similar.masked_fill(~other, -torch.inf).amax(1, keepdim=True)
            same &= similar < nearest + self.epsilon
            other &= similar > farthest - self.epsilon
        drawn = log_of_one_and_sum(-self.alpha * (similar - self.base), same, dim=1) / self.alpha
        pushed = log_of_one_and_sum(self.beta * (similar - self.base), other, dim=1) / self.beta
        return (drawn + pushed).mean()
