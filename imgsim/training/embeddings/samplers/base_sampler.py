"""What all samplers share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from imgsim.errors import EvaluationError
from imgsim.training.named_part import require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.training.embeddings.losses.base_loss import Kind


class SamplerSetting(NamedTuple):
    """The photos that are learned from, and how many of them are in a batch at most."""

    labels: NDArray[Any]  # (N,): classes, whole numbers from 0, or scores
    kind: Kind
    batch: int
    seed: int
    names: Sequence[str] = ()  # of the classes, for messages


class Sampler(ABC):
    """Says which photos are in which batch of an epoch; its keywords are the parameters that a text may give."""

    name: ClassVar[str]
    paper: ClassVar[str]
    kinds: ClassVar[tuple[Kind, ...]]
    least_batch: ClassVar[int] = 2

    def __init__(self, setting: SamplerSetting) -> None:
        kinds = " or ".join(self.kinds)
        self.require(setting.kind in self.kinds, f"it is for labels that are {kinds}, and these are {setting.kind}")
        self.require(
            setting.batch >= self.least_batch, f"a batch has {self.least_batch} photos or more, not {setting.batch}"
        )
        if len(setting.labels) < self.least_batch:
            raise EvaluationError(f"{len(setting.labels)} photos are too few to learn from")
        self.batch = setting.batch
        self._seed = setting.seed

    @abstractmethod
    def batches(self, epoch: int) -> list[NDArray[np.intp]]:
        """List the photos of each batch of an epoch by their places, each once in a batch: the same ones of a seed."""

    def random_state(self, epoch: int) -> np.random.Generator:
        """Give the random state of an epoch."""
        return np.random.default_rng((self._seed, epoch))

    def require(self, condition: bool, message: str) -> None:  # noqa: FBT001 (reads as a sentence)
        """Raise ParameterError, led by the sampler's name, unless a condition holds."""
        require(f"sampler {self.name}", condition, message)
