"""What all losses share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal, NamedTuple

from imgsim.models.tensors import torch
from imgsim.training.embeddings.batch_triplets import Triplets, every_triplet
from imgsim.training.named_part import require
from imgsim.training.run_loss import RunLoss

Kind = Literal["classes", "scores"]  # what labels are: whole numbers from 0, or numbers of which the difference counts
_HALF = (torch.float16, torch.bfloat16)


class LossSetting(NamedTuple):
    """What a loss is about: how many classes (0 where labels are scores), values an embedding, and a random state."""

    classes: int
    dim: int
    generator: torch.Generator


class Loss(RunLoss, ABC):
    """What a batch has yet to learn; a subclass's keywords are the parameters that a text may give.

    It may have parameters of its own that are learned with the network, at `rate` times the learning rate.
    """

    name: ClassVar[str]
    paper: ClassVar[str]
    mined: ClassVar[bool] = False  # whether it takes triplets that a miner chose
    kinds: ClassVar[tuple[Kind, ...]] = ("classes",)

    def forward(self, embeddings: torch.Tensor, labels: torch.Tensor, triplets: Triplets | None = None) -> torch.Tensor:
        """Give the loss of embeddings (B, D), each of length 1, by labels (B,): a scalar, never of half precision.

        Without triplets, all that the classes of the batch give are taken.
        """
        assert self.mined or triplets is None
        with torch.autocast(embeddings.device.type, enabled=False):
            rows = embeddings.float() if embeddings.dtype in _HALF else embeddings
            nothing = 0 * rows.sum() + sum(0 * one.sum() for one in self.parameters())  # a path for gradients
            return self.measure(rows, labels, triplets) + nothing if len(rows) else nothing

    @abstractmethod
    def measure(self, embeddings: torch.Tensor, labels: torch.Tensor, triplets: Triplets | None) -> torch.Tensor:
        """Compute the loss; 0 where the batch has nothing that it compares."""

    def require(self, condition: bool, message: str) -> None:  # noqa: FBT001 (reads as a sentence)
        """Raise ParameterError, led by the loss's name, unless a condition holds."""
        require(self.name, condition, message)


class MinedLoss(Loss):
    """A loss of triplets, chosen by a miner or else all of a batch."""

    mined = True

    def measure(self, embeddings: torch.Tensor, labels: torch.Tensor, triplets: Triplets | None) -> torch.Tensor:
        """Compute the loss of all triplets where none were chosen."""
        return self.measure_triplets(embeddings, labels, every_triplet(labels) if triplets is None else triplets)

    @abstractmethod
    def measure_triplets(self, embeddings: torch.Tensor, labels: torch.Tensor, triplets: Triplets) -> torch.Tensor:
        """Compute the loss of triplets."""
