"""What an index remembers, whichever engine keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.core import ExtractorSpec, Features, ImageRecord, Statistics
    from imgsim.where.facts import FactTable


class Known(NamedTuple):
    """What a scan compares a file with."""

    size: int
    mtime_ns: int
    digest: bytes


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
    """A file that could not be read: one row of the ledger."""

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
        Names of the P parts; the empty name is the whole photo.
    colors : mapping, optional
        The attributes that tell its colours, if they were measured.
    """

    record: ImageRecord
    features: Mapping[int, Features]
    parts: tuple[str, ...] = field(default=("",))
    colors: Mapping[str, Any] = field(default_factory=dict)


class PartLabel(NamedTuple):
    """Whose row it is."""

    path: str
    part: str
    attributes: Mapping[str, Any]


class Store(Protocol):
    """Keeps photos, features and failures; every write is an upsert, inside a transaction."""

    @property
    def stamp(self) -> str:
        """Names the content: equal stamps, equal photos and features."""

    @property
    def root(self) -> str:
        """The indexed folder, as an absolute path."""

    @property
    def facts(self) -> FactTable:
        """What is known of all photos' attributes."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Read one consistent state inside the block."""

    def transaction(self) -> AbstractContextManager[None]:
        """Write all of the block, or nothing of it."""

    def extractors(self) -> list[StoredExtractor]:
        """List the extractors, the first indexed first."""

    def default_query(self) -> DefaultQuery | None:
        """Give what queries compare by unless told otherwise: the first extractor until another is set."""

    def add_extractor(self, spec: ExtractorSpec, dim: int, *, binary: bool) -> StoredExtractor:
        """Add an extractor, or find it; the first one becomes the default."""

    def drop_extractor(self, extractor: StoredExtractor) -> None:
        """Remove an extractor, its features, and the calibrations of distances that it has a part in."""

    def set_default(self, query: DefaultQuery) -> None:
        """Set what queries compare by unless told otherwise."""

    def known(self) -> dict[str, Known]:
        """Give every photo's path, with what tells whether it changed."""

    def lacking(self, extractor: StoredExtractor) -> set[str]:
        """Give the paths of photos without features of an extractor."""

    def put(self, photo: MeasuredPhoto) -> None:
        """Store a photo; other extractors' features, and colours, stay if its content is the same, and go if not."""

    @property
    def color_measure(self) -> str | None:
        """How the colours of photos are measured, by its identity; None where nobody asks for them."""

    def choose_color_measure(self, identity: str | None) -> None:
        """Choose how colours are measured from now on; what was measured otherwise is forgotten."""

    def lacking_colors(self) -> set[str]:
        """Give the paths of photos whose colours were not measured."""

    def touch(self, path: str, size: int, mtime_ns: int) -> None:
        """Note a new modification time of unchanged content."""

    def rename(self, old: str, new: str, mtime_ns: int) -> None:
        """Give a photo another path."""

    def remove(self, paths: Iterable[str]) -> None:
        """Remove photos with their features."""

    def merge_attributes(self, path: str, attributes: Mapping[str, Any]) -> None:
        """Change some attributes of a photo and keep the others; None removes one. The stamp stays."""

    def records(self, keys: Sequence[int]) -> Iterator[ImageRecord]:
        """Give what is known of some photos, in the order of their keys."""

    def failures(self) -> list[Failure]:
        """List the ledger, by path."""

    def fail(self, failure: Failure) -> None:
        """Enter a file in the ledger."""

    def forget_failures(self, paths: Iterable[str]) -> None:
        """Strike files off the ledger."""

    def count_features(self, extractor: StoredExtractor) -> int:
        """Count an extractor's rows."""

    def is_pinned(self, extractor: StoredExtractor) -> bool:
        """Tell whether an extractor's statistics are pinned."""

    def statistics(self, extractor: StoredExtractor) -> Statistics | None:
        """Give the pinned statistics of an extractor's features, if there are any yet."""

    def pin_statistics(self, extractor: StoredExtractor, statistics: Statistics) -> None:
        """Pin the statistics of an extractor's features."""

    def calibrations(self) -> dict[str, str]:
        """Give every calibration, as JSON, by the distance that it is of."""

    def keep_calibration(self, distance: str, calibration: str) -> None:
        """Keep the calibration of a distance, in place of an earlier one."""

    def forget_calibrations(self) -> None:
        """Forget all of them."""

    def part_keys(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give the keys of all parts, shape (N,), and of their photos, shape (N,), by path and part."""

    def features(self, extractor: StoredExtractor, chunk: int = 256) -> Iterator[tuple[Features, NDArray[np.bool_]]]:
        """Stream rows (n, D) in the order of `part_keys`, zeros where a part has none, and which it has (n,)."""

    def photo_keys(self) -> NDArray[np.int64]:
        """Give the keys of all photos, by path."""

    def photo_key(self, path: str) -> int | None:
        """Give the key of a photo."""

    def labels(self, part_keys: Sequence[int]) -> list[PartLabel]:
        """Say whose rows these are, in order."""

    def counts(self) -> dict[str, int]:
        """Count ``photos``, ``failures`` and ``generation``."""

    def close(self) -> None:
        """Let go of the store."""
