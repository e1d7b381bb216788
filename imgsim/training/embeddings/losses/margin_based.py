"""The margin-based loss, whose border between alike and unlike is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from imgsim.models.tensors import torch
from imgsim.training.embeddings.losses.base_loss import Kind, LossSetting, MinedLoss
from imgsim.training.embeddings.pair_distances import Distance, batch_distances

if TYPE_CHECKING:
    from imgsim.training.embeddings.batch_triplets import Triplets


class MarginLoss(MinedLoss):
    """Pairs that are alike lie within a border, others beyond it, by a margin; the border is learned.

    Parameters
    ----------
    setting : LossSetting
        How many classes there are.
    margin : float, default 0.2
        How far from the border, in Euclidean distance; above 0.
    beta : float, default 1.2
        The border at first, between 0 and 2.
    betas : {"class", "one", "fixed"}
        Whether each anchor's class learns a border, or all learn one, or it stays. Where labels are scores, ``class``
        is as ``one``.
    nu : float, default 0
        What a wide border costs: this times its mean over the triplets; 0 or more.

    Notes
    -----
    ``max(0, margin + y (D - beta))`` for a pair with Euclidean distance D, where y is 1 for a pair that is alike and -1
    for one that is not (Wu, section 4). The paper's beta of an anchor is the sum of one for all, one for its class and
    one for itself; here it is one number a class that starts at `beta`, and no photo has its own. Both pairs of each
    triplet count, and their sum is divided by how many of them are above 0. That the betas learn at 100 times the
    network's learning rate is chosen here.

    References
    ----------
    C.-Y. Wu, R. Manmatha, A. J. Smola, P. Kraehenbuehl, "Sampling Matters in Deep Embedding Learning", ICCV 2017.
    """

    name: ClassVar[str] = "margin"
    paper: ClassVar[str] = "Wu, Manmatha, Smola, Kraehenbuehl 2017"
    rate: ClassVar[float] = 100.0
    distance: ClassVar[Distance] = "euclidean"
    kinds: ClassVar[tuple[Kind, ...]] = ("classes", "scores")

    def __init__(
        self,
        setting: LossSetting,
        *,
        margin: float = 0.2,
        beta: float = 1.2,
        betas: Literal["class", "one", "fixed"] = "class",
        nu: float = 0.0,
    ) -> None:
        super().__init__()
        self.require(0 < margin < float("inf"), f"margin is above 0, not {margin:g}")
        self.require(0 < beta < 2, f"beta is between 0 and 2, not {beta:g}")
        self.require(0 <= nu < float("inf"), f"nu is 0 or more, not {nu:g}")
        self.margin, self.nu = margin, nu
        start = torch.full((setting.classes if betas == "class" and setting.classes else 1,), beta)
        self.beta = torch.nn.Parameter(start, requires_grad=betas != "fixed")

    def measure_triplets(self, embeddings: torch.Tensor, labels: torch.Tensor, triplets: Triplets) -> torch.Tensor:
        """Compute the loss of both pairs of each triplet."""
        distances = batch_distances(embeddings, self.distance)
        anchors, positives, negatives = triplets
        border = self.beta[labels[anchors]] if len(self.beta) > 1 else self.beta.expand(len(anchors))
        near = (distances[anchors, positives] - border + self.margin).relu()
        far = (border - distances[anchors, negatives] + self.margin).relu()
        violated = ((near > 0).sum() + (far > 0).sum()).clamp(min=1)
        return (near + far).sum() / violated + self.nu * border.sum() / max(len(border), 1)
