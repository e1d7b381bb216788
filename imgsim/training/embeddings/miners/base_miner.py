"""What all miners share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from imgsim.models.tensors import torch
from imgsim.training.named_part import require

if TYPE_CHECKING:
    from imgsim.training.embeddings.batch_triplets import Triplets
    from imgsim.training.embeddings.losses.base_loss import Kind


class Miner(ABC):
    """Chooses triplets of a batch: the same ones of a random state, on every device.

    A subclass is a frozen dataclass whose fields, keywords with defaults, are the parameters that a text may give.
    """

    name: ClassVar[str]
    paper: ClassVar[str]
    kind: ClassVar[Kind] = "classes"

    def __call__(self, embeddings: torch.Tensor, labels: torch.Tensor, generator: torch.Generator) -> Triplets:
        """Choose triplets by embeddings (B, D), each of length 1, and labels (B,); no gradients pass."""
        with torch.no_grad(), torch.autocast(embeddings.device.type, enabled=False):
            return self.choose(embeddings.detach().float(), labels, generator)

    @abstractmethod
    def choose(self, embeddings: torch.Tensor, labels: torch.Tensor, generator: torch.Generator) -> Triplets:
        """Choose triplets; none where the batch has none."""

    def require(self, condition: bool, message: str) -> None:  # noqa: FBT001 (reads as a sentence)
        """Raise ParameterError, led by the miner's name, unless a condition holds."""
        require(f"miner {self.name}", condition, message)
