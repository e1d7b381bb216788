"""How the learning rate falls: the share of it that an epoch has, by what it was before and by what epochs came to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Paced(Protocol):
    """What a schedule asks of a recipe."""

    @property
    def epochs(self) -> int:
        """How many there are."""

    @property
    def step_epochs(self) -> int:
        """After how many the rate falls."""

    @property
    def step_factor(self) -> float:
        """By what it is multiplied then."""


def constant(paced: Paced, epoch: int, judged: Sequence[float]) -> float:
    """Keep the rate."""
    del paced, epoch, judged
    return 1.0


def step(paced: Paced, epoch: int, judged: Sequence[float]) -> float:
    """Multiply by a factor after every so many epochs."""
    del judged
    return paced.step_factor ** (epoch // paced.step_epochs)


def cosine(paced: Paced, epoch: int, judged: Sequence[float]) -> float:
    """Fall along half a cosine, to nothing after the last epoch (Loshchilov, Hutter 2017, equation 5, once)."""
    del judged
    return (1 + math.cos(math.pi * epoch / paced.epochs)) / 2


def plateau(paced: Paced, epoch: int, judged: Sequence[float]) -> float:
    """Multiply by a factor whenever so many epochs went by without a better one, counting anew then.

    As PyTorch's ReduceLROnPlateau has it, with a patience of one less and a threshold of 0.
    """
    del epoch
    share, best, since = 1.0, -math.inf, 0
    for one in judged:
        since = 0 if one > best else since + 1
        best = max(best, one)
        if since == paced.step_epochs:
            share, since = share * paced.step_factor, 0
    return share


SCHEDULES: dict[str, Callable[[Paced, int, Sequence[float]], float]] = {
    "constant": constant,
    "step": step,
    "cosine": cosine,
    "plateau": plateau,
}
