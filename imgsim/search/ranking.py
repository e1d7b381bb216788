"""Exact ranking of a gallery, arrays in and arrays out.

Every distance is first enclosed between two bounds, which a matrix product gives quickly; then those rows that may be
among the k closest, and only those, are measured in full. The answer is the one that measuring every row would give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.search.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Sequence

    from numpy.typing import NDArray

    from imgsim.core import FittedMetric
    from imgsim.search.gallery import Gallery


PAIR_BYTES, DOUBLE_BYTES = 8, 24  # a pair's bounds: two float32, or one float64; two float64 with what they are made of
FUSION_BYTES = 32  # a pair's fused bounds, likewise


@dataclass(frozen=True)
class Term:
    """One extractor's say in a distance.

    Several are fused over those that have a row: the sum of `factor` times distance, by the sum of `weight`.
    """

    gallery: Gallery
    metric: FittedMetric
    factor: float = 1.0
    weight: float = 1.0


class Ranked(NamedTuple):
    """The closest photos: a row of the gallery and a distance each, closest first."""

    rows: NDArray[np.intp]
    distances: NDArray[np.float64]


def rank(
    terms: Sequence[Term],
    views: Sequence[NDArray[Any]],
    k: int,
    *,
    excluded: Collection[Hashable] = (),
    allowed: NDArray[np.bool_] | None = None,
) -> Ranked:
    """Find the at most k photos closest to a query, by distance, then by row; a photo stands for its closest part.

    `views`, (V, R) a term, are views of one thing, of which the closest counts; `allowed` (N,) keeps photos whole.
    """
    (ranked,) = rank_each(terms, [views], k, excluded=[excluded], allowed=allowed)
    return ranked


def rank_each(
    terms: Sequence[Term],
    queries: Sequence[Sequence[NDArray[Any]]],
    k: int,
    *,
    excluded: Sequence[Collection[Hashable]],
    allowed: NDArray[np.bool_] | None = None,
) -> list[Ranked]:
    """Find for each of several queries what `rank` finds, their bounds by one matrix product."""
    gallery = terms[0].gallery
    parts = Parts(gallery.photos)
    lower, upper = enclose(terms, [np.concatenate(views) for views in zip(*queries, strict=True)])
    ends = np.cumsum([len(views[0]) for views in queries]).tolist()
    barred = None if allowed is None else ~allowed
    found = []
    for views, end, left_out in zip(queries, ends, excluded, strict=True):
        own = slice(end - len(views[0]), end)
        nearest, farthest = lower[own].min(axis=0), upper[own].min(axis=0)
        if barred is not None:
            nearest[barred] = farthest[barred] = np.inf
        if left_out:
            rows = np.isin(gallery.photos, np.array(list(left_out)))
            nearest[rows] = farthest[rows] = np.inf
        may = shortlist(parts.closest(nearest), parts.closest(farthest), k)
        found.append(_nearest(terms, views, parts.rows(may), k))
    return found


def _nearest(terms: Sequence[Term], views: Sequence[NDArray[Any]], rows: NDArray[np.intp], k: int) -> Ranked:
    """Measure the distances to some rows, all parts of the photos that they are of, and rank these."""
    distances = distances_to(terms, views, rows)
    order = np.lexsort((rows, distances))
    _, firsts = np.unique(terms[0].gallery.photos[rows[order]], return_index=True)
    best = order[np.sort(firsts)][:k]
    best = best[np.isfinite(distances[best])]
    return Ranked(rows[best], distances[best])


def pair_bytes(terms: Sequence[Term]) -> int:
    """Tell how much memory the bounds of a pair of rows take."""
    rows = [term.gallery.rows for term in terms]
    pair = sum(DOUBLE_BYTES if its.dtype == np.float64 else PAIR_BYTES for its in rows)
    return pair + (FUSION_BYTES if len(rows) > 1 else 0)


def enclose(terms: Sequence[Term], queries: Sequence[NDArray[Any]]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Enclose the distances from queries, (Q, R) a term, to all rows: lower and upper bounds (Q, N), maybe one array.

    Several terms give the weighted mean of their scaled distances; infinite where no extractor has the row.
    """
    bounds = [
        term.metric.bounds(own, term.gallery.rows, term.gallery.squared_norms)
        for term, own in zip(terms, queries, strict=True)
    ]
    if len(terms) == 1:
        lower, upper = bounds[0]
        absent = np.flatnonzero(~terms[0].gallery.present)
        lower[:, absent] = upper[:, absent] = np.inf
        return lower, upper
    lowers, uppers = zip(*bounds, strict=True)
    lower, upper = _weighted_mean(terms, lowers, slice(None)), _weighted_mean(terms, uppers, slice(None))
    return np.nextafter(lower, -np.inf, out=lower), np.nextafter(upper, np.inf, out=upper)


def distances_to(terms: Sequence[Term], views: Sequence[NDArray[Any]], rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Measure distances from one thing's views, (V, R) a term, to rows (n,) in full: (n,); the closest view counts."""
    there = [term.gallery.rows[rows] for term in terms]
    measured = [
        [term.metric.exact(own, its) for term, own, its in zip(terms, view, there, strict=True)]
        for view in zip(*views, strict=True)
    ]
    fused = [_weighted_mean(terms, distances, rows) for distances in measured]
    return fused[0] if len(fused) == 1 else np.min(fused, axis=0)


def _weighted_mean(
    terms: Sequence[Term], distances: Sequence[NDArray[Any]], rows: NDArray[np.intp] | slice
) -> NDArray[np.float64]:
    """Fuse the extractors' distances to some rows, shape (..., n), over the extractors that have a row."""
    if len(terms) == 1:
        return np.where(terms[0].gallery.present[rows], distances[0], np.inf)
    total, weight = np.zeros(distances[0].shape), np.zeros(distances[0].shape[-1])
    for term, distance in zip(terms, distances, strict=True):
        present = term.gallery.present[rows]
        total += np.where(present, term.factor * distance.astype(np.float64), 0)
        weight += term.weight * present
    total[..., weight == 0] = np.inf
    weight[weight == 0] = 1
    total /= weight
    return total


def shortlist(lower: NDArray[Any], upper: NDArray[Any], k: int) -> NDArray[np.intp]:
    """Keep what may be among the k closest: whatever could be nearer than the k-th surely is.

    Of bounds (N,), ascending places, none of them where a bound is infinite.
    """
    farthest = np.partition(upper, k - 1)[k - 1] if k < len(upper) else np.inf
    return np.flatnonzero((lower <= farthest) & np.isfinite(lower))
