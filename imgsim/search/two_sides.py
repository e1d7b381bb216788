"""Things of one gallery beside those of another: the closest of each, exactly, never a matrix of all pairs.

Distances are enclosed block by block by the metric's matrix product; what may be among the k closest of a thing, and
only that, is measured in full. A thing is seen on several photos, of which the closest pair speaks.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.search.parts import Parts
from imgsim.search.ranking import distances_to, enclose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from imgsim.search.ranking import Term

    Rows = NDArray[np.intp]
    Allowed = Callable[[Rows, Rows], NDArray[np.bool_]]  # rows (q,) and (n,) give (q, n)
    Refused = Callable[[Rows, Rows], tuple[Rows, Rows]]  # and those give places in (q, n), few of them

CHUNK_BYTES = 1 << 27  # of bounds at a time
BLOCK_ROWS = 8192  # of the found side at a time
PAIR_BYTES = 32  # bounds of a pair, with what they are made of
GROUPED = 8  # lost rows, on average, that must fit with the same found ones to be asked for apart
CROWDED = 4  # times k: a thing with more candidates has them thinned out before they are kept


class Side:
    """Rows that take part: places (n,) in the galleries of terms that all have them, and the thing (n,) of each.

    Things are numbered by their first row.
    """

    def __init__(self, terms: Sequence[Term], rows: NDArray[np.intp], things: NDArray[Any]) -> None:
        _, firsts, numbers = np.unique(things, return_index=True, return_inverse=True)
        numbers = np.argsort(np.argsort(firsts))[numbers]
        order = np.argsort(numbers, kind="stable")
        self.terms = terms
        self.rows: NDArray[np.intp] = rows[order]
        self.parts = Parts(numbers[order])

    def __len__(self) -> int:
        return len(self.parts)

    def rows_of(self, things: NDArray[np.intp]) -> NDArray[np.intp]:
        """List the rows of some things, in their order."""
        return self.rows[self.parts.rows(things)]

    def views(self, rows: NDArray[np.intp]) -> list[NDArray[Any]]:
        """Give some rows, (n, R) a term."""
        return [term.gallery.rows[rows] for term in self.terms]

    def blocks(self) -> Iterator[tuple[NDArray[np.intp], list[Term]]]:
        """Give the numbers of some things at a time, with the terms of their rows alone."""
        step = max(1, BLOCK_ROWS * max(1, len(self)) // max(1, len(self.rows)))
        for start in range(0, len(self), step):
            things = np.arange(start, min(len(self), start + step))
            yield things, [_at(term, self.rows_of(things)) for term in self.terms]


@dataclass(frozen=True)
class MatchedThings:
    """Pairs of things (n,), the closest of each lost thing first; `rows` of either side are the photos that speak."""

    lost: NDArray[np.intp]
    found: NDArray[np.intp]
    ranks: NDArray[np.intp]
    distances: NDArray[np.float64]
    lost_rows: NDArray[np.intp]
    found_rows: NDArray[np.intp]
    mutual: NDArray[np.bool_]

    def measured(self, distances: NDArray[np.float64]) -> MatchedThings:
        """Put distances that differ by rounding in place of these, and order each lost thing's by them."""
        order = np.lexsort((self.found, distances, self.lost))
        columns = {field.name: getattr(self, field.name)[order] for field in fields(self)}
        return replace(self, **columns | {"ranks": self.ranks, "distances": distances[order]})


class _Candidates(NamedTuple):
    """Pairs (n,) of which a block told bounds: who asks, by place, ascending, and which found thing it may be."""

    asking: NDArray[np.intp]
    there: NDArray[np.intp]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]


class _Measured(NamedTuple):
    """Found things of one lost thing, closest first, and the rows that speak."""

    found: NDArray[np.intp]
    distances: NDArray[np.float64]
    lost_rows: NDArray[np.intp]
    found_rows: NDArray[np.intp]


class _Rules(NamedTuple):
    """Which pairs of rows count: those that are allowed, where that is told, less those that are refused."""

    allowed: Allowed | None = None
    refused: Refused | None = None

    def keep_out(self, lost: NDArray[np.intp], found: NDArray[np.intp], *distances: NDArray[Any]) -> None:
        """Put out of reach what does not count, of distances (q, n) between rows."""
        if self.allowed is not None:
            out = ~self.allowed(lost, found)
            for matrix in distances:
                matrix[out] = np.inf
        if self.refused is not None:
            places = self.refused(lost, found)
            for matrix in distances:
                matrix[places] = np.inf

    def turned(self) -> _Rules:
        """Give the same rules for sides that are exchanged."""
        allowed, refused = self
        return _Rules(
            None if allowed is None else lambda ours, theirs: allowed(theirs, ours).T,
            None if refused is None else lambda ours, theirs: refused(theirs, ours)[::-1],
        )


