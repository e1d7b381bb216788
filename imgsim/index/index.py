"""Finding and opening an index."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from imgsim.errors import IndexNotFoundError
from imgsim.index.sqlite.connection import DATABASE, FOLDER
from imgsim.index.sqlite.sqlite_store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from imgsim.core import ImageRecord, Match
    from imgsim.features.measure import Photo
    from imgsim.index.search import Searcher


def find_index(start: str) -> str | None:
    """Look for the nearest index upward from a place."""
    place = os.path.abspath(start)
    while True:
        candidate = os.path.join(place, FOLDER)
        if os.path.exists(os.path.join(candidate, DATABASE)):
            return candidate
        parent = os.path.dirname(place)
        if parent == place:
            return None
        place = parent


def find_indexes_below(folder: str) -> list[str]:
    """List the indexed folders right below a folder."""
    with os.scandir(folder) as entries:
        return sorted(entry.path for entry in entries if os.path.exists(os.path.join(entry.path, FOLDER, DATABASE)))


def locate_index(place: str) -> str:
    """Find the index that a path names: an indexed folder, or the index's own folder."""
    for candidate in (os.path.join(place, FOLDER), place):
        if os.path.exists(os.path.join(candidate, DATABASE)):
            return candidate
    raise IndexNotFoundError(f"{place}: no index here", remedy="make-index", folder=place)


class Index:
    """An index opened for queries; a context manager.

    Parameters
    ----------
    directory : str
        The index's own folder.

    Attributes
    ----------
    directory : str
        The same.
    store : Store
        What it holds.
    """

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.store = SqliteStore.open_reader(directory)

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the index."""
        self.store.close()

    @property
    def root(self) -> str:
        """The indexed folder."""
        return self.store.root

    def search(
        self,
        photo: Photo | Sequence[Photo],
        k: int = 10,
        *,
        extractors: Sequence[str] = (),
        metric: str | None = None,
        max_distance: float | None = None,
        min_probability: float | None = None,
        include_self: bool = False,
        where: str | Sequence[str] = (),
    ) -> list[Match]:
        """Find the photos most like a photo.

        Parameters
        ----------
        photo : str, path, bytes, ndarray of uint8 (H, W, 3), or a list of them
            The query, bytes being a file's content; a list holds views of one thing, of which the closest counts.
        k : int, default 10
            Matches wanted.
        extractors : sequence of str, optional
            ``NAME[:key=value,...][@WEIGHT]`` each, among those of the index; several are fused. None means the
            index's default.
        metric : str, optional
            In place of each extractor's own.
        max_distance : float, optional
            Leave out matches farther than this.
        min_probability : float, optional
            Leave out matches less probable than this; `imgsim calibrate` fits probabilities.
        include_self : bool, default False
            Whether the query photo itself may be a match, if it is in the index.
        where : str or sequence of str, optional
            Find only photos for which these expressions hold, such as ``"price < 30000 and category = 'shirt'"``.

        Returns
        -------
        list of Match
            At most k, the closest first, ties by path.

        Raises
        ------
        ImageReadError
            If the photo cannot be read.
        ExtractorMismatchError
            If the index has no features of an extractor.
        UnknownNameError
            If there is no such extractor, metric or attribute.
        CalibrationError
            If a probability is asked for and the distance is not calibrated.
        ExpressionError
            If an expression is not understood, or compares what does not compare.
        """
        views: Sequence[Photo] = photo if isinstance(photo, (list, tuple)) else [photo]  # type: ignore[list-item]
        with self.searcher(extractors, metric, where) as searcher:
            return searcher.search(
                views, k, max_distance=max_distance, min_probability=min_probability, include_self=include_self
            )

    def is_calibrated(self, extractors: Sequence[str] = (), metric: str | None = None) -> bool:
        """Tell whether matches by these extractors and metric carry a probability."""
        from imgsim.index.distance import choose_distance

        return choose_distance(self.store, extractors, metric).name in self.store.calibrations()

    @contextmanager
    def searcher(
        self, extractors: Sequence[str] = (), metric: str | None = None, where: str | Sequence[str] = ()
    ) -> Iterator[Searcher]:
        """Prepare many queries by the same extractors, metric and conditions, on one state of the index.

        Parameters
        ----------
        extractors : sequence of str, optional
            As for `search`.
        metric : str, optional
            As for `search`.
        where : str or sequence of str, optional
            As for `search`.

        Yields
        ------
        Searcher
            Whose `Searcher.search` answers them.
        """
        from imgsim.index.search import Searcher

        with self.store.snapshot():
            yield Searcher(self.directory, self.store, extractors, metric, _listed(where))

    def photos(self, where: str | Sequence[str] = ()) -> Iterator[ImageRecord]:
        """Give what is known of the photos for which expressions hold.

        Parameters
        ----------
        where : str or sequence of str, optional
            As for `search`; all photos, unless given.

        Yields
        ------
        ImageRecord
            By path.

        Raises
        ------
        ExpressionError
            If an expression is not understood, or compares what does not compare.
        UnknownNameError
            If it names an attribute that no photo has.
        """
        from imgsim.where.select import select_photos

        with self.store.snapshot():
            keys = self.store.photo_keys()
            yield from self.store.records(keys[select_photos(self.store.facts, _listed(where), keys)].tolist())

    def search_color(self, color: str, k: int = 10, *, where: str | Sequence[str] = ()) -> list[Match]:
        """Find the photos that most probably have a colour, without any photo to compare with.

        Parameters
        ----------
        color : str
            A colour's name, as `imgsim color` gives it.
        k : int, default 10
            Matches wanted.
        where : str or sequence of str, optional
            As for `search`.

        Returns
        -------
        list of Match
            At most k, the most probable first, ties by path; the distance is 1 - probability.

        Raises
        ------
        UnknownNameError
            If no photo of the index has a probability for that name.
        ImgsimError
            If no photo of the index has colours.
        """
        from imgsim.index.by_color import rank_by_color

        with self.store.snapshot():
            return rank_by_color(self.store, color, k, _listed(where))


def _listed(where: str | Sequence[str]) -> Sequence[str]:
    return [where] if isinstance(where, str) else where


def open_index(path: str | os.PathLike[str] | None = None) -> Index:
    """Open an index for queries.

    Parameters
    ----------
    path : str or path, optional
        An indexed folder, or an index's own folder; without it the nearest ``.imgsim`` upward from the working folder.

    Returns
    -------
    Index
        A context manager.

    Raises
    ------
    IndexNotFoundError
        If there is no index.
    IndexFormatError
        If this imgsim cannot read it.
    """
    if path is not None:
        return Index(locate_index(os.fspath(path)))
    directory = find_index(os.curdir)
    if directory is None:
        raise IndexNotFoundError("no index here or above: make one with `imgsim index FOLDER`, or give --index")
    return Index(directory)
