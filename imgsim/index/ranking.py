"""Exact ranking of a gallery, arrays in and arrays out.

Every distance is first enclosed between two bounds, which a matrix product gives quickly; then those rows that may be
among the k closest, and only those, are measured in full. The answer is the one that measuring every row would give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from imgsim.core import FittedMetric
    from imgsim.index.gallery import Gallery


@dataclass(frozen=True)
class Facet:
    """One extractor's say in a query.

    Parameters
    ----------
    gallery : Gallery
        Its rows.
    metric : FittedMetric
        Its distance.
    views : sequence of ndarray, shape (R,)
        The embedded query: one row for each view of the same thing; the closest view counts.
    factor : float
        What distances are multiplied with: its weight, divided by the gallery's median pair distance.
    weight : float
        Its share in the weighted mean over extractors.
    """

    gallery: Gallery
    metric: FittedMetric
    views: Sequence[NDArray[Any]]
    factor: float = 1.0
    weight: float = 1.0


class Ranked(NamedTuple):
    """The closest photos: a row of the gallery and a distance each, closest first."""

    rows: NDArray[np.intp]
    distances: NDArray[np.float64]


def rank(facets: Sequence[Facet], k: int, *, excluded: Collection[int] = ()) -> Ranked:
    """Find the k photos closest to a query.

    Parameters
    ----------
    facets : sequence of Facet
        At least one; their galleries have the same parts.
    k : int
        Photos wanted, at least 1. A photo stands for its closest part.
    excluded : collection of int
        Keys of photos to leave out.

    Returns
    -------
    Ranked
        At most k rows of the gallery, by distance, then by row: ties go by path.

    Notes
    -----
    Several extractors give the weighted mean of their scaled distances, over those that a photo has.
    """
    gallery = facets[0].gallery
    lower, upper = _bounds(facets)
    if excluded:
        left_out = np.isin(gallery.photos, list(excluded))
        lower[left_out] = upper[left_out] = np.inf
    starts = _starts(gallery.photos)
    if len(starts) < len(lower):
        lower, upper = np.minimum.reduceat(lower, starts), np.minimum.reduceat(upper, starts)
    shortlist = _shortlist(lower, upper, k)
    rows = _rows_of(shortlist, starts, len(gallery.photos))
    distances = _exact(facets, rows)
    order = np.lexsort((rows, distances))
    _, firsts = np.unique(gallery.photos[rows[order]], return_index=True)
    best = order[np.sort(firsts)][:k]
    best = best[np.isfinite(distances[best])]
    return Ranked(rows[best], distances[best])


def _bounds(facets: Sequence[Facet]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Enclose each row's distance; infinite where no extractor has the row."""
    if len(facets) == 1:
        lower, upper = _facet_bounds(facets[0])
        absent = ~facets[0].gallery.present
        lower, upper = np.array(lower), np.array(upper)
        lower[absent] = upper[absent] = np.inf
        return lower, upper
    lowers, uppers = zip(*(_facet_bounds(facet) for facet in facets), strict=True)
    everything = np.arange(len(facets[0].gallery.parts))
    lower, upper = _weighted_mean(facets, lowers, everything), _weighted_mean(facets, uppers, everything)
    return np.nextafter(lower, -np.inf), np.nextafter(upper, np.inf)


def _facet_bounds(facet: Facet) -> tuple[NDArray[Any], NDArray[Any]]:
    gallery = facet.gallery
    bounds = [facet.metric.bounds(view, gallery.rows, gallery.squared_norms) for view in facet.views]
    if len(bounds) == 1:
        return bounds[0]
    lowers, uppers = zip(*bounds, strict=True)
    return np.min(lowers, axis=0), np.min(uppers, axis=0)


def _weighted_mean(
    facets: Sequence[Facet], distances: Sequence[NDArray[Any]], rows: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Fuse the extractors' distances to some rows, over the extractors that have a row; infinite where none has."""
    total, weight = np.zeros(len(rows)), np.zeros(len(rows))
    for facet, distance in zip(facets, distances, strict=True):
        present = facet.gallery.present[rows]
        total += np.where(present, facet.factor * distance.astype(np.float64), 0)
        weight += facet.weight * present
    total[weight == 0] = np.inf
    weight[weight == 0] = 1
    return total / weight


def _starts(photos: NDArray[np.int64]) -> NDArray[np.intp]:
    """Find each photo's first row: its parts lie side by side."""
    if not len(photos):
        return np.zeros(0, np.intp)
    return np.flatnonzero(np.concatenate([[True], photos[1:] != photos[:-1]]))


def _shortlist(lower: NDArray[Any], upper: NDArray[Any], k: int) -> NDArray[np.intp]:
    """Keep what may be among the k closest: whatever could be nearer than the k-th surely is."""
    farthest = np.partition(upper, k - 1)[k - 1] if k < len(upper) else np.inf
    return np.flatnonzero((lower <= farthest) & np.isfinite(lower))


def _rows_of(photos: NDArray[np.intp], starts: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """List all rows of some photos."""
    if len(starts) == count:
        return photos
    ends = np.append(starts[1:], count)
    return np.concatenate([np.arange(starts[photo], ends[photo]) for photo in photos] or [np.zeros(0, np.intp)])


def _exact(facets: Sequence[Facet], rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Measure rows in full."""
    measured = [
        np.min([facet.metric.exact(view, facet.gallery.rows[rows]) for view in facet.views], axis=0) for facet in facets
    ]
    if len(facets) == 1:
        return np.where(facets[0].gallery.present[rows], measured[0], np.inf)
    return _weighted_mean(facets, measured, rows)
