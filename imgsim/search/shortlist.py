"""The first photos of an answer, and what a re-ranking may ask about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.search.ranking import shortlist

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.search.leave_one_out import LeaveOneOut, PhotoBounds


class NeighbourLists(NamedTuple):
    """The k nearest neighbours of M photos among all others, nearest first, and how far the farthest one is.

    `nearest`, `distances` (M, k): numbers of photos, and -1 and infinity where there are no more; `farthest` (M,).
    """

    nearest: NDArray[np.intp]
    distances: NDArray[np.float64]
    farthest: NDArray[np.float64]  # but for rounding

    def at(self, places: NDArray[np.intp]) -> NeighbourLists:
        """Give the lists of some of them, (n,)."""
        return NeighbourLists(self.nearest[places], self.distances[places], self.farthest[places])


class Graph(NamedTuple):
    """A query and its shortlist, n things, the query first, among their neighbours.

    `distances` (n, n); `nearest` (n, k), places among the n; `farthest` (n,), of all in the gallery.
    """

    distances: NDArray[np.float64]  # 0 on the diagonal
    nearest: NDArray[np.intp]  # of the whole gallery and the query; -1 stands for those that are none of the n
    farthest: NDArray[np.float64]


@dataclass(frozen=True)
class Shortlist:
    """The photos nearest to a query, nearest first.

    `views` (V, R) a term are the query's; `photos`, numbers in the gallery, and `distances` (L,).
    """

    gallery: LeaveOneOut
    views: Sequence[NDArray[Any]]
    photos: NDArray[np.intp]
    distances: NDArray[np.float64]
    asking: int | None = None  # the query's own number, where it is a photo of the gallery
    lists: NeighbourLists | None = None  # where they are at hand: of the photos or, with `asking`, of the whole gallery

    def graph(self, k: int) -> Graph:
        """Find the k nearest neighbours of the query and of each photo, all in the whole gallery."""
        places = np.full(len(self.gallery), -1)
        places[self.photos] = np.arange(1, 1 + len(self.photos))
        count = 1 + len(self.photos)
        distances, nearest = np.zeros((count, count)), np.full((count, k), -1)
        distances[1:, 1:] = np.maximum(self.gallery.between(self.photos), 0)  # a bound may lie a little below
        distances[0, 1:] = distances[1:, 0] = self.distances
        nearest[0, : len(self.photos)] = np.arange(1, 1 + min(k, len(self.photos)))
        if self.asking is not None:
            lists = self.lists or list_neighbours(self.gallery, np.arange(len(self.gallery)), k)
            places[self.asking] = 0
            nearest[1:] = _placed(lists.nearest[self.photos], places)
            return Graph(distances, nearest, lists.farthest[[self.asking, *self.photos]])
        lists = self.lists or list_neighbours(self.gallery, self.photos, k)
        theirs = np.column_stack([np.zeros(len(self.photos), int), _placed(lists.nearest, places)])
        order = np.argsort(np.column_stack([self.distances, lists.distances]), axis=1, kind="stable")[:, :k]
        nearest[1:] = np.take_along_axis(theirs, order, axis=1)
        own = self.gallery.farthest(self.views)
        return Graph(distances, nearest, np.append(own, np.maximum(lists.farthest, self.distances)))


def _placed(numbers: NDArray[np.intp], places: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.where(numbers < 0, -1, places[numbers])


def list_neighbours(gallery: LeaveOneOut, photos: NDArray[np.intp], k: int) -> NeighbourLists:
    """Find the neighbours of some photos (M,), all different, in any order."""
    size = min(k, max(0, len(gallery) - 1))
    nearest, distances = np.full((len(photos), k), -1), np.full((len(photos), k), np.inf)
    farthest = np.zeros(len(photos))

    def find(seen: PhotoBounds) -> tuple[NDArray[np.intp], NDArray[np.float64], float]:
        found, measured = nearest_to(gallery, seen, size)
        return found, measured, float(np.max(seen.lower, where=np.isfinite(seen.lower), initial=0))

    order = np.argsort(photos)
    answers = (answer for answers in gallery.ask(photos[order], find) for answer in answers)
    for place, (found, measured, far) in zip(order.tolist(), answers, strict=True):
        nearest[place, :size], distances[place, :size], farthest[place] = found, measured, far
    return NeighbourLists(nearest, distances, farthest)


def nearest_to(gallery: LeaveOneOut, seen: PhotoBounds, k: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Find the k photos that are nearest to one, by distance, then by number: their numbers and distances, (k,)."""
    candidates = shortlist(seen.lower, seen.upper, k) if k else np.zeros(0, np.intp)
    distances = gallery.distances(seen, candidates)
    order = np.lexsort((candidates, distances))[:k]
    return candidates[order], distances[order]
