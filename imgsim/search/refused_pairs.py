"""Pairs of things that are not to be matched: few among all, found for a block at once and never looked through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class RefusedPairs:
    """Finds pairs (r, 2) of things by the rows of two galleries, of which `lost` and `found` are the things (N,).

    Examples
    --------
    >>> refused = RefusedPairs(np.array([7, 7, 8]), np.array([5, 6, 5]), np.array([[7, 5]]))
    >>> [places.tolist() for places in refused(np.array([2, 1]), np.array([0, 1, 2]))]
    [[1, 1], [0, 2]]
    """

    def __init__(self, lost: NDArray[np.intp], found: NDArray[np.intp], pairs: NDArray[np.intp]) -> None:
        self._lost, self._found = lost, found
        order = np.argsort(pairs[:, 0], kind="stable")
        self._asking, self._there = pairs[order, 0], pairs[order, 1]

    def __call__(self, lost: NDArray[np.intp], found: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Give where in a block of rows (q,) and (n,) pairs are refused, as places of either."""
        places, refused = _ranges(self._asking, self._lost[lost])
        if not len(refused):
            return places, refused
        things = self._found[found]
        order = np.argsort(things, kind="stable")
        again, there = _ranges(things[order], self._there[refused])
        return places[again], order[there]


def _ranges(ordered: NDArray[np.intp], wanted: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find each wanted value wherever it is in an ordered array: places of the wanted, and of the array."""
    starts = np.searchsorted(ordered, wanted, "left")
    counts = np.searchsorted(ordered, wanted, "right") - starts
    before = np.cumsum(counts) - counts
    return np.repeat(np.arange(len(wanted)), counts), np.repeat(starts - before, counts) + np.arange(counts.sum())
