"""Triplets at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from imgsim.training.embeddings.batch_triplets import alike, unlike
from imgsim.training.embeddings.miners.base_miner import Miner
from imgsim.training.embeddings.miners.draws import draw_negatives, draw_pairs

if TYPE_CHECKING:
    from imgsim.models.tensors import torch
    from imgsim.training.embeddings.batch_triplets import Triplets


@dataclass(frozen=True, kw_only=True)
class RandomNegatives(Miner):
    """Draw one photo of another class for each anchor and positive, all as probable.

    Parameters
    ----------
    positives : {"one", "all"}, default "one"
        Whether an anchor has one positive, drawn at random too, or each photo of its class, as
        ``distance-weighted`` has.

    References
    ----------
    C.-Y. Wu, R. Manmatha, A. J. Smola, P. Kraehenbuehl, "Sampling Matters in Deep Embedding Learning", ICCV 2017 (the
    random sampling that it compares with).
    """

    name: ClassVar[str] = "random"
    paper: ClassVar[str] = "Wu, Manmatha, Smola, Kraehenbuehl 2017"

    positives: Literal["one", "all"] = "one"

    def choose(self, embeddings: torch.Tensor, labels: torch.Tensor, generator: torch.Generator) -> Triplets:  # noqa: ARG002
        """Draw them."""
        same = alike(labels)
        pairs = draw_pairs(same, generator) if self.positives == "one" else same.nonzero()
        return draw_negatives(pairs, unlike(labels)[pairs[:, 0]], generator)
