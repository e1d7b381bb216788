"""Matched things of two sides, re-ranked: those of each lost thing among the found things that it may be."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np

from imgsim.search.leave_one_out import GalleryOfThings
from imgsim.search.parts import Parts
from imgsim.search.shortlist import Shortlist, list_neighbours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from imgsim.search.reranking import Reranker
    from imgsim.search.two_sides import Allowed, MatchedThings, Side


def rerank_things(
    lost: Side, found: Side, pairs: MatchedThings, k: int, reranker: Reranker, allowed: Allowed | None
) -> tuple[MatchedThings, NDArray[np.float64]]:
    """Put the first found things of each lost one in another order, and keep k; give by what they are ordered too.

    `pairs` are the closest, at least as many as the re-ranking looks at; what it does not order is NaN.
    """
    values = np.full(len(pairs.lost), np.nan)
    firsts = np.searchsorted(pairs.lost, np.arange(len(lost) + 1))
    for things, rows in _groups(lost, found, allowed):
        some = [thing for thing in things.tolist() if firsts[thing] < firsts[thing + 1]]
        listed = {thing: np.arange(firsts[thing], firsts[thing + 1])[: reranker.shortlist] for thing in some}
        if some:
            _value(lost, found, pairs, listed, rows, reranker, values)
    order = np.lexsort((pairs.ranks, values, pairs.lost))  # NaN comes last
    ranks = np.arange(len(order)) - firsts[pairs.lost[order]] + 1
    kept = order[ranks <= k]
    columns = {field.name: getattr(pairs, field.name)[kept] for field in fields(pairs)}
    return replace(pairs, **columns | {"ranks": ranks[ranks <= k]}), values[kept]


def _groups(lost: Side, found: Side, allowed: Allowed | None) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Gather the lost things that may be the same found ones, with the places of these in the found side's rows."""
    if allowed is None:
        yield np.arange(len(lost)), np.arange(len(found.rows))
        return
    alike: dict[bytes, list[int]] = {}
    for thing in range(len(lost)):
        may = allowed(lost.rows_of(np.array([thing])), found.rows).any(axis=0)
        alike.setdefault(np.packbits(may).tobytes(), []).append(thing)
    for packed, things in alike.items():
        bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=len(found.rows))
        yield np.array(things), np.flatnonzero(bits)


def _value(
    lost: Side,
    found: Side,
    pairs: MatchedThings,
    listed: dict[int, NDArray[np.intp]],
    rows: NDArray[np.intp],
    reranker: Reranker,
    values: NDArray[np.float64],
) -> None:
    """Value the pairs that are listed of each of some lost things, whose gallery is some places of the found rows."""
    places = found.parts.places[rows]
    gallery = GalleryOfThings(found.terms, found.rows[rows], places)
    numbers = places[Parts(places).starts]  # of the found things, as the gallery counts them
    every = np.unique(np.searchsorted(numbers, pairs.found[np.concatenate(list(listed.values()))]))
    lists = list_neighbours(gallery, every, reranker.neighbours) if reranker.neighbours else None
    for thing, chosen in listed.items():
        views = lost.views(lost.rows_of(np.array([thing])))
        there = np.searchsorted(numbers, pairs.found[chosen])
        at = np.searchsorted(every, there)
        own = None if lists is None else lists.at(at)
        values[chosen] = reranker.values(Shortlist(gallery, views, there, pairs.distances[chosen], lists=own))
