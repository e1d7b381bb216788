"""Choosing among many by successive halving: all on a few photos, the better half on more, until time or photos end."""

from __future__ import annotations

import bisect
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
GROWTH = 4  # times the photos: what a round takes is not foreseen from one much smaller
LAST = 2  # contestants that remain: one alone would not be compared with anything
MARGIN = 0.9  # of the time that is left: the rest is for rounds that take longer than foreseen


class Standing(NamedTuple, Generic[T]):
    """How far a contestant came."""

    contestant: T
    score: float
    photos: int


def pairs_first(codes: NDArray[np.intp], seed: int = 0) -> NDArray[np.intp]:
    """Order photos so that whatever number comes first has company of its own class.

    `codes` (N,); gives (N,).

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
    end: float,
    cost: Callable[[Sequence[T], int, int], float],
    after: Callable[[int], float] = lambda _photos: 0.0,
    first: int = FIRST,
    clock: Callable[[], float] = time.monotonic,
) -> list[Standing[T]]:
    """Find the best of many without judging each on everything.

    Parameters
    ----------
    contestants : sequence
        At least one, hashable.
    judge : callable
        Gives contestants' scores on the first so many photos, of which it may keep what it measured before. The best
        so far come first; after the first round it may leave out the last ones, for want of time.
    total : int
        Photos that there are.
    end : float
        When all rounds, and what comes after, are to be over, on the clock; the first is held whatever it takes.
    cost : callable
        Seconds that a round of these contestants takes, from so many photos to so many; asked after each round.
    after : callable, optional
        Seconds for what comes after a last round on so many photos.
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
    photos = min(first, total)
    ranked, losers = _hold(contestants, judge, photos), list[Standing[T]]()

    def reach(size: int, left: float) -> int:
        """Count the photos that the best have time for: all, or as many as leave later rounds as much time each."""
        best = [one.contestant for one in ranked[:size]]
        rounds = max(1, math.ceil(math.log2(size)))
        if cost(best, photos, total) + after(total) <= left:
            return total
        more = range(photos + 1, total + 1)
        return photos + bisect.bisect_right(more, left, key=lambda n: rounds * cost(best, photos, n) + after(n))

    while photos < total:
        left, size = MARGIN * (end - clock()), len(ranked)
        while reach(size, left) < (total if size == len(ranked) else _enough(photos, total)) and size > LAST:
            size = max(LAST, math.ceil(size / 2))
        wanted = reach(size, left)
        if wanted < _enough(photos, total):
            break
        photos = wanted if wanted <= GROWTH * (1 + LEAST_GROWTH) * photos else GROWTH * photos
        held = _hold([one.contestant for one in ranked[:size]], judge, photos)
        there = {one.contestant for one in held}
        ranked, losers = held, [one for one in ranked if one.contestant not in there] + losers
    return ranked + losers


def _hold(
    contestants: Sequence[T], judge: Callable[[Sequence[T], int], Mapping[T, float]], photos: int
) -> list[Standing[T]]:
    """Hold a round: give those that were judged, the best first."""
    scores = judge(contestants, photos)
    standings = (Standing(one, scores[one], photos) for one in contestants if one in scores)
    return sorted(standings, key=lambda one: -one.score)


def _enough(photos: int, total: int) -> int:
    """Count the photos of the smallest round that is worth holding after one."""
    return min(total, math.ceil(photos * (1 + LEAST_GROWTH)))
