"""Where the right found things rank when lost things ask, as `search.two_sides` ranks them, however far down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.evaluation.ranks import RelevantRanks
from imgsim.search.parts import Parts
from imgsim.search.ranking import enclose
from imgsim.search.thing_side import thing_distances

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from imgsim.search.two_sides import Side

    Numbers = NDArray[np.intp]

BOUNDS = 1 << 24  # of pairs of rows at a time
NOBODY = -1


def rank_found(
    lost: Side,
    found: Side,
    asking: Numbers,
    relevant: Numbers,
    *,
    itself: Numbers | None = None,
    advanced: Callable[[int], None] = lambda _: None,
) -> RelevantRanks:
    """Rank the found things that are right for lost ones, each `asking` with its `relevant` one, (n,), among all.

    `itself` (T,) is the found thing that each lost one is and does not find, -1 for none.
    """
    order = np.lexsort((relevant, asking))
    queries, starts = np.unique(asking[order], return_index=True)
    rights = np.split(relevant[order], starts[1:])
    answers = []
    step = max(1, BOUNDS * max(1, len(lost)) // max(1, len(found.rows) * len(lost.rows)))
    for start in range(0, len(queries), step):
        chunk = queries[start : start + step]
        bounds = zip(chunk.tolist(), *_bounds(lost, found, chunk), rights[start : start + step], strict=True)
        for thing, lower, upper, right in bounds:
            own = NOBODY if itself is None else int(itself[thing])
            answers.append(_ranks(lost, found, thing, (lower, upper), right, own))
        advanced(len(chunk))
    offsets = np.cumsum([0, *map(len, answers)])
    return RelevantRanks(queries, offsets, np.concatenate([np.zeros(0, np.int32), *answers]))


def _bounds(lost: Side, found: Side, chunk: Numbers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Enclose the distances of some lost things to all found ones: (q, T) each."""
    own, asking = lost.rows_of(chunk), Parts(lost.parts.places[lost.parts.rows(chunk)])
    views, bounds = lost.views(own), np.empty((2, len(chunk), len(found)))
    for things, terms in found.blocks():
        theirs = Parts(found.parts.places[found.parts.rows(things)])
        for whole, enclosed in zip(bounds, enclose(terms, views), strict=True):
            whole[:, things] = asking.closest(theirs.closest(enclosed), axis=0)
    return bounds[0], bounds[1]


def _ranks(
    lost: Side,
    found: Side,
    thing: int,
    bounds: tuple[NDArray[np.float64], NDArray[np.float64]],
    right: Numbers,
    own: int,
) -> NDArray[np.int32]:
    """Count who is closer for certain, and measure those in doubt."""
    lower, upper = bounds
    if own != NOBODY:
        lower[own] = upper[own] = np.inf
    distances = thing_distances(lost, found, thing, right)
    doubtful = np.zeros(len(lower), bool)
    for distance in distances:
        doubtful |= (lower <= distance) & (upper >= distance)
    doubtful[right] = False
    others = np.flatnonzero(doubtful)
    numbers = np.concatenate([right, others])
    measured = np.concatenate([distances, thing_distances(lost, found, thing, others)])
    upper[numbers] = np.inf  # counted by what was measured
    places = np.empty(len(numbers), np.intp)
    places[np.lexsort((numbers, measured))] = np.arange(len(numbers))
    closer = [np.count_nonzero(upper < distance) for distance in distances]
    return np.sort(1 + np.array(closer) + places[: len(right)]).astype(np.int32)


def pair_lengths(lost: Side, found: Side, first: Numbers, second: Numbers) -> NDArray[np.float64]:
    """Measure the distance of each pair of a lost thing and a found one, (n,)."""
    lengths = np.empty(len(first))
    for places in _by_value(first):
        lengths[places] = _lengths_of(lost, found, int(first[places[0]]), second[places])
    return lengths


def _lengths_of(lost: Side, found: Side, thing: int, there: Numbers) -> NDArray[np.float64]:
    things, back = np.unique(there, return_inverse=True)
    return thing_distances(lost, found, thing, things)[back]


def _by_value(values: Numbers) -> Iterator[Numbers]:
    order = np.argsort(values, kind="stable")
    if len(order):
        yield from np.split(order, np.flatnonzero(np.diff(values[order])) + 1)
