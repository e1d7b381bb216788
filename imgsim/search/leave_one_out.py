"""Every photo of a gallery asks for all the others, in chunks: never a matrix of all pairs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from imgsim.search.parts import Parts
from imgsim.search.ranking import distances_to, enclose, pair_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from imgsim.search.ranking import Term

T = TypeVar("T")

# Of bounds at a time: some 500 queries at 60,000 photos, which a matrix product needs to be quick.
CHUNK_BYTES = 1 << 28


class PhotoBounds(NamedTuple):
    """The others as one photo sees them: bounds of its distances, its own being infinite.

    `photo` and the places in `lower` and `upper`, shape (P,), number the photos that take part.
    """

    photo: int
    lower: NDArray[Any]
    upper: NDArray[Any]


class LeaveOneOut:
    """The photos of a gallery, each of which asks for all the others; each speaks by its closest part, on both sides.

    `photos` (P,) are places of those that take part: `wanted` (photos of the gallery,) and seen by every extractor.
    """

    def __init__(self, terms: Sequence[Term], wanted: NDArray[np.bool_] | None = None) -> None:
        keys = terms[0].gallery.photos
        everything = Parts(keys)
        usable = np.logical_and.reduce([term.gallery.present for term in terms])
        if wanted is not None:
            usable &= wanted[everything.places]
        self.terms = terms
        self._rows = np.flatnonzero(usable)
        self._parts = Parts(keys[self._rows])
        self._all = len(self._rows) == len(keys)
        self.photos: NDArray[np.intp] = everything.places[self._rows[self._parts.starts]]

    def __len__(self) -> int:
        return len(self._parts)

    def ask(self, photos: NDArray[np.intp], answer: Callable[[PhotoBounds], T]) -> Iterator[list[T]]:
        """Let photos, ascending numbers (n,), ask one after another; yields their answers, a chunk at a time."""
        parts = -(-len(self._rows) // max(1, len(self)))  # of a photo, on average
        everything = len(self.terms[0].gallery.rows)
        step = max(1, CHUNK_BYTES // (pair_bytes(self.terms) * max(1, parts * everything)))
        for start in range(0, len(photos), step):
            chunk = photos[start : start + step]
            yield [answer(PhotoBounds(*seen)) for seen in zip(chunk.tolist(), *self._enclose(chunk), strict=True)]

    def distances(self, seen: PhotoBounds, others: NDArray[np.intp]) -> NDArray[np.float64]:
        """Measure the distances (n,) to some others (n,), all different, in full, unless their bounds tell them."""
        distances = seen.lower[others].astype(np.float64)
        open_ = np.flatnonzero(distances < seen.upper[others])
        if len(open_):
            distances[open_] = self._measure(seen.photo, others[open_])
        return distances

    def views(self, photo: int) -> list[NDArray[Any]]:
        """Give a photo's rows, (V, R) a term, as a query has them."""
        return self._views(self._parts.rows(np.array([photo])))

    def rows_and_photos(self) -> tuple[NDArray[Any], NDArray[np.int32]]:
        """Give the rows (n, R) of the photos that take part, by the first term, and each row's photo (n,)."""
        return self.terms[0].gallery.rows[self._rows], self._parts.places.astype(np.int32)

    def between(self, photos: NDArray[np.intp]) -> NDArray[Any]:
        """Give the distances between some photos, all different, but for rounding: (n, n), 0 to themselves."""
        rows = self._parts.rows(photos)
        some = [replace(term, gallery=term.gallery.at(self._rows[rows])) for term in self.terms]
        parts = Parts(self._parts.places[rows])
        distances = parts.closest(parts.closest(enclose(some, self._views(rows))[0]), axis=0)
        np.fill_diagonal(distances, 0)
        return distances

    def distances_from(self, views: Sequence[NDArray[Any]], photos: NDArray[np.intp]) -> NDArray[np.float64]:
        """Measure the distances (n,) from one thing's views to some photos (n,), all different, in full."""
        rows = self._parts.rows(photos)
        return Parts(self._parts.places[rows]).closest(distances_to(self.terms, views, self._rows[rows]))

    def closest_rows(self, views: Sequence[NDArray[Any]], photo: int) -> list[NDArray[Any]]:
        """Give of a photo the row, (R,) a term, that is closest to one thing's views."""
        rows = self._rows[self._parts.rows(np.array([photo]))]
        closest = rows[distances_to(self.terms, views, rows).argmin()] if len(rows) > 1 else rows[0]
        return [term.gallery.rows[closest] for term in self.terms]

    def farthest(self, views: Sequence[NDArray[Any]]) -> float:
        """Tell how far the photo that is farthest from one thing's views is, but for rounding."""
        lower = enclose(self.terms, views)[0].min(axis=0)
        return float(self._parts.closest(lower[self._rows]).max())

    def _enclose(self, chunk: NDArray[np.intp]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Enclose the distances from a chunk of photos to all: two arrays (n, P), which may be one."""
        rows = self._parts.rows(chunk)
        asking = Parts(self._parts.places[rows])
        lower, upper = enclose(self.terms, self._views(rows))
        certain = lower is upper
        lower = self._of_photos(asking, lower)
        upper = lower if certain else self._of_photos(asking, upper)
        lower[np.arange(len(chunk)), chunk] = upper[np.arange(len(chunk)), chunk] = np.inf
        return lower, upper

    def _of_photos(self, asking: Parts, bounds: NDArray[Any]) -> NDArray[Any]:
        """Reduce bounds between rows to bounds between the photos that take part."""
        if not self._all:
            bounds = bounds[:, self._rows]
        return asking.closest(self._parts.closest(bounds), axis=0)

    def _measure(self, photo: int, others: NDArray[np.intp]) -> NDArray[np.float64]:
        rows = self._parts.rows(others)
        own = self._parts.rows(np.array([photo]))
        measured = distances_to(self.terms, self._views(own), self._rows[rows])
        return measured if self._parts.single else Parts(self._parts.places[rows]).closest(measured)

    def _views(self, rows: NDArray[np.intp]) -> list[NDArray[Any]]:
        return [term.gallery.rows[self._rows[rows]] for term in self.terms]


class GalleryOfThings(LeaveOneOut):
    """Things in place of photos: `rows` (n,) of theirs, which all terms have, lie side by side for each of `things`.

    `things` (n,) is each row's thing, by any key. Where the rows are few, they are laid out by themselves.
    """

    def __init__(self, terms: Sequence[Term], rows: NDArray[np.intp], things: NDArray[Any]) -> None:
        everything = len(terms[0].gallery.rows)
        few = 2 * len(rows) < everything
        self.terms = [replace(term, gallery=term.gallery.at(rows)) for term in terms] if few else terms
        self._rows, self._parts = np.arange(len(rows)) if few else rows, Parts(things)
        self._all = few or np.array_equal(rows, np.arange(everything))
        self.photos = np.arange(len(self._parts))
