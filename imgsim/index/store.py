"""What an index remembers, whichever engine keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from imgsim.core import local_time
from imgsim.images.formats import DECODING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.core import ExtractorSpec, Features, ImageRecord, Keys, Statistics
    from imgsim.file_state import FileState
    from imgsim.images.find import FoundImage
    from imgsim.where.facts import FactTable

COLORS = ("color", "color_probabilities", "palette")  # the attributes that measuring colours sets
CUT = ("parts", "area_share", "part_boxes")  # those that cutting out parts sets
HEADERS = ("taken", "camera", "place_lat", "place_lon")  # and those that reading headers sets
MISSING, LEFT_OUT, UNREADABLE = "missing", "left out", "unreadable"  # why a photo is hidden
STATES = SAID, CONFIRMED, REJECTED = "said", "confirmed", "rejected"  # of a pair
LATEST = 1 << 62  # moment of a decision, in nanoseconds: of the year 2116


class Stamp(NamedTuple):
    """Names a store's content: equal stamps, equal photos and features.

    Parameters
    ----------
    store : str
        The store, as no other is named: hexadecimal digits.
    generation : int
        Grows with every transaction that changed photos or features.
    """

    store: str
    generation: int


class Known(NamedTuple):
    """What a scan compares a file with.

    Parameters
    ----------
    size : int
        Bytes.
    mtime_ns : int
        Modification time, nanoseconds since the epoch.
    digest : bytes
        BLAKE2b-128 of the content.
    decoding : int, optional
        The version of decoding that its features were measured under; without it, today's.
    ctime_ns : int, optional
        Change time, nanoseconds since the epoch; 0 where none is known.
    inode : int, optional
        The number that the file system gives the file; 0 where none is known.
    key : hashable, optional
        The photo's, as `Store.photo_keys` has it.
    """

    size: int
    mtime_ns: int
    digest: bytes
    decoding: int = DECODING
    ctime_ns: int = 0
    inode: int = 0
    key: Hashable = None


class StoredPhoto(NamedTuple):
    """A photo as it was when it was stored: what its file is compared with, and where its rows are found.

    Parameters
    ----------
    known : Known
        Its file.
    part : hashable
        The key of the part that is the whole photo, as `Store.part_keys` has it.
    width, height : int
        Upright pixels.
    """

    known: Known
    part: Hashable
    width: int
    height: int


class HiddenPhoto(NamedTuple):
    """A photo that is not where it was: kept with all that is known of it, and hidden from whatever reads photos.

    Parameters
    ----------
    path : str
        Where it was seen last, relative to the index root; another photo may be there now.
    why : str
        `MISSING`, `LEFT_OUT` by patterns or no longer looked at, or `UNREADABLE` in its place.
    known : Known
        As it was.
    """

    path: str
    why: str
    known: Known


@dataclass(frozen=True)
class StoredExtractor:
    """An extractor that the index holds features of.

    Parameters
    ----------
    id : int
        Its key in this index.
    spec : ExtractorSpec
        What rebuilds it.
    dim : int
        Values in a row.
    binary : bool
        Whether rows are kept as packed bits.
    """

    id: int
    spec: ExtractorSpec
    dim: int
    binary: bool


class DefaultQuery(NamedTuple):
    """How queries compare photos unless told otherwise.

    Parameters
    ----------
    extractors : tuple of (StoredExtractor, float)
        Each with its weight; several are fused.
    metric : str or None
        None for each extractor's own.
    """

    extractors: tuple[tuple[StoredExtractor, float], ...]
    metric: str | None = None


@dataclass(frozen=True)
class Failure:
    """A file that could not be read: one row of the ledger.

    Parameters
    ----------
    path : str
        Relative to the index root.
    size : int
        Bytes, as they were when it failed; it is tried again when they change.
    mtime_ns : int
        Likewise, nanoseconds since the epoch.
    reason : str
        Why, in a line without the path.
    ctime_ns, inode : int
        As `Known` has them.
    conditions : mapping
        What else it depended on, as `imgsim.index.failure_conditions` finds it: it is tried again when that changes.
    """

    path: str
    size: int
    mtime_ns: int
    reason: str
    ctime_ns: int = 0
    inode: int = 0
    conditions: Mapping[str, Any] = field(default_factory=dict)


class StoredClassifier(NamedTuple):
    """A classifier by whose answers an index has an attribute.

    Parameters
    ----------
    spec : ExtractorSpec
        What rebuilds it.
    model : str, optional
        What a user named it by: a file, as an absolute path, or a name; empty for the kinds that need no training.
    size, mtime_ns : int, optional
        Of that file, when it was found to be this one; 0 for a name.
    """

    spec: ExtractorSpec
    model: str = ""
    size: int = 0
    mtime_ns: int = 0


def labelled(name: str) -> tuple[str, str]:
    """Give the attributes that a classifier sets which is to set one: that, and how probable it is.

    Examples
    --------
    >>> labelled("kind")
    ('kind', 'kind_probability')
    """
    return name, f"{name}_probability"


class DecidedPair(NamedTuple):
    """What people decided about a lost photo and a found one, or that they were told of the two.

    It is about contents: copies share it, and no move, new name or removal of a photo changes it.

    Parameters
    ----------
    lost, found : bytes
        BLAKE2b-128 of the photos' content.
    state : str
        `SAID`, `CONFIRMED` or `REJECTED`.
    lost_path, found_path : str
        Where the photos were seen last, each relative to the root of its index.
    who : str, optional
        Who decided; empty where nobody said.
    decided_ns : int, optional
        When, nanoseconds since the epoch, before `LATEST`.
    lost_store : str, optional
        The `Stamp.store` of the index that the lost photo is of; empty where that is unknown. The found one is of the
        index that keeps the pair.
    """

    lost: bytes
    found: bytes
    state: str
    lost_path: str
    found_path: str
    who: str = ""
    decided_ns: int = 0
    lost_store: str = ""

    @property
    def decided(self) -> str:
        """When it was decided or said, as the local clock showed it."""
        return local_time(self.decided_ns)


@dataclass(frozen=True)
class MeasuredPhoto:
    """A photo and its features, ready to be stored.

    Parameters
    ----------
    record : ImageRecord
        The photo.
    features : mapping of int to ndarray of float32, shape (P, D)
        A row for each part, by the extractor's key.
    parts : tuple of str
        Names of the P parts.
    owner : str
        The spec of what cut the photo into these parts; empty for the whole photo, whose one part has no name.
    measured : mapping, optional
        Attributes that were measured, such as colours.
    decoding : int, optional
        The version of decoding that they were measured under; without it, today's.
    ctime_ns, inode : int, optional
        Of the file, as `Known` has them.
    """

    record: ImageRecord
    features: Mapping[int, Features]
    parts: tuple[str, ...] = field(default=("",))
    owner: str = ""
    measured: Mapping[str, Any] = field(default_factory=dict)
    decoding: int = DECODING
    ctime_ns: int = 0
    inode: int = 0


class PartLabel(NamedTuple):
    """Whose row it is.

    Parameters
    ----------
    path : str
        The photo's, relative to the index root.
    part : str
        The name of the part; empty for the whole photo.
    attributes : mapping
        What is known of the photo, typed and measured.
    """

    path: str
    part: str
    attributes: Mapping[str, Any]


class Rows(NamedTuple):
    """Rows of features by one extractor.

    Parameters
    ----------
    features : ndarray of float32, shape (n, D)
        Zeros where `present` is false.
    present : ndarray of bool, shape (n,)
        Which parts have a row that is as it was stored.
    damaged : ndarray of bool, shape (n,)
        Which have one that is not, or that holds what is no number.
    """

    features: Features
    present: NDArray[np.bool_]
    damaged: NDArray[np.bool_]


class PartKeys(NamedTuple):
    """Every part in a store, by its photo's path, the whole photo before its parts; these by owner and name.

    Parameters
    ----------
    parts, photos : ndarray, shape (N,)
        The keys of the parts, and of their photos.
    whole : ndarray of bool, shape (N,)
        Which are whole photos: one of each photo.
    """

    parts: Keys
    photos: Keys
    whole: NDArray[np.bool_]


class Store(Protocol):
    """Keeps photos, features and failures; every write is an upsert, inside a transaction.

    A photo that is not where it was is hidden: only `hidden`, `typed` and `counts` tell of it, and `place` shows it
    again. Dropping extractors and choosing how colours are measured concerns it like the others.

    The keys of photos and parts are opaque: of one NumPy dtype without Python objects, which each store chooses, and
    only ever compared with each other. Attributes that were measured are kept apart from those that people typed;
    whatever is read of a photo has both, and a typed one hides a measured one of its name.
    """

    root: str  # the indexed folder, as an absolute path

    @property
    def stamp(self) -> Stamp:
        """Names the content."""

    @property
    def facts(self) -> FactTable:
        """What is known of all photos' attributes."""

    @property
    def options(self) -> dict[str, Any]:
        """How the index is made, as a JSON object; empty until it is set."""

    def set_options(self, options: Mapping[str, Any]) -> None:
        """Set how the index is made; the stamp stays.

        Parameters
        ----------
        options : mapping
            A JSON object, in place of the one before.
        """

    @property
    def declared(self) -> dict[str, str]:
        """The attributes that are known whether or not photos have them, and their types."""

    def set_declared(self, declared: Mapping[str, str]) -> None:
        """Set which attributes are known whether or not photos have them; the stamp stays.

        Parameters
        ----------
        declared : mapping of str to str
            Types by name, in place of those before.
        """

    def pairs(self, *, decided: bool = False) -> list[DecidedPair]:
        """List the pairs that were kept, by the paths that they were kept with, the lost one's first.

        Parameters
        ----------
        decided : bool
            Leave out those that were only said.

        Returns
        -------
        list of DecidedPair
            As they were kept.
        """

    def keep_pairs(self, pairs: Iterable[DecidedPair]) -> None:
        """Keep pairs; the stamp stays.

        Parameters
        ----------
        pairs : iterable of DecidedPair
            Each in place of what was kept of the two; one that was only said takes the place of nothing.
        """

    def forget_pairs(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        """Forget pairs; the stamp stays.

        Parameters
        ----------
        pairs : iterable of (bytes, bytes)
            The digests of the lost photo and of the found one; those that are not kept are passed over.
        """

    def photos_with(self, digests: Iterable[bytes]) -> dict[bytes, list[Hashable]]:
        """Find the photos that have some contents.

        Parameters
        ----------
        digests : iterable of bytes
            BLAKE2b-128 of the contents.

        Returns
        -------
        dict of bytes to list of hashable
            The keys of those that are shown, by path; contents that no photo has are left out.
        """

    @property
    def sight_rules(self) -> list[str]:
        """The expressions that keep photos out of sight, as they were typed; see `imgsim.where.sight`."""

    def set_sight_rules(self, rules: Sequence[str]) -> None:
        """Set what keeps photos out of sight; the stamp stays.

        Parameters
        ----------
        rules : sequence of str
            Expressions, in place of those before.
        """

    def snapshot(self) -> AbstractContextManager[None]:
        """Read one consistent state inside the block."""

    def transaction(self) -> AbstractContextManager[None]:
        """Write all of the block, or nothing of it; a block within another is part of that one."""

    def extractors(self) -> list[StoredExtractor]:
        """List the extractors, the first indexed first."""

    def default_query(self) -> DefaultQuery | None:
        """Give what queries compare by unless told otherwise: the first extractor until another is set."""

    def add_extractor(self, spec: ExtractorSpec, dim: int, *, binary: bool) -> StoredExtractor:
        """Add an extractor, or find it; the first one becomes the default.

        Parameters
        ----------
        spec : ExtractorSpec
            What rebuilds it; equal specs are one extractor.
        dim : int
            Values in a row.
        binary : bool
            Whether rows have bits of 0 and 1 only, and may be packed.

        Returns
        -------
        StoredExtractor
            With its key in this index.
        """

    def drop_extractor(self, extractor: StoredExtractor) -> None:
        """Remove an extractor, its features, and the calibrations of distances that it has a part in.

        Parameters
        ----------
        extractor : StoredExtractor
            As `extractors` lists it.
        """

    def set_default(self, query: DefaultQuery) -> None:
        """Set what queries compare by unless told otherwise.

        Parameters
        ----------
        query : DefaultQuery
            Of extractors that the store has.
        """

    def known(self) -> dict[str, Known]:
        """Give every photo's path, with what tells whether it changed."""

    def lacking(self, extractor: StoredExtractor) -> set[str]:
        """Give the paths of photos that, as a whole, have no features of an extractor.

        Parameters
        ----------
        extractor : StoredExtractor
            As `extractors` lists it.

        Returns
        -------
        set of str
            Relative to the index root.
        """

    def put(self, photo: MeasuredPhoto) -> None:
        """Store a photo, its owner's parts in place of those that the owner made before.

        Rows are finite numbers: ImgsimError for any other. What else was measured of it (other extractors' features,
        other owners' parts, other attributes) stays if its content is the same, and goes if not; what people typed
        stays, and when it was added. Every photo has a part that is the whole of it, though perhaps without features.

        Parameters
        ----------
        photo : MeasuredPhoto
            In place of what is stored under its path.
        """

    @property
    def cut(self) -> str:
        """What cuts photos into parts, as their owner; empty where nothing does."""

    def choose_cut(self, owner: str) -> None:
        """Choose what cuts photos into parts from now on; other owners' parts, and what `CUT` names, are forgotten.

        Parameters
        ----------
        owner : str
            As `MeasuredPhoto` has it; empty for nothing.
        """

    def lacking_parts(self, extractor: StoredExtractor) -> set[str]:
        """Give the paths of photos with no part but the whole, or with one that lacks features of an extractor.

        Parameters
        ----------
        extractor : StoredExtractor
            As `extractors` lists it.

        Returns
        -------
        set of str
            Relative to the index root.
        """

    @property
    def color_measure(self) -> str | None:
        """How the colours of photos are measured, by its identity; None where nobody asks for them."""

    def choose_color_measure(self, identity: str | None) -> None:
        """Choose how colours are measured from now on; what was measured otherwise is forgotten.

        Parameters
        ----------
        identity : str or None
            As `imgsim.colors.dominant.measure_identity` gives it; None measures none.
        """

    @property
    def classifiers(self) -> dict[str, StoredClassifier]:
        """The classifiers by which photos are labelled, by the attribute that each sets."""

    def choose_classifiers(self, classifiers: Mapping[str, StoredClassifier]) -> None:
        """Choose how photos are labelled from now on; what others than these said is forgotten, and the stamp stays.

        Parameters
        ----------
        classifiers : mapping of str to StoredClassifier
            By the attribute, in place of those before; one of the same specification goes on.
        """

    def lacking_measured(self, name: str) -> set[str]:
        """Give the paths of photos of which nothing was measured under a name.

        Parameters
        ----------
        name : str
            Of an attribute.

        Returns
        -------
        set of str
            Relative to the index root.
        """

    def lacking_headers(self, version: int) -> set[str]:
        """Give the paths of photos whose headers were not read under this version, or a later one, of reading them.

        Parameters
        ----------
        version : int
            From 1 on.

        Returns
        -------
        set of str
            Relative to the index root.
        """

    def note_headers(self, path: str, read: Mapping[str, Any], version: int) -> None:
        """Note what was read from a photo's headers, in place of what was before; the stamp stays.

        Parameters
        ----------
        path : str
            The photo; nothing happens where it is not stored.
        read : mapping
            Measured attributes, of those that `HEADERS` names.
        version : int
            As for `lacking_headers`; new content is of none.
        """

    def inherit_added(self, key: Hashable, of: Hashable) -> None:
        """Let a photo have been added when another of its content was, if that was before it; unknown is before all.

        Parameters
        ----------
        key, of : hashable
            Of photos, shown or hidden.
        """

    def touch(self, file: FoundImage) -> None:
        """Note a new state of a file whose content is as before.

        Parameters
        ----------
        file : FoundImage
            Of a photo; nothing happens where it is not stored.
        """

    def note_decoding(self, paths: Iterable[str], decoding: int) -> None:
        """Note that photos have the same pixels under another version of decoding: their features stay.

        Parameters
        ----------
        paths : iterable of str
            The photos.
        decoding : int
            The version.
        """

    def hidden(self) -> list[HiddenPhoto]:
        """List the photos that are hidden, by path."""

    def hide(self, keys: Iterable[Hashable], why: str) -> None:
        """Hide photos with all that is known of them, or say anew why they are hidden.

        Parameters
        ----------
        keys : iterable of hashable
            Of photos, shown or hidden.
        why : str
            As `HiddenPhoto` has it.
        """

    def place(self, key: Hashable, file: FoundImage) -> None:
        """Say where a photo is now, by another name or hidden until now; all that is known of it comes along.

        Parameters
        ----------
        key : hashable
            Of a photo, shown or hidden.
        file : FoundImage
            The file, whose path no photo that is shown has.
        """

    def typed(self, key: Hashable) -> dict[str, Any]:
        """Give the attributes that people typed of a photo.

        Parameters
        ----------
        key : hashable
            Of a photo, shown or hidden.

        Returns
        -------
        dict
            By name.
        """

    def remove(self, keys: Iterable[Hashable]) -> None:
        """Remove photos with their features and attributes.

        Parameters
        ----------
        keys : iterable of hashable
            Of photos, shown or hidden.
        """

    def merge_attributes(self, path: str, attributes: Mapping[str, Any]) -> bool:
        """Change some typed attributes of a photo and keep the others; the stamp stays.

        Parameters
        ----------
        path : str
            The photo.
        attributes : mapping
            None removes one: what was measured under that name is seen again.

        Returns
        -------
        bool
            Whether that changed any.

        Raises
        ------
        ImgsimError
            If there is no such photo.
        ParameterError
            If a value cannot be kept.
        """

    def change_attributes(self, keys: Sequence[Hashable], attributes: Mapping[str, Any]) -> int:
        """Change some typed attributes of many photos alike and keep the others; the stamp stays.

        Parameters
        ----------
        keys : sequence of hashable
            Of photos, shown or hidden, each once.
        attributes : mapping
            As for `merge_attributes`.

        Returns
        -------
        int
            How many of the photos that changed.

        Raises
        ------
        ParameterError
            If a value cannot be kept.
        """

    def records(self, keys: Sequence[Hashable], chunk: int = 1000) -> Iterator[ImageRecord]:
        """Give what is known of some photos, in the order of their keys.

        Parameters
        ----------
        keys : sequence of hashable
            Of photos, as `photo_keys` has them.
        chunk : int, default 1000
            Photos read at a time.

        Returns
        -------
        iterator of ImageRecord
            One a key.
        """

    def failures(self) -> list[Failure]:
        """List the ledger, by path."""

    def fail(self, failure: Failure) -> None:
        """Enter a file in the ledger, in place of an earlier failure.

        Parameters
        ----------
        failure : Failure
            What failed and why.
        """

    def forget_failures(self, paths: Iterable[str]) -> None:
        """Strike files off the ledger.

        Parameters
        ----------
        paths : iterable of str
            Those that are not in it are passed over.
        """

    def drawn(self) -> dict[str, FileState]:
        """Give the pictures that imgsim drew, which are no photos, by path, as they were when that was seen."""

    def keep_drawn(self, drawn: Mapping[str, FileState]) -> None:
        """Keep which pictures imgsim drew; the stamp stays.

        Parameters
        ----------
        drawn : mapping of str to FileState
            By path, in place of those before.
        """

    def count_features(self, extractor: StoredExtractor) -> int:
        """Count an extractor's rows.

        Parameters
        ----------
        extractor : StoredExtractor
            As `extractors` lists it.

        Returns
        -------
        int
            Of all parts.
        """

    def is_pinned(self, extractor: StoredExtractor) -> bool:
        """Tell whether an extractor's statistics are pinned.

        Parameters
        ----------
        extractor : StoredExtractor
            As `extractors` lists it.

        Returns
        -------
        bool
            False until `pin_statistics` was called for it.
        """

    def statistics(self, extractor: StoredExtractor) -> Statistics | None:
        """Give the pinned statistics of an extractor's features.

        Parameters
        ----------
        extractor : StoredExtractor
            As `extractors` lists it.

        Returns
        -------
        Statistics or None
            None before any are pinned.
        """

    def pin_statistics(self, extractor: StoredExtractor, statistics: Statistics) -> None:
        """Pin the statistics of an extractor's features.

        Parameters
        ----------
        extractor : StoredExtractor
            As `extractors` lists it.
        statistics : Statistics
            In place of earlier ones.
        """

    def calibrations(self) -> dict[str, str]:
        """Give every calibration, as JSON, by the name of the distance that it is of."""

    def keep_calibration(self, distance: str, extractors: Iterable[StoredExtractor], calibration: str) -> None:
        """Keep the calibration of a distance, in place of an earlier one, until one of its extractors is dropped.

        Parameters
        ----------
        distance : str
            Its name, as `calibrations` gives it back.
        extractors : iterable of StoredExtractor
            That have a part in the distance.
        calibration : str
            JSON.
        """

    def stale_calibrations(self) -> set[str]:
        """Give the names of the distances whose calibrations were fitted to other features than there are now."""

    def make_calibrations_stale(self) -> None:
        """Note that features are others than those that calibrations were fitted to; one kept anew is not stale."""

    def forget_calibrations(self) -> None:
        """Forget all of them."""

    def part_keys(self) -> PartKeys:
        """Give the keys of all parts and of their photos, and which are whole photos."""

    def features(self, extractor: StoredExtractor, chunk: int = 256) -> Iterator[Rows]:
        """Stream an extractor's rows in the order of `part_keys`.

        Parameters
        ----------
        extractor : StoredExtractor
            Whose rows.
        chunk : int, default 256
            Rows at a time.

        Yields
        ------
        Rows
            So many, or fewer at the end.
        """

    def rows(self, extractor: StoredExtractor, part_keys: Sequence[Hashable]) -> Rows:
        """Read an extractor's rows of some parts.

        Parameters
        ----------
        extractor : StoredExtractor
            Whose rows.
        part_keys : sequence of hashable
            As `part_keys` has them; parts that are not stored have no row.

        Returns
        -------
        Rows
            In the order of the keys.
        """

    def put_rows(self, extractor: StoredExtractor, part_keys: Sequence[Hashable], rows: Features) -> None:
        """Store an extractor's rows of parts that are there.

        Parameters
        ----------
        extractor : StoredExtractor
            Whose rows.
        part_keys : sequence of hashable
            As `part_keys` has them.
        rows : ndarray of float32, shape (n, D)
            Finite, one a key.
        """

    def forget_features(self, extractor: StoredExtractor, part_keys: Iterable[Hashable]) -> None:
        """Remove an extractor's rows of some parts, which then lack them.

        Parameters
        ----------
        extractor : StoredExtractor
            Whose rows.
        part_keys : iterable of hashable
            As `part_keys` has them.
        """

    def photo_keys(self) -> Keys:
        """Give the keys of all photos, shape (N,), by path."""

    def photo_key(self, path: str) -> Hashable | None:
        """Give the key of a photo.

        Parameters
        ----------
        path : str
            Relative to the index root.

        Returns
        -------
        hashable or None
            As `photo_keys` has it; None where there is no such photo.
        """

    def stored_photo(self, key: Hashable) -> StoredPhoto | None:
        """Give how a photo is stored.

        Parameters
        ----------
        key : hashable
            As `photo_key` gives it.

        Returns
        -------
        StoredPhoto or None
            None where there is no such photo.
        """

    def labels(self, part_keys: Sequence[Hashable]) -> list[PartLabel]:
        """Say whose rows these are, in order.

        Parameters
        ----------
        part_keys : sequence of hashable
            As `part_keys` has them.

        Returns
        -------
        list of PartLabel
            One a key.
        """

    def faults(self) -> list[str]:
        """Say what the engine itself finds wrong with the store; nothing, of one that is right."""

    def counts(self) -> dict[str, int]:
        """Count ``photos``, those hidden because they are ``missing`` or ``left_out``, ``failures``, ``generation``."""

    def close(self) -> None:
        """Let go of the store."""
