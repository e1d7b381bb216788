"""What was found in the cached galleries, measured once more from the store's own rows before anyone sees it."""

from __future__ import annotations

from dataclasses import replace
from itertools import repeat, starmap
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.search.ranking import Ranked, distances_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.index.distance import ChosenDistance, ChosenExtractor
    from imgsim.index.store.feature_store import Rows
    from imgsim.index.store.store import Store
    from imgsim.search.ranking import Term
    from imgsim.search.two_sides import MatchedThings, Side

TOLERANCE = 1e-4  # of a row's largest value: some metrics bring many rows into their space by another rounding than few

PAIRS = 1024  # whose rows are read at a time


class Rescored(NamedTuple):
    """The same photos by the store's rows, closest first; `doubtful`, if the galleries are of other rows."""

    ranked: Ranked
    doubtful: bool


def rescore(
    store: Store,
    extractors: Sequence[ChosenExtractor],
    terms: Sequence[Term],
    views: Sequence[NDArray[Any]],
    ranked: Ranked,
) -> Rescored:
    """Measure the distances to what was found from the store's checksummed rows."""
    found = ranked.rows
    parts = terms[0].gallery.parts[found].tolist()
    stored = [store.rows(one.stored, parts) for one in extractors]
    fresh = [_of_rows(term, rows, found) for term, rows in zip(terms, stored, strict=True)]
    if all(_are_equal(cached, own, found) for cached, own in zip(terms, fresh, strict=True)):
        return Rescored(ranked, doubtful=False)
    doubtful = not all(_agree(cached, own, found) for cached, own in zip(terms, fresh, strict=True))
    distances = distances_to(fresh, views, np.arange(len(found)))
    order = np.lexsort((found, distances))
    order = order[np.isfinite(distances[order])]
    return Rescored(Ranked(found[order], distances[order]), doubtful)


def have_keys_of(store: Store, terms: Sequence[Term]) -> bool:
    """Tell whether galleries name the photos and parts that the store has, in its order."""
    parts, photos, _ = store.part_keys()
    return all(
        np.array_equal(term.gallery.parts, parts) and np.array_equal(term.gallery.photos, photos) for term in terms
    )


class StoredSide(NamedTuple):
    """A side that was matched, and whose rows it is of."""

    distance: ChosenDistance
    side: Side

    def fresh(self, rows: NDArray[np.intp]) -> list[Term]:
        """Lay out some rows as the store has them."""
        parts = self.side.terms[0].gallery.parts[rows].tolist()
        stored = [self.distance.store.rows(one.stored, parts) for one in self.distance.extractors]
        return [_of_rows(term, its, rows) for term, its in zip(self.side.terms, stored, strict=True)]


def measure_again(lost: StoredSide, found: StoredSide, pairs: MatchedThings) -> NDArray[np.float64] | None:
    """Measure the distances of pairs (n,) from both stores' rows; None where the galleries are of other rows.

    Of the lost things in them, all rows are looked at: it is by these that was asked.
    """
    distances = pairs.distances.copy()
    for start in range(0, len(distances), PAIRS):
        chunk = slice(start, start + PAIRS)
        ours = np.sort(lost.side.rows_of(np.unique(pairs.lost[chunk])))
        theirs = np.unique(pairs.found_rows[chunk])
        asking, there = lost.fresh(ours), found.fresh(theirs)
        compared = [*zip(lost.side.terms, asking, repeat(ours)), *zip(found.side.terms, there, repeat(theirs))]
        if all(starmap(_are_equal, compared)):
            continue
        if not all(starmap(_agree, compared)):
            return None
        places = np.searchsorted(ours, pairs.lost_rows[chunk])
        others = np.searchsorted(theirs, pairs.found_rows[chunk])
        for row in np.unique(places).tolist():
            mine = np.flatnonzero(places == row)
            views = [term.gallery.rows[row : row + 1] for term in asking]
            distances[start + mine] = distances_to(there, views, others[mine])
    return distances


def _of_rows(term: Term, rows: Rows, found: NDArray[np.intp]) -> Term:
    """Put the store's rows in place of a gallery's."""
    stored = replace(term.gallery.at(found), rows=term.metric.embed(rows.features), present=rows.present)
    return replace(term, gallery=stored)


def _are_equal(cached: Term, own: Term, found: NDArray[np.intp]) -> bool:
    """Tell whether a gallery holds the store's rows bit by bit, so that what was measured is of those."""
    gallery = cached.gallery
    return np.array_equal(gallery.rows[found], own.gallery.rows) and np.array_equal(
        gallery.present[found], own.gallery.present
    )


def _agree(cached: Term, own: Term, found: NDArray[np.intp]) -> bool:
    """Tell whether a gallery holds the store's rows, but for rounding."""
    present, rows = cached.gallery.present[found], cached.gallery.rows[found]
    if not np.array_equal(present, own.gallery.present):
        return False
    return same_rows(rows[present], own.gallery.rows[present])


def same_rows(cached: NDArray[Any], rows: NDArray[Any]) -> bool:
    """Tell whether rows (n, R) are the same, but for rounding."""
    if rows.dtype.kind != "f" or np.array_equal(cached, rows):
        return np.array_equal(cached, rows)
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0)
    return bool((np.abs(cached - rows) <= TOLERANCE * largest).all())  # false for what is no number
