"""Choosing among many by successive halving: all on a few photos, the better half on more, until time or photos end."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

T = TypeVar("T")
FIRST = 64  # photos of the first round: two each of 32 classes
LEAST_GROWTH = 0.25  # of the photos: a round that adds fewer would tell nothing new


class Standing(NamedTuple, Generic[T]):
    """How far a contestant came.

    Parameters
    ----------
    contestant : object
        As it was given.
    score : float
        Its last; larger is better.
    photos : int
        How many photos that was on.
    """

    contestant: T
    score: float
    photos: int


def pairs_first(codes: NDArray[np.intp], seed: int = 0) -> NDArray[np.intp]:
    """Order photos so that whatever number comes first has company of its own class.

    Parameters
    ----------
    codes : ndarray of int, shape (N,)
        Classes.
    seed : int, default 0
        Shuffles classes, and photos within each.

    Returns
    -------
    ndarray of int, shape (N,)
        Positions: two photos of each class that has two, then the third of each, and so on; those alone come last.

    Examples
    --------
    >>> import numpy as np
    >>> codes = np.array([0, 0, 0, 1, 1, 2])
    >>> [sorted(codes[pairs_first(codes)][:n].tolist()) for n in (4, 5)]
    [[0, 0, 1, 1], [0, 0, 0, 1, 1]]
    """
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(codes))
    _, inverse, counts = np.unique(codes[shuffled], return_inverse=True, return_counts=True)
    turn = rng.permutation(len(counts))[inverse]  # of its class among the classes
    by_class = np.argsort(inverse, kind="stable")
    place = np.empty(len(codes), np.intp)  # within its class
    place[by_class] = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    alone = counts[inverse] == 1
    return shuffled[np.lexsort((turn, np.maximum(place, 1), alone))]


def halve(
    contestants: Sequence[T],
    judge: Callable[[Sequence[T], int], Mapping[T, float]],
    total: int,
    *,
    seconds: float,
    cost: Callable[[T], float],
    first: int = FIRST,
    clock: Callable[[], float] = time.monotonic,
) -> list[Standing[T]]:
    """Find the best of many without judging each on everything.

    Parameters
    ----------
    contestants : sequence
        At least one, hashable.
    judge : callable
        Gives each contestant's score on the first so many photos, of which it may keep what it measured before.
    total : int
        Photos that there are.
    seconds : float
        Time for all rounds; the first is held whatever it takes.
    cost : callable
        Seconds that a contestant takes for a photo, asked after the first round.
    first : int, default 64
        Photos of the first round.
    clock : callable, optional
        Tells the time in seconds.

    Returns
    -------
    list of Standing
        The best first: those of the last round by score, then those of the round before it, and so on.

    References
    ----------
    K. Jamieson, A. Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", AISTATS 2016,
    figure 3. Rounds share the time that is left, instead of a number of evaluations.
    """
    end = clock() + seconds
    remaining, photos = list(contestants), min(first, total)
    losers: list[Standing[T]] = []
    while True:
        scores = judge(remaining, photos)
        ranked = sorted(
            (Standing(contestant, scores[contestant], photos) for contestant in remaining), key=lambda one: -one.score
        )
        more = _affordable([cost(one.contestant) for one in ranked], end - clock(), len(ranked))
        if photos == total or more < photos * LEAST_GROWTH:
            return ranked + losers
        if photos + more < total:
            half = max(2, math.ceil(len(ranked) / 2))  # one alone would not be compared with anything
            ranked, losers = ranked[:half], ranked[half:] + losers
            more = _affordable([cost(one.contestant) for one in ranked], end - clock(), len(ranked))
        remaining, photos = [one.contestant for one in ranked], min(total, photos + more)


def _affordable(costs: Sequence[float], seconds: float, contestants: int) -> int:
    """Count the photos that the next round has time for, if those after it get as much time each."""
    rounds = max(1, math.ceil(math.log2(contestants))) if contestants > 1 else 1
    return max(0, int(seconds / rounds / max(sum(costs), 1e-9)))
