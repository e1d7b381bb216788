"""Pairs of photos that are at most so far apart, by any distance, without a matrix of all pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import ImgsimError
from imgsim.metrics.bits import BitHamming
from imgsim.search.bit_pairs import find_bit_pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from imgsim.search.leave_one_out import LeaveOneOut, PhotoBounds

MOST_PAIRS = 20_000_000  # 16 bytes each: of more no groups can be told that somebody would look through


class NearPairs(NamedTuple):
    """Pairs of photos (P,), `first` < `second`, ascending, each once; `distances` (P,)."""

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    distances: NDArray[np.float64]


def find_near_pairs(gallery: LeaveOneOut, farthest: float) -> NearPairs:
    """Find all pairs of a gallery's photos that are at most `farthest` apart; exact, each photo by its closest row.

    ImgsimError where there are more than `MOST_PAIRS`.
    """
    found, count = [], 0
    for pairs in _of_bits(gallery, farthest) if _is_of_bits(gallery) else _of_all(gallery, farthest):
        found.append(pairs)
        count += len(pairs.first)
        if count > MOST_PAIRS:
            raise ImgsimError(f"more than {MOST_PAIRS:,} pairs of photos are within {farthest:g}", remedy="nearer")
    none = NearPairs(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0))
    first, second, distances = (np.concatenate(arrays) for arrays in zip(none, *found, strict=True))
    order = np.lexsort((distances, second, first))
    first, second, distances = first[order], second[order], distances[order]
    new = np.ones(len(first), bool)  # several rows of two photos may be near
    new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    return NearPairs(first[new], second[new], distances[new])


def find_twins(gallery: LeaveOneOut) -> NDArray[np.intp]:
    """Give each photo (P,) the first one of the same bits in all rows, so that a thousand blank ones are no pairs.

    Of other distances each stands for itself.
    """
    rows, photos = gallery.rows_and_photos()
    count = len(gallery)
    if not count or not _is_of_bits(gallery) or not (np.bincount(photos) == len(rows) // count).all():
        return np.arange(count)
    joined = np.ascontiguousarray(rows).reshape(count, -1)
    _, firsts, twins = np.unique(joined.view(f"V{joined.shape[1]}").ravel(), return_index=True, return_inverse=True)
    first: NDArray[np.intp] = firsts[twins]
    return first


def _is_of_bits(gallery: LeaveOneOut) -> bool:
    return len(gallery.terms) == 1 and isinstance(gallery.terms[0].metric, BitHamming)


def _of_bits(gallery: LeaveOneOut, farthest: float) -> Iterator[NearPairs]:
    rows, photos = gallery.rows_and_photos()
    width = 8 * rows.shape[1]
    # The largest number of bits whose share, as the metric rounds it, is within.
    most = int(np.searchsorted(np.arange(width + 1) / max(1, width), farthest, side="right")) - 1
    for first, second, bits in find_bit_pairs(rows, most):
        left, right = photos[first], photos[second]
        others = left < right
        yield NearPairs(left[others], right[others], bits[others] / width)


def _of_all(gallery: LeaveOneOut, farthest: float) -> Iterator[NearPairs]:
    def near(seen: PhotoBounds) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        others = seen.photo + 1 + np.flatnonzero(seen.lower[seen.photo + 1 :] <= farthest)
        distances = gallery.distances(seen, others)
        within = distances <= farthest
        return others[within], distances[within]

    photo = 0
    for answers in gallery.ask(np.arange(len(gallery)), near):
        for others, distances in answers:
            yield NearPairs(np.full(len(others), photo, np.int32), others.astype(np.int32), distances)
            photo += 1
