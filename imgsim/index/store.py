"""What an index remembers, whichever engine keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from imgsim.images.formats import DECODING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.core import ExtractorSpec, Features, ImageRecord, Keys, Statistics
    from imgsim.where.facts import FactTable

COLORS = ("color", "color_probabilities", "palette")  # the attributes that measuring colours sets


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
    """

    size: int
    mtime_ns: int
    digest: bytes
    decoding: int = DECODING


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
    """

    path: str
    size: int
    mtime_ns: int
    reason: str


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
    """

    record: ImageRecord
    features: Mapping[int, Features]
    parts: tuple[str, ...] = field(default=("",))
    owner: str = ""
    measured: Mapping[str, Any] = field(default_factory=dict)
    decoding: int = DECODING


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
        """Give the paths of photos without any features of an extractor.

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

        What else was measured of it (other extractors' features, other owners' parts, other attributes) stays if its
        content is the same, and goes if not; what people typed stays. Every photo has a part that is the whole of it,
        though perhaps without features.

        Parameters
        ----------
        photo : MeasuredPhoto
            In place of what is stored under its path.
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

    def lacking_colors(self) -> set[str]:
        """Give the paths of photos whose colours were not measured."""

    def touch(self, path: str, size: int, mtime_ns: int) -> None:
        """Note a new modification time of unchanged content.

        Parameters
        ----------
        path : str
            The photo; nothing happens where it is not stored.
        size : int
            Bytes.
        mtime_ns : int
            Nanoseconds since the epoch.
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

    def rename(self, old: str, new: str, mtime_ns: int) -> None:
        """Give a photo another path; its features and attributes go with it.

        Parameters
        ----------
        old : str
            The path that it has.
        new : str
            One that no photo has.
        mtime_ns : int
            Modification time of the file there, nanoseconds since the epoch.
        """

    def remove(self, paths: Iterable[str]) -> None:
        """Remove photos with their features and attributes.

        Parameters
        ----------
        paths : iterable of str
            Those that are not stored are passed over.
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

    def features(self, extractor: StoredExtractor, chunk: int = 256) -> Iterator[tuple[Features, NDArray[np.bool_]]]:
        """Stream an extractor's rows in the order of `part_keys`.

        Parameters
        ----------
        extractor : StoredExtractor
            Whose rows.
        chunk : int, default 256
            Rows at a time.

        Yields
        ------
        tuple of ndarray of float32, shape (n, D), and ndarray of bool, shape (n,)
            The rows, zeros where a part has none, and which parts have one.
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

    def counts(self) -> dict[str, int]:
        """Count ``photos``, ``failures`` and ``generation``."""

    def close(self) -> None:
        """Let go of the store."""
