"""All triplets of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from imgsim.training.embeddings.batch_triplets import Triplets, every_triplet
from imgsim.training.embeddings.miners.base_miner import Miner

if TYPE_CHECKING:
    from imgsim.models.tensors import torch


@dataclass(frozen=True, kw_only=True)
class EveryTriplet(Miner):
    """Choose all triplets: "batch all".

    References
    ----------
    A. Hermans, L. Beyer, B. Leibe, "In Defense of the Triplet Loss for Person Re-Identification", arXiv 1703.07737,
    2017.
    """

    name: ClassVar[str] = "all"
    paper: ClassVar[str] = "Hermans, Beyer, Leibe 2017"

    def choose(self, embeddings: torch.Tensor, labels: torch.Tensor, generator: torch.Generator) -> Triplets:  # noqa: ARG002
        """Choose them all."""
        return every_triplet(labels)
