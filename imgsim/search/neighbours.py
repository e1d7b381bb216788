"""The nearest neighbours of every photo, leave one out, exactly as queries find them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgsim.search.leave_one_out import LeaveOneOut
from imgsim.search.shortlist import nearest_to

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from imgsim.search.leave_one_out import PhotoBounds
    from imgsim.search.ranking import Term


@dataclass(frozen=True)
class Neighbours:
    """The k nearest neighbours of M photos, (M, k), nearest first, ties by place.

    `photos` (M,) ascend; all places are those in the gallery.
    """

    photos: NDArray[np.intp]
    rows: NDArray[np.intp]
    distances: NDArray[np.float64]


def find_neighbours(
    terms: Sequence[Term],
    k: int,
    *,
    wanted: NDArray[np.bool_] | None = None,
    advanced: Callable[[int], None] = lambda _photos: None,
) -> Neighbours:
    """Find the k nearest neighbours of every photo among the others, or all of them where they are fewer.

    `wanted` (photos of the gallery,) tells which ask and are found; `advanced` hears how many more have asked.
    """
    gallery = LeaveOneOut(terms, wanted)
    k = min(k, max(0, len(gallery) - 1))

    def nearest(seen: PhotoBounds) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        found, distances = nearest_to(gallery, seen, k)
        return gallery.photos[found], distances

    rows, distances = np.zeros((len(gallery), k), np.intp), np.zeros((len(gallery), k))
    done = 0
    for answers in gallery.ask(np.arange(len(gallery) if k else 0), nearest):
        for place, answer in enumerate(answers, start=done):
            rows[place], distances[place] = answer
        done += len(answers)
        advanced(len(answers))
    return Neighbours(gallery.photos, rows, distances)
