"""One of two sides as a judge sees it: its rows that take part, and whose things they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.search.parts import Parts
from imgsim.search.ranking import distances_to
from imgsim.search.two_sides import Side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.search.ranking import Term


class ThingSide(NamedTuple):
    """Rows that take part, and for each of the side's things, (T,), the number by which it is known elsewhere."""

    side: Side
    things: NDArray[np.intp]

    def places(self, things: NDArray[np.intp]) -> NDArray[np.intp]:
        """Find things (n,) among those of the side; -1 for one that has no row."""
        order = np.argsort(self.things)
        if not len(order):
            return np.full(len(things), -1)
        near = order[np.minimum(np.searchsorted(self.things, things, sorter=order), len(order) - 1)]
        return np.where(self.things[near] == things, near, -1)


def take_part(terms: Sequence[Term], photos: NDArray[np.intp], things: NDArray[np.intp]) -> ThingSide:
    """Choose the rows that all terms have, of photos with a thing.

    `photos` (N,) tells each row's photo, `things` (P,) each photo's thing, -1 where it takes no part.
    """
    there = np.logical_and.reduce([term.gallery.present for term in terms])
    of_rows = things[photos]
    rows = np.flatnonzero(there & (of_rows >= 0))
    side = Side(terms, rows, of_rows[rows])
    return ThingSide(side, of_rows[side.rows[side.parts.starts]])


def thing_distances(lost: Side, found: Side, thing: int, there: NDArray[np.intp]) -> NDArray[np.float64]:
    """Measure how far a lost thing is from some found ones, all different, (n,): the closest pair of photos speaks."""
    theirs = found.rows_of(there)
    views = lost.views(lost.rows_of(np.array([thing])))
    parts = Parts(found.parts.places[found.parts.rows(there)])
    measured: NDArray[np.float64] = parts.closest(distances_to(found.terms, views, theirs))
    return measured
