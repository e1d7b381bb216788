"""The door to an index: whoever reads one, whichever engine keeps it, goes through here."""

from __future__ import annotations

import os
from contextlib import contextmanager
from itertools import compress
from typing import TYPE_CHECKING, Self

from imgsim.errors import ImgsimError, IndexNotFoundError, ParameterError
from imgsim.index.location import find_index, locate_index
from imgsim.index.sqlite.sqlite_store import SqliteStore
from imgsim.naming import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from imgsim.core import Features, ImageRecord, Match
    from imgsim.images.photo import Photo
    from imgsim.index.distance import ChosenDistance
    from imgsim.index.duplicates import DuplicatePhoto, Nearness
    from imgsim.index.external_rows import RowsByContent
    from imgsim.index.index_writer import IndexWriter
    from imgsim.index.options import Options, Remembered
    from imgsim.index.run import Update
    from imgsim.index.search import Searcher
    from imgsim.index.store.extractor_store import DefaultQuery, StoredExtractor
    from imgsim.index.store.ledger_store import Failure
    from imgsim.index.store.pair_store import DecidedPair
    from imgsim.index.summary import Observer
    from imgsim.segment.cutter import Cutter
    from imgsim.where.facts import FactTable
    from imgsim.where.sight import Sight, SightRule


