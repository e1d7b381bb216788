"""What some photos find first among all others, as they are judged by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.search.leave_one_out import LeaveOneOut
from imgsim.search.neighbours import Neighbours
from imgsim.search.shortlist import Shortlist, list_neighbours, nearest_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from imgsim.search.leave_one_out import PhotoBounds
    from imgsim.search.ranking import Term
    from imgsim.search.reranking import Reranker


def choose_asking(asked: Iterable[NDArray[np.intp]], count: int, *, seed: int) -> NDArray[np.intp]:
    """Draw so many photos, or all where they are fewer, of those that ask by all candidates: their places, ascending.

    Examples
    --------
    >>> choose_asking([np.array([0, 2, 3]), np.array([2, 3, 5])], 9, seed=0).tolist()
    [2, 3]
    """
    first, *others = asked
    for places in others:
        first = np.intersect1d(first, places)
    drawn = np.random.default_rng(seed).choice(first, min(count, len(first)), replace=False)
    return np.sort(drawn)


def find_first(
    terms: Sequence[Term],
    wanted: NDArray[np.bool_],
    asking: NDArray[np.intp],
    k: int,
    reranker: Reranker | None = None,
) -> Neighbours:
    """Find what some photos, ascending places (M,), find first of those that are `wanted`, (photos of the gallery,)."""
    gallery = LeaveOneOut(terms, wanted)
    most = len(gallery) - 1
    neighbours = reranker.neighbours if reranker else 0
    lists = list_neighbours(gallery, np.arange(len(gallery)), neighbours) if neighbours else None

    def first(seen: PhotoBounds) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        photos, distances = nearest_to(gallery, seen, min(max(k, reranker.shortlist if reranker else 0), most))
        if reranker:
            found = Shortlist(gallery, gallery.views(seen.photo), photos, distances, seen.photo, lists)
            order = np.argsort(reranker.values(found), kind="stable")
            photos, distances = photos[order], distances[order]
        return gallery.photos[photos[:k]], distances[:k]

    numbers = np.searchsorted(gallery.photos, asking)
    answers = [answer for some in gallery.ask(numbers, first) for answer in some]
    shape = (len(asking), min(k, most))
    rows = np.array([photos for photos, _ in answers], np.intp).reshape(shape)
    return Neighbours(asking, rows, np.array([distances for _, distances in answers]).reshape(shape))
