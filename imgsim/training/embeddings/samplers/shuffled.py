"""Photos in random order."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from imgsim.training.embeddings.samplers.base_sampler import Sampler, SamplerSetting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.training.embeddings.losses.base_loss import Kind


class Shuffled(Sampler):
    """Every photo once in an epoch, in random order, in batches of nearly the same size."""

    name: ClassVar[str] = "random"
    paper: ClassVar[str] = ""
    kinds: ClassVar[tuple[Kind, ...]] = ("classes", "scores")

    def __init__(self, setting: SamplerSetting) -> None:
        super().__init__(setting)
        self._count = len(setting.labels)

    def batches(self, epoch: int) -> list[NDArray[np.intp]]:
        """Cut a random order into batches."""
        order = self.random_state(epoch).permutation(self._count)
        return np.array_split(order, -(-self._count // self.batch))
