"""Triplets of photos whose labels are scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from imgsim.evaluation.score_widths import require_widths
from imgsim.training.embeddings.miners.base_miner import Miner
from imgsim.training.embeddings.miners.draws import draw_negatives, draw_pairs

if TYPE_CHECKING:
    from imgsim.models.tensors import torch
    from imgsim.training.embeddings.batch_triplets import Triplets
    from imgsim.training.embeddings.losses.base_loss import Kind


@dataclass(frozen=True, kw_only=True)
class ScoreTriplets(Miner):
    """Draw a photo of a far score for each anchor and each photo of a near score, all as probable.

    It chooses by scores alone; both widths are in their units, and as the sampler has them where that is of scores too.
    """

    name: ClassVar[str] = "scores"
    paper: ClassVar[str] = ""
    kind: ClassVar[Kind] = "scores"

    within: float = 5.0
    beyond: float = 30.0
    positives: Literal["one", "all"] = "all"

    def __post_init__(self) -> None:
        require_widths(f"miner {self.name}", self.within, self.beyond)

    def choose(self, embeddings: torch.Tensor, labels: torch.Tensor, generator: torch.Generator) -> Triplets:  # noqa: ARG002
        """Draw a negative a pair."""
        apart = (labels[:, None] - labels).abs()
        near = (apart <= self.within).fill_diagonal_(False)
        pairs = draw_pairs(near, generator) if self.positives == "one" else near.nonzero()
        return draw_negatives(pairs, (apart > self.beyond)[pairs[:, 0]], generator)
