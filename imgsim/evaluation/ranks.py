"""Where photos of the same class rank when every photo asks for the others: leave one out, exactly as in a query."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from imgsim.search.leave_one_out import LeaveOneOut, PhotoBounds
from imgsim.search.shortlist import Shortlist, list_neighbours, nearest_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from imgsim.search.ranking import Term
    from imgsim.search.reranking import Reranker

FEW = 64  # relevant photos up to which comparing all photos with each is quicker than sorting all
SMALL_SHARE = 8  # one photo in so many, or fewer, is worth being picked out before it is compared again and again


@dataclass(frozen=True)
class RelevantRanks:
    """The ranks of the relevant photos of M queries, those of query i being ``ranks[offsets[i]:offsets[i + 1]]``.

    `photos` (M,), `offsets` (M + 1,), `ranks` (offsets[-1],).
    """

    photos: NDArray[np.intp]
    offsets: NDArray[np.intp]
    ranks: NDArray[np.int32]


class Ranking:
    """The photos of a labelled gallery, each asking for the others of its class.

    `labels` (photos of the gallery,).
    """

    def __init__(self, terms: Sequence[Term], labels: NDArray[np.integer], reranker: Reranker | None = None) -> None:
        self._gallery = LeaveOneOut(terms, labels >= 0)
        _, self._classes, sizes = np.unique(labels[self._gallery.photos], return_inverse=True, return_counts=True)
        self._asking = np.flatnonzero(sizes[self._classes] > 1)
        if len(self._asking) and sizes[self._classes[self._asking]].mean() > FEW:
            self._gallery = LeaveOneOut([_in_double(term) for term in terms], labels >= 0)
        # The members of class c are members[starts[c]:starts[c + 1]], ascending.
        self._members = np.argsort(self._classes, kind="stable")
        self._starts = np.concatenate([[0], sizes.cumsum()])
        self.queries = len(self._asking)
        self.alone = len(self._gallery) - len(self._asking)
        self.left_out = len(labels) - len(self._gallery)
        self._reranker = reranker
        asked = reranker.neighbours if reranker else 0
        self._lists = list_neighbours(self._gallery, np.arange(len(self._gallery)), asked) if asked else None

    def blocks(self) -> Iterator[RelevantRanks]:
        """Rank, and give the ranks in blocks of queries, in the order of the gallery."""
        done = 0
        for answers in self._gallery.ask(self._asking, self._answer):
            photos = self._gallery.photos[self._asking[done : done + len(answers)]]
            offsets = np.cumsum([0, *map(len, answers)])
            yield RelevantRanks(photos, offsets, np.concatenate(answers))
            done += len(answers)

    def _answer(self, seen: PhotoBounds) -> NDArray[np.int32]:
        its_class = self._classes[seen.photo]
        members = self._members[self._starts[its_class] : self._starts[its_class + 1]]
        relevant = members[members != seen.photo]
        closer = self._count_closer(seen, relevant) if len(relevant) <= FEW else self._places(seen)[relevant]
        ranks = 1 + closer if self._reranker is None else self._reranked(self._reranker, seen, relevant, 1 + closer)
        return np.sort(ranks).astype(np.int32)

    def _reranked(
        self, reranker: Reranker, seen: PhotoBounds, relevant: NDArray[np.intp], ranks: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """Give the relevant photos the ranks that they have in the new order; beyond the shortlist nothing changes."""
        photos, distances = nearest_to(self._gallery, seen, min(reranker.shortlist, len(self._gallery) - 1))
        views = self._gallery.views(seen.photo)
        values = reranker.values(Shortlist(self._gallery, views, photos, distances, seen.photo, self._lists))
        order = photos[np.argsort(values, kind="stable")]
        return np.append(1 + np.flatnonzero(np.isin(order, relevant)), ranks[ranks > len(photos)])

    def _count_closer(self, seen: PhotoBounds, relevant: NDArray[np.intp]) -> NDArray[np.intp]:
        """Count for each of a few photos who is closer for certain, then measure those in doubt."""
        distances = self._gallery.distances(seen, relevant)
        order = np.argsort(distances)
        relevant, distances = relevant[order], distances[order]
        # One step further out than the distances' own rounding to the bounds' precision.
        rounded, infinity = distances.astype(seen.lower.dtype), seen.lower.dtype.type(np.inf)
        near, far = np.nextafter(rounded, -infinity), np.nextafter(rounded, infinity)
        closer, doubtful = _compare(seen, near, far)
        if not len(doubtful):
            return closer
        others = doubtful[(doubtful[:, None] != relevant).all(axis=1)]
        photos = np.concatenate([relevant, others])
        measured = np.concatenate([distances, self._gallery.distances(seen, others)])
        places = np.empty(len(photos), np.intp)
        places[np.lexsort((photos, measured))] = np.arange(len(photos))
        closer -= np.searchsorted(np.sort(seen.upper[photos]), near)
        return closer + places[: len(relevant)]

    def _places(self, seen: PhotoBounds) -> NDArray[np.intp]:
        """Sort all photos by their bounds, then measure and sort those whose bounds overlap: give each one's place."""
        order = np.argsort(seen.lower)
        overlap = seen.lower[order[1:]] <= np.maximum.accumulate(seen.upper[order])[:-1]
        if overlap.any():
            doubtful = order[np.append(overlap, False) | np.append(False, overlap)]
            distances = seen.lower.astype(np.float64)
            distances[doubtful] = self._gallery.distances(seen, doubtful)
            order = np.argsort(distances, kind="stable")
        places = np.empty(len(order), np.intp)
        places[order] = np.arange(len(order))
        return places


def _compare(
    seen: PhotoBounds, near: NDArray[np.floating], far: NDArray[np.floating]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Count for each ascending distance who is closer for certain; list who may be closer or not to any of them.

    A distance lies above `near` and below `far`.
    """
    lower, upper = seen.lower, seen.upper
    reached = lower <= far[-1]
    within = np.flatnonzero(reached) if SMALL_SHARE * np.count_nonzero(reached) < len(reached) else None
    if within is not None:
        lower, upper = lower[within], upper[within]
    closer = np.empty(len(near), np.intp)
    doubtful = np.zeros(len(lower), bool)
    for place, (below, above) in enumerate(zip(near, far, strict=True)):
        surely, maybe = upper < below, lower <= above
        closer[place] = np.count_nonzero(surely)
        if np.count_nonzero(maybe) > closer[place] + 1:  # the photo at that distance is one of them
            doubtful |= surely ^ maybe
    numbers = np.flatnonzero(doubtful)
    return closer, numbers if within is None else within[numbers]


def _in_double(term: Term) -> Term:
    """Copy float32 rows to float64, where bounds are so narrow that hardly any overlap."""
    gallery = term.gallery
    if gallery.rows.dtype != np.float32:
        return term
    rows = gallery.rows.astype(np.float64)
    return replace(term, gallery=replace(gallery, rows=rows, squared_norms=np.einsum("nd,nd->n", rows, rows)))