class Index:
    """An index opened for queries; a context manager.

    Its length is the number of photos; going through it gives what is known of each, by path.

    Parameters
    ----------
    directory : str
        The index's own folder.
    store : Store, optional
        What it holds, already open.

    Attributes
    ----------
    directory : str
        The same.
    """

    def __init__(self, directory: str, store: SqliteStore | None = None) -> None:
        self.directory = directory
        self._store = store or SqliteStore.open_reader(directory)

    @classmethod
    def open(cls, place: str | os.PathLike[str]) -> Self:
        """Open the index that a path names.

        Parameters
        ----------
        place : str or path
            An indexed folder, or an index's own folder; a ``file://`` URL of one will do.

        Returns
        -------
        Index
            A context manager.

        Raises
        ------
        IndexNotFoundError
            If there is no index, or no engine for such a URL.
        IndexFormatError
            If this imgsim cannot read it.
        """
        return cls(locate_index(place))

    def writing(self) -> IndexWriter:
        """Open the same index for writing, beside this one, which goes on reading.

        Returns
        -------
        IndexWriter
            A context manager.

        Raises
        ------
        IndexLockedError
            If another process is writing the index.
        IndexWriteError
            If it cannot be written.
        """
        from imgsim.index.index_writer import IndexWriter

        return IndexWriter(self.directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the index."""
        self._store.close()

    def snapshot(self) -> AbstractContextManager[None]:
        """Read one state of the index inside the block, whatever is written meanwhile.

        Returns
        -------
        context manager
            Of the block.
        """
        return self._store.snapshot()

    @property
    def root(self) -> str:
        """The indexed folder."""
        return self._store.root

    @property
    def identity(self) -> str:
        """A name that no other index has, by which pairs tell of which one a lost photo is."""
        return self._store.stamp.store

    @property
    def facts_of_place(self) -> dict[str, str | None]:
        """The indexed folder, and the index's own where it is not inside: what an error's remedy names it by."""
        from imgsim.index.sqlite.connection import outside

        return {"folder": self.root, "index": outside(self.directory, self.root)}

    @property
    def journal_mode(self) -> str:
        """How SQLite writes: ``wal``, or ``delete`` on network shares."""
        return self._store.journal_mode

    @property
    def options(self) -> Remembered:
        """How the index was made, which later runs go by."""
        from imgsim.index.options import Remembered

        return Remembered.of(self._store)

    @property
    def counts(self) -> dict[str, int]:
        """The numbers of ``photos``, ``failures`` and, as ``generation``, of changes."""
        return self._store.counts()

    @property
    def failures(self) -> list[Failure]:
        """The files that could not be read, and why, by path."""
        return self._store.failures()

    def __len__(self) -> int:
        return self.counts["photos"]

    def __iter__(self) -> Iterator[ImageRecord]:
        return self.photos()

    @property
    def paths(self) -> list[str]:
        """The photos, within the indexed folder, in the order in which rows of features stand."""
        return sorted(self._store.known(), key=os.fsencode)

    @property
    def facts(self) -> FactTable:
        """What is known of all photos' attributes."""
        return self._store.facts

    def photos(
        self,
        where: str | Sequence[str] = (),
        *,
        sort: str | Sequence[str] = (),
        limit: int | None = None,
        out_of_sight: bool = True,
    ) -> Iterator[ImageRecord]:
        """Give what is known of the photos for which expressions hold.

        Parameters
        ----------
        where : str or sequence of str, optional
            As for `search`; all photos, unless given.
        sort : str or sequence of str, optional
            Attributes or fields to order them by, such as ``"price,-found_on"``: the first counts most, a minus begins
            with the largest, and photos that lack one come last.
        limit : int, optional
            Give only so many of the first.
        out_of_sight : bool, default True
            Whether photos that are out of sight are among them.

        Yields
        ------
        ImageRecord
            In that order, ties and all others by path.

        Raises
        ------
        ExpressionError
            If an expression is not understood, or compares what does not compare.
        UnknownNameError
            If it names an attribute that no photo has.
        ParameterError
            If it sorts by what has no order.
        """
        from imgsim.index.selection import select_records

        with self.snapshot():
            rules = self._rules(out_of_sight=out_of_sight)
            yield from select_records(self._store, listed(where), rules, sort=listed(sort), limit=limit)

    def photo(self, path: str) -> ImageRecord:
        """Give what is known of one photo.

        Parameters
        ----------
        path : str
            Within the indexed folder.

        Returns
        -------
        ImageRecord
            The photo's.

        Raises
        ------
        ImgsimError
            If it is not in the index.
        """
        with self.snapshot():
            key = self._store.photo_key(path)
            if key is None:
                raise ImgsimError(f"{path}: not in the index of {self.root}", remedy="add-photo")
            return next(self._store.records([key]))

    def find_photos(self, names: Iterable[str]) -> list[ImageRecord]:
        """Give what is known of photos that paths, as they are typed, lead to.

        Parameters
        ----------
        names : iterable of str
            As seen from the working folder or, where nothing is there, from the indexed one.

        Returns
        -------
        list of ImageRecord
            One a name.

        Raises
        ------
        ImgsimError
            If one of them is not in the index.
        """
        from imgsim.index.photo_lookup import PhotoLookup

        with self.snapshot():
            keys = list(map(PhotoLookup(self._store).find, names))
            return list(self._store.records(keys))

    def has_photo(self, name: str) -> bool:
        """Tell whether a path, as it is typed, leads to a photo of the index.

        Parameters
        ----------
        name : str
            As seen from the working folder or, where nothing is there, from the indexed one.

        Returns
        -------
        bool
            Whether it does.
        """
        from imgsim.index.photo_lookup import PhotoLookup

        return PhotoLookup(self._store).named(name) is not None

    def photos_with(self, digests: Iterable[bytes]) -> dict[bytes, list[str]]:
        """Find the photos that have some contents.

        Parameters
        ----------
        digests : iterable of bytes
            BLAKE2b-128 of the contents, as `ImageRecord` and `DecidedPair` have them.

        Returns
        -------
        dict of bytes to list of str
            Their paths, sorted; contents that no photo has are left out.
        """
        from imgsim.index.decided_pairs import paths_with

        with self.snapshot():
            return paths_with(self._store, digests)

    @property
    def sight(self) -> Sight:
        """What the index's rules keep out of sight, as of now."""
        from imgsim.where.sight import Sight

        return Sight(self._store.facts, self._store.sight_rules)

    @property
    def sight_rules(self) -> list[SightRule]:
        """The rules that keep photos out of sight, the first added first, with the number of photos of each."""
        return self.sight.counted(self._store.photo_keys())

    def _rules(self, *, out_of_sight: bool) -> Sequence[str]:
        """Give the rules to go by: none, where photos that are out of sight are asked for too."""
        return () if out_of_sight else self._store.sight_rules

    def count_out_of_sight(self, where: str | Sequence[str] = ()) -> int:
        """Count the photos that are out of sight.

        Parameters
        ----------
        where : str or sequence of str, optional
            As for `search`.

        Returns
        -------
        int
            Of those for which the expressions hold.
        """
        return self.sight.count_unseen(listed(where), self._store.photo_keys())

    def explain_nothing(self, where: str | Sequence[str] = (), *, out_of_sight: bool = False) -> ImgsimError | None:
        """Say why no photo is found.

        Parameters
        ----------
        where : str or sequence of str, optional
            As for `search`.
        out_of_sight : bool, default False
            As for `search`.

        Returns
        -------
        ImgsimError or None
            An `OutOfSightError` where photos fit that are all out of sight; None where nothing was asked.
        """
        from imgsim.index.selection import explain_none

        return explain_none(self._store, listed(where), out_of_sight=out_of_sight)

    def search(
        self,
        photo: Photo | Sequence[Photo],
        k: int = 10,
        *,
        extractors: Sequence[str] = (),
        metric: str | None = None,
        max_distance: float | str | None = None,
        min_probability: float | None = None,
        include_self: bool = False,
        rerank: str | None = None,
        where: str | Sequence[str] = (),
        out_of_sight: bool = False,
    ) -> list[Match]:
        """Find the photos most like a photo.

        Parameters
        ----------
        photo : str, path, bytes, PIL image, ndarray of uint8 (H, W, 3), or a list of them
            The query, bytes being a file's content; a list holds views of one thing, of which the closest counts.
        k : int, default 10
            Matches wanted.
        extractors : sequence of str, optional
            ``NAME[:key=value,...][@WEIGHT]`` each, among those of the index; several are fused. None means the
            index's default.
        metric : str, optional
            In place of each extractor's own.
        max_distance : float or str, optional
            Leave out matches farther than this; ``"6b"`` is 6 bits, of a binary extractor compared by ``hamming``.
        min_probability : float, optional
            Leave out matches less probable than this; `imgsim calibrate` fits probabilities.
        include_self : bool, default False
            Whether the query photo itself may be a match, if it is in the index.
        rerank : str, optional
            ``NAME[:key=value,...]``: put the first matches in another order, by ``k_reciprocal`` or
            ``query_expansion``; see `imgsim.search.reranking`.
        where : str or sequence of str, optional
            Find only photos for which these expressions hold, such as ``"price < 30000 and category = 'shirt'"``.
        out_of_sight : bool, default False
            Whether photos may be found that rules of the index keep out of sight (`IndexWriter.change_sight`).

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
            If there is no such extractor, metric, re-ranking or attribute.
        ParameterError
            If a parameter of the re-ranking does not fit, or a threshold is outside what the distance can be.
        CalibrationError
            If a probability is asked for and the distance is not calibrated.
        ExpressionError
            If an expression is not understood, or compares what does not compare.
        """
        from imgsim.images.photo import to_photos

        with self.searcher(extractors, metric, where, out_of_sight=out_of_sight) as searcher:
            return searcher.search(
                to_photos(photo),
                k,
                max_distance=max_distance,
                min_probability=min_probability,
                include_self=include_self,
                rerank=rerank,
            )

    @contextmanager
    def searcher(
        self,
        extractors: Sequence[str] = (),
        metric: str | None = None,
        where: str | Sequence[str] = (),
        *,
        out_of_sight: bool = False,
        parts: bool = False,
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
        out_of_sight : bool, default False
            As for `search`.
        parts : bool, default False
            Whether parts of photos are found, of an index that has some, and not whole photos.

        Yields
        ------
        Searcher
            Whose `Searcher.search` answers them.
        """
        from imgsim.index.search import Searcher

        with self.snapshot():
            rules = self._rules(out_of_sight=out_of_sight)
            yield Searcher(self.distance(extractors, metric), listed(where), rules, parts=parts and self.is_cut)

    def search_color(
        self, color: str, k: int = 10, *, where: str | Sequence[str] = (), out_of_sight: bool = False
    ) -> list[Match]:
        """Find the photos that most probably have a colour, without any photo to compare with.

        Parameters
        ----------
        color : str
            A colour's name, as `imgsim color` gives it.
        k : int, default 10
            Matches wanted.
        where : str or sequence of str, optional
            As for `search`.
        out_of_sight : bool, default False
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

        with self.snapshot():
            rules = self._rules(out_of_sight=out_of_sight)
            return rank_by_color(self._store, color, k, listed(where), rules)

    def color_expression(self, color: str) -> str:
        """Write the expression that holds for photos of a colour.

        Parameters
        ----------
        color : str
            A name that some photo of the index has.

        Returns
        -------
        str
            For `photos`, or for `search` as `where`.

        Raises
        ------
        UnknownNameError
            If no photo is of that colour.
        ImgsimError
            If the colours of no photo were measured.
        """
        from imgsim.index.by_color import color_expression

        return color_expression(self._store, color)

    def duplicates(
        self, nearness: Nearness | None = None, *, keep: str = "largest", where: str | Sequence[str] = ()
    ) -> list[list[DuplicatePhoto]]:
        """Group photos that are copies of each other; within `snapshot` if it is given a nearness.

        Parameters
        ----------
        nearness : Nearness, optional
            By what photos that differ in their bytes count as copies, of this index; without it none do. All photos of
            a group are near each other (complete linkage), so that a chain of neighbours is no group.
        keep : {"largest", "oldest", "newest", "path"}, default "largest"
            Which is the one to keep: that of the most pixels, then bytes; by the file's time; or the first by path,
            which also decides where they are equal.
        where : str or sequence of str, optional
            As for `search`.

        Returns
        -------
        list of list of DuplicatePhoto
            Groups of two and more, by the path of the photo to keep, which comes first in each.

        Raises
        ------
        ImgsimError
            If too many are near.
        """
        from imgsim.index.duplicates import find_duplicates

        with self.snapshot():
            return find_duplicates(self._store, nearness, keep=keep, where=listed(where))

    @property
    def extractors(self) -> list[StoredExtractor]:
        """The extractors that there are features of, the first indexed first."""
        return self._store.extractors()

    @property
    def default(self) -> DefaultQuery | None:
        """What queries compare by unless told otherwise."""
        return self._store.default_query()

    def find_extractor(self, text: str) -> StoredExtractor:
        """Find an extractor of the index by name, whether or not this imgsim can still make it.

        Parameters
        ----------
        text : str
            ``NAME[:key=value,...]``.

        Returns
        -------
        StoredExtractor
            With its key in this index.

        Raises
        ------
        ExtractorMismatchError
            If the index has none of that name.
        """
        from imgsim.index.distance import find_stored

        return find_stored(self._store, text)

    def count_features(self, extractor: StoredExtractor) -> int:
        """Count an extractor's rows."""
        return self._store.count_features(extractor)

    def count_measured(self, extractor: StoredExtractor) -> int:
        """Count the photos that, as a whole, have a row of an extractor.

        Parameters
        ----------
        extractor : StoredExtractor
            As `extractors` lists it.

        Returns
        -------
        int
            Parts do not count.
        """
        return self.counts["photos"] - len(self._store.lacking(extractor))

    def distance(self, extractors: Sequence[str] = (), metric: str | None = None) -> ChosenDistance:
        """Choose a distance; within `snapshot`, what it then measures is of the same state.

        Parameters
        ----------
        extractors : sequence of str, optional
            As for `search`.
        metric : str, optional
            As for `search`.

        Returns
        -------
        ChosenDistance
            Its name, extractors and metrics; its ``terms()`` are ready to be ranked.
        """
        from imgsim.index.distance import choose_distance

        return choose_distance(self.directory, self._store, extractors, metric)

    def counterpart(self, distance: ChosenDistance) -> ChosenDistance:
        """Choose the extractors that another index's distance is by, among those of this one.

        Parameters
        ----------
        distance : ChosenDistance
            Of another index.

        Returns
        -------
        ChosenDistance
            Of this index; it says whose rows are meant, while the other says how they are compared.

        Raises
        ------
        ExtractorMismatchError
            If this index has no features of one of them, or of another version.
        """
        from imgsim.index.counterpart import find_counterpart

        return find_counterpart(self.directory, self._store, distance)

    def features(self, extractor: str) -> tuple[Features, list[str]]:
        """Give the features of whole photos.

        Parameters
        ----------
        extractor : str
            ``NAME[:key=value,...]``, among those of the index.

        Returns
        -------
        features : ndarray of float32, shape (N, D)
            A row a photo; bits are 0 and 1.
        paths : list of str
            Of the N photos that have features, in the order of the rows.
        """
        with self.snapshot():
            rows, present = self.distance([extractor]).features()
            return rows[present], list(compress(self.paths, present))

    def rows_by_content(self) -> RowsByContent:
        """Find photos' rows by what is in a file; within `snapshot`, of one state.

        Returns
        -------
        RowsByContent
            Of this index.
        """
        from imgsim.index.external_rows import RowsByContent

        return RowsByContent(self._store)

    @property
    def calibrations(self) -> list[str]:
        """The names of the distances that are calibrated."""
        return list(self._store.calibrations())

    @property
    def stale_calibrations(self) -> set[str]:
        """Those of them that were fitted to features that are others now."""
        return self._store.stale_calibrations()

    def is_calibrated(self, extractors: Sequence[str] = (), metric: str | None = None) -> bool:
        """Tell whether matches by these extractors and metric carry a probability.

        Parameters
        ----------
        extractors : sequence of str, optional
            As for `search`.
        metric : str, optional
            As for `search`.

        Returns
        -------
        bool
            Whether that distance was calibrated.
        """
        with self.snapshot():
            return self.distance(extractors, metric).name in self.calibrations

    @property
    def is_cut(self) -> bool:
        """Whether the photos are cut into parts."""
        return bool(self._store.cut)

    def cutter(
        self, segment: str | None = None, background: str | None = None, *, crop: bool | None = None
    ) -> Cutter | None:
        """Make what cuts the photos that are asked by: as the index's are cut, unless it is said otherwise.

        Parameters
        ----------
        segment : str, optional
            ``NAME[:LABEL,...]``; ``none`` for whole photos.
        background : str, optional
            What is put behind parts: ``white``, ``black``, ``mean`` or ``blur``.
        crop : bool, optional
            Whether to cut close around them.

        Returns
        -------
        Cutter or None
            None where whole photos are compared.

        Raises
        ------
        UnknownNameError
            If there is no such segmenter or label.
        ParameterError
            If a background is given where nothing is cut out.
        """
        from imgsim.segment.cutter import settled_cutter

        cutter = settled_cutter(self._store.cut, segment, background, crop=crop)
        if cutter is None and (background or crop is not None):
            raise ParameterError("a background, or a crop, is of parts that are cut out", remedy="name-segmenter")
        return cutter

    def pairs(self, lost: Index | None = None) -> list[DecidedPair]:
        """List what people decided about lost photos and found ones of this index, and what they were told.

        Parameters
        ----------
        lost : Index, optional
            That of the lost photos, where it is another one: it tells where they are now.

        Returns
        -------
        list of DecidedPair
            By path, the lost one's first. Paths are those of today where the photos are indexed, else the last ones.
        """
        from imgsim.index.decided_pairs import list_pairs

        with self.snapshot():
            return list_pairs(self._store, None if lost is None else lost.photos_with)

    def count_pairs(self) -> dict[str, int]:
        """Count the pairs that are kept, by their state; states that no pair has are left out."""
        from imgsim.index.decided_pairs import count_states

        return count_states(self._store)

    def update_of(self, folder: str, options: Options | None = None, observer: Observer | None = None) -> Update:
        """Prepare a run over a folder: to find out what it would do or, of an index opened for writing, to do it.

        Parameters
        ----------
        folder : str
            The photos.
        options : Options, optional
            How.
        observer : Observer, optional
            Who hears of progress and of files that cannot be read.

        Returns
        -------
        Update
            Not begun.
        """
        from imgsim.index.run import Update

        return Update(folder, self.directory, self._store, options, observer)


def open_index(path: str | os.PathLike[str] | None = None) -> Index:
    """Open an index for queries.

    Parameters
    ----------
    path : str or path, optional
        As for `Index.open`; without it the nearest ``.imgsim`` upward from the working folder.

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
    directory = find_index(os.curdir) if path is None else locate_index(path)
    if directory is None:
        raise IndexNotFoundError("no index here or above", remedy="make-or-name-index")
    return Index(directory)


def remembered_at(place: str) -> Remembered:
    """Read how the index that a path names was made; the defaults where there is none."""
    from imgsim.index.options import Remembered

    try:
        with Index.open(place) as index:
            return index.options
    except IndexNotFoundError:
        return Remembered()
