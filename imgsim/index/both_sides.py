"""A lost and a found index, or one of both, for judges: compared as `match` compares them, thing by thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsim.index.counterpart import row_places, seen_by
from imgsim.search.thing_side import take_part
from imgsim.where.select import select_photos

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.index.distance import ChosenDistance
    from imgsim.index.index import Index
    from imgsim.search.thing_side import ThingSide


@dataclass(frozen=True)
class TwoSidedDistance:
    """What two sides are compared by; things are numbers of each side's photos, by path, -1 where one takes no part."""

    lost: ChosenDistance
    found: ChosenDistance
    lost_things: NDArray[np.intp]
    found_things: NDArray[np.intp]
    one: bool  # index of both sides, where things of equal numbers are the same

    @property
    def specs(self) -> tuple[str, ...]:
        """Each extractor, as it is named."""
        return self.found.specs

    @property
    def metrics(self) -> tuple[str, ...]:
        """Each extractor's metric."""
        return self.found.metrics

    def sides(self) -> tuple[ThingSide, ThingSide]:
        """Give the rows of either side that take part, in the spaces of the found one's metrics."""
        theirs = self.found.terms()
        ours = theirs if self.lost is self.found else seen_by(theirs, self.lost)
        lost = take_part(ours, row_places(self.lost.store, ours), self.lost_things)
        return lost, take_part(theirs, row_places(self.found.store, theirs), self.found_things)


def compare_sides(
    indexes: tuple[Index, Index],
    things: tuple[NDArray[np.intp], NDArray[np.intp]],
    extractors: Sequence[str] = (),
    metric: str | None = None,
    *,
    one: bool = False,
) -> TwoSidedDistance:
    """Choose a distance of the found index, the second, and its counterpart; both indexes are in a snapshot."""
    found = indexes[1].distance(extractors, metric)
    lost = found if indexes[0] is indexes[1] else indexes[0].counterpart(found)
    return TwoSidedDistance(lost, found, *things, one or lost is found)


def choose_photos(index: Index, where: Sequence[str]) -> NDArray[np.bool_]:
    """Mark the photos, by path, for which expressions hold."""
    store = index.distance().store
    return select_photos(store.facts, where, store.photo_keys())