def match_sides(
    lost: Side, found: Side, k: int, allowed: Allowed | None = None, refused: Refused | None = None
) -> MatchedThings:
    """Find the at most k closest found things of each lost thing, by distance, then by number.

    Pairs of rows count that are `allowed`, and not `refused`. Mutual things are each other's closest, whatever k.
    """
    rules = _Rules(allowed, refused)
    ranked = [_measure(lost, found, *one, rules, k) for one in _candidates(lost, found, k, rules)]
    counts = np.array([len(one.found) for one in ranked], np.intp)
    things = np.repeat(np.arange(len(lost)), counts)
    ranks = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    columns = [np.concatenate([getattr(one, name) for one in ranked] or [np.zeros(0)]) for name in _Measured._fields]
    there, distances, lost_rows, found_rows = columns
    there, lost_rows, found_rows = (column.astype(np.intp) for column in (there, lost_rows, found_rows))
    mutual = np.zeros(len(things), bool)
    first = np.flatnonzero(ranks == 1)
    mutual[first] = _best_lost(lost, found, there[first], rules) == things[first]
    return MatchedThings(things, there, ranks, distances, lost_rows, found_rows, mutual)


def _best_lost(lost: Side, found: Side, things: NDArray[np.intp], rules: _Rules) -> NDArray[np.intp]:
    """Give the lost thing that is closest to each of some found things (n,)."""
    chosen, back = np.unique(things, return_inverse=True)
    rows = found.parts.rows(chosen)
    some = Side(found.terms, found.rows[rows], found.parts.places[rows])
    turned = rules.turned()
    closest = [_measure(some, lost, *one, turned, 1).found for one in _candidates(some, lost, 1, turned)]
    return np.array([one[0] for one in closest], np.intp)[back]


