"""The proxy-anchor loss."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from imgsim.models.tensors import torch
from imgsim.training.embeddings.log_sums import log_of_one_and_sum
from imgsim.training.embeddings.losses.base_loss import Loss, LossSetting

if TYPE_CHECKING:
    from imgsim.training.embeddings.batch_triplets import Triplets


class ProxyAnchorLoss(Loss):
    """Each class has a proxy, which is learned, draws its photos to it and pushes the others away.

    Parameters
    ----------
    setting : LossSetting
        How many classes there are, of how many values, and the random state that the proxies begin with.
    margin : float, default 0.1
        Of the cosine similarity, 0 or more, below 1; delta in the paper.
    alpha : float, default 32
        How steep the weights of photos are; above 0.

    Notes
    -----
    With s the cosine similarity of photo and proxy: ``log(1 + sum(exp(-alpha (s - margin))))`` over a proxy's own
    photos in the batch, averaged over the proxies that have any, and ``log(1 + sum(exp(alpha (s + margin))))`` over all
    other photos, averaged over all proxies (section 3). Proxies begin as the authors' do (normal, of variance 2 by the
    number of classes) and learn, as theirs, at 100 times the network's learning rate.

    References
    ----------
    S. Kim, D. Kim, M. Cho, S. Kwak, "Proxy Anchor Loss for Deep Metric Learning", CVPR 2020.
    """

    name: ClassVar[str] = "proxy-anchor"
    paper: ClassVar[str] = "Kim, Kim, Cho, Kwak 2020"
    rate: ClassVar[float] = 100.0

    def __init__(self, setting: LossSetting, *, margin: float = 0.1, alpha: float = 32.0) -> None:
        super().__init__()
        self.require(0 <= margin < 1, f"margin is 0 or more, below 1, not {margin:g}")
        self.require(0 < alpha < float("inf"), f"alpha is above 0, not {alpha:g}")
        self.margin, self.alpha = margin, alpha
        start = torch.randn(setting.classes, setting.dim, generator=setting.generator)
        self.proxies = torch.nn.Parameter(start * math.sqrt(2 / max(setting.classes, 1)))

    def measure(self, embeddings: torch.Tensor, labels: torch.Tensor, triplets: Triplets | None) -> torch.Tensor:  # noqa: ARG002
        """Compute the loss of all photos and proxies."""
        similar = embeddings @ torch.nn.functional.normalize(self.proxies).T  # (B, classes)
        own = labels[:, None] == torch.arange(len(self.proxies), device=labels.device)
        drawn = log_of_one_and_sum(-self.alpha * (similar - self.margin), own, dim=0)
        pushed = log_of_one_and_sum(self.alpha * (similar + self.margin), ~own, dim=0)
        return drawn.sum() / own.any(0).sum().clamp(min=1) + pushed.mean()
