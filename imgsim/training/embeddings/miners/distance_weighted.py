"""Negatives drawn evenly over distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from imgsim.models.tensors import torch
from imgsim.training.embeddings.batch_triplets import alike, unlike
from imgsim.training.embeddings.miners.base_miner import Miner
from imgsim.training.embeddings.miners.draws import draw_negatives, draw_pairs
from imgsim.training.embeddings.pair_distances import batch_distances

if TYPE_CHECKING:
    from imgsim.training.embeddings.batch_triplets import Triplets


@dataclass(frozen=True, kw_only=True)
class DistanceWeighted(Miner):
    """Draw a negative for each anchor and positive, so that all distances are as probable.

    Parameters
    ----------
    cutoff : float, default 0.5
        The distance below which none weighs more; above 0.
    farthest : float, default 1.4
        The distance from which on a photo weighs nothing, since its loss is 0; above the cutoff, at most 2.
    positives : {"one", "all"}, default "all"
        Whether an anchor has each photo of its class for a positive, or one, drawn at random.

    Notes
    -----
    Distances D of points spread evenly over a sphere in n dimensions have a density proportional to
    ``q(D) = D**(n - 2) (1 - D**2 / 4)**((n - 3) / 2)`` (section 4): almost all are near the square root of 2. A
    negative is drawn with a weight of ``1 / q(max(D, cutoff))``, computed by its logarithm, less the greatest of the
    anchor's own: in 512 dimensions the weights of an anchor lie up to 160 powers of ten apart. Where all of an anchor's
    negatives lie beyond `farthest`, each is as probable.

    References
    ----------
    C.-Y. Wu, R. Manmatha, A. J. Smola, P. Kraehenbuehl, "Sampling Matters in Deep Embedding Learning", ICCV 2017.
    """

    name: ClassVar[str] = "distance-weighted"
    paper: ClassVar[str] = "Wu, Manmatha, Smola, Kraehenbuehl 2017"

    cutoff: float = 0.5
    farthest: float = 1.4
    positives: Literal["one", "all"] = "all"

    def __post_init__(self) -> None:
        self.require(self.cutoff > 0, f"cutoff is above 0, not {self.cutoff:g}")
        told = f"farthest is above the cutoff of {self.cutoff:g}, at most 2, not {self.farthest:g}"
        self.require(self.cutoff < self.farthest <= 2, told)

    def choose(self, embeddings: torch.Tensor, labels: torch.Tensor, generator: torch.Generator) -> Triplets:
        """Draw a negative a pair."""
        same = alike(labels)
        pairs = draw_pairs(same, generator) if self.positives == "one" else same.nonzero()
        return draw_negatives(pairs, self.probabilities(embeddings, labels)[pairs[:, 0]], generator)

    def probabilities(self, embeddings: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Give how probable each photo is as a negative of each, (B, B); rows of 0 where all are of one class."""
        distances = batch_distances(embeddings, "euclidean")
        other = unlike(labels)
        within = other & (distances < self.farthest)
        kept = torch.where(within.any(1, keepdim=True), within, other)
        logs = torch.where(within, -self._log_density(distances, embeddings.shape[1]), 0)
        return logs.masked_fill(~kept, -torch.inf).softmax(1).nan_to_num(0)

    def _log_density(self, distances: torch.Tensor, dim: int) -> torch.Tensor:
        cut = distances.clamp(self.cutoff, self.farthest).double()
        rest = (1 - cut**2 / 4).clamp(min=1e-12)  # 0 at the far side of the sphere
        return (dim - 2) * cut.log() + (dim - 3) / 2 * rest.log()