def _candidates(lost: Side, found: Side, k: int, rules: _Rules) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Give each lost thing's number with those of the found things that may be among its k closest."""
    rows = max(1, BLOCK_ROWS * len(lost.rows) // max(1, len(lost)))
    step = max(1, CHUNK_BYTES // (PAIR_BYTES * rows * len(lost.terms)))
    for start in range(0, len(lost), step):
        chunk = np.arange(start, min(len(lost), start + step))
        groups = [] if rules.allowed is None else _groups(lost, found, chunk, rules.allowed)
        asking, there = (
            _of_groups(lost, found, k, groups, start, rules) if groups else _shortlist(lost, found, chunk, k, rules)
        )
        ends = np.searchsorted(asking, np.arange(len(chunk) + 1))
        for place, thing in enumerate(chunk.tolist()):
            yield thing, there[ends[place] : ends[place + 1]]


def _shortlist(
    lost: Side, found: Side, chunk: NDArray[np.intp], k: int, rules: _Rules
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Give pairs of places in the chunk, ascending, and found things."""
    own, asking = lost.rows_of(chunk), Parts(lost.parts.places[lost.parts.rows(chunk)])
    views = lost.views(own)
    farthest = np.full(len(chunk), np.inf)  # the k-th closest is surely not beyond
    kept = _Candidates(np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0), np.zeros(0))
    for things, terms in found.blocks():
        theirs = Parts(found.parts.places[found.parts.rows(things)])
        lower, upper = enclose(terms, views)
        certain = lower is upper
        rules.keep_out(own, found.rows_of(things), *((lower,) if certain else (lower, upper)))
        lower = asking.closest(theirs.closest(lower), axis=0)
        upper = lower if certain else asking.closest(theirs.closest(upper), axis=0)
        new = _near(lower, upper, farthest, k)
        fresh = _Candidates(new[0], things[new[1]], lower[new].astype(np.float64), upper[new].astype(np.float64))
        kept = _thinned(_Candidates(*(np.concatenate(pair) for pair in zip(kept, fresh, strict=True))), farthest, k)
    return kept.asking, kept.there


def _groups(
    lost: Side, found: Side, chunk: NDArray[np.intp], allowed: Allowed
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Gather the places of things that are allowed the same found ones, and these; none where few are alike."""
    if not (lost.parts.single and found.parts.single and len(found)):
        return []
    own = lost.rows_of(chunk)
    starts = range(0, len(found.rows), BLOCK_ROWS // 8 * 8 or len(found.rows))
    ends = [*starts[1:], len(found.rows)]
    blocks = [allowed(own, found.rows[start:end]) for start, end in zip(starts, ends, strict=True)]
    alike: dict[bytes, list[int]] = {}
    packed = np.concatenate([np.packbits(block, axis=1) for block in blocks], axis=1)
    for place, row in enumerate(packed):
        alike.setdefault(row.tobytes(), []).append(place)
    if len(alike) * GROUPED > len(chunk):
        return []
    there = (np.unpackbits(packed[places[0]], count=len(found.rows)) for places in alike.values())
    return [(np.array(places), np.flatnonzero(its)) for places, its in zip(alike.values(), there, strict=True)]


def _of_groups(
    lost: Side,
    found: Side,
    k: int,
    groups: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]],
    first: int,
    rules: _Rules,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Ask group by group, of what it is allowed alone: what few may see is not compared with all."""
    pairs = []
    for places, there in groups:
        some = Side(found.terms, found.rows[there], there)
        asking, closest = _shortlist(lost, some, places + first, k, rules._replace(allowed=None))
        pairs.append((places[asking], there[closest]))
    asking, closest = (np.concatenate(side) for side in zip(*pairs, strict=True))
    order = np.argsort(asking, kind="stable")
    return asking[order], closest[order]


def _near(
    lower: NDArray[Any], upper: NDArray[Any], farthest: NDArray[np.float64], k: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find what of a block (q, n) may be near enough; `farthest` (q,) comes closer where much may be."""
    may = _within(lower, farthest)
    crowded = np.flatnonzero(np.count_nonzero(may, axis=1) > CROWDED * k)
    if len(crowded):
        nearest = np.partition(upper[crowded], k - 1, axis=1)[:, k - 1]
        farthest[crowded] = np.minimum(farthest[crowded], nearest)
        may[crowded] = _within(lower[crowded], farthest[crowded])
    asking, there = np.divmod(np.flatnonzero(may), may.shape[1])  # quicker than of both axes
    return asking, there


def _within(lower: NDArray[Any], farthest: NDArray[np.float64]) -> NDArray[np.bool_]:
    limits = farthest.astype(lower.dtype)  # exact: they are bounds of that type
    within: NDArray[np.bool_] = lower <= limits[:, None]
    if np.isinf(farthest).any():
        within &= np.isfinite(lower)
    return within


def _thinned(pairs: _Candidates, farthest: NDArray[np.float64], k: int) -> _Candidates:
    """Drop what cannot be among the k closest any more, and bring `farthest` (q,) closer."""
    order = np.lexsort((pairs.upper, pairs.asking))
    starts = np.searchsorted(pairs.asking[order], np.arange(len(farthest) + 1))
    full = np.flatnonzero(np.diff(starts) >= k)
    farthest[full] = np.minimum(farthest[full], pairs.upper[order[starts[full] + k - 1]])
    order = order[pairs.lower[order] <= farthest[pairs.asking[order]]]
    return _Candidates(pairs.asking[order], pairs.there[order], pairs.lower[order], pairs.upper[order])


def _measure(lost: Side, found: Side, thing: int, candidates: NDArray[np.intp], rules: _Rules, k: int) -> _Measured:
    """Measure the distances of a lost thing to some found ones, all different, in full; give the k closest."""
    candidates = np.sort(candidates)
    own, theirs = lost.rows_of(np.array([thing])), found.rows_of(candidates)
    distances = np.array(
        [distances_to(found.terms, lost.views(own[view : view + 1]), theirs) for view in range(len(own))]
    )
    if len(theirs):
        rules.keep_out(own, theirs, distances)
    closest = distances.min(axis=0)
    parts = Parts(found.parts.places[found.parts.rows(candidates)])
    order = np.lexsort((np.arange(len(theirs)), closest))
    _, firsts = np.unique(parts.places[order], return_index=True)
    best = order[np.sort(firsts)][:k]
    best = best[np.isfinite(closest[best])]
    return _Measured(
        candidates[parts.places[best]], closest[best], own[distances[:, best].argmin(axis=0)], theirs[best]
    )


def _at(term: Term, rows: NDArray[np.intp]) -> Term:
    """Give a term of some rows alone: a view of them where they lie side by side."""
    if len(rows) and rows[-1] - rows[0] + 1 == len(rows) and (np.diff(rows) == 1).all():
        rows = slice(int(rows[0]), int(rows[-1]) + 1)  # type: ignore[assignment]
    return replace(term, gallery=term.gallery.at(rows))
