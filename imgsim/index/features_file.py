"""Rows of features from a file of NumPy's, and whose they are: read before anything is changed, then stored."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.core import ExtractorSpec
from imgsim.errors import FileReadError, ParameterError, first_few
from imgsim.index.store.extractor_store import DefaultQuery
from imgsim.naming import EXTERNAL
from imgsim.tables.photo_names import PhotoNames

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from imgsim.index.store.extractor_store import StoredExtractor
    from imgsim.index.store.store import Store

DIGITS = 12  # of the file's SHA-256, in the spec of its rows
WIDEST = 1 << 16  # values of a row
CHUNK = 4096  # rows
_NAME = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True)
class FeaturesFile:
    """Where rows come from: an array (N, D) in a file, and the N photos that they are of, by path."""

    name: str
    path: str
    photos: tuple[str, ...]

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            told = f"{self.name!r}: a name of features is of letters, digits, '_', '-' and '.', such as mine=FILE.npy"
            raise ParameterError(told)

    @classmethod
    def named(cls, text: str, photos: Sequence[str]) -> FeaturesFile:
        """Read ``NAME=FILE``.

        Examples
        --------
        >>> FeaturesFile.named("mine=rows.npy", ["a.jpg"])
        FeaturesFile(name='mine', path='rows.npy', photos=('a.jpg',))
        """
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise ParameterError(f"{text}: write NAME=FILE, for example mine=features.npy")
        return cls(name, path, tuple(photos))


@dataclass(frozen=True)
class ImportedRows:
    """What became of a file of rows, by the paths of photos."""

    name: str
    stored: int  # photos that have a row of it now
    replaced: int  # that had one before
    lost: Sequence[str]  # rows of no photo of the index, as they are named


class RowsToImport:
    """A file of rows, found to be right before anything is changed."""

    def __init__(self, source: FeaturesFile) -> None:
        self._source = source
        self._rows = _read(source.path)
        if len(self._rows) != len(source.photos):
            told = f"{len(self._rows):,} rows, and {len(source.photos):,} paths to tell whose they are"
            raise FileReadError(source.path, told)
        self._check_numbers()
        with open(source.path, "rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()[:DIGITS]
        self.spec = ExtractorSpec(f"{EXTERNAL}{source.name}", (("sha256", digest),))

    def pair(self, root: str, paths: Collection[str]) -> None:
        """Find out whose each row is; FileReadError where two are of one photo, or none is of any."""
        names, found = PhotoNames(root, paths, os.curdir), dict[str, int]()
        self._lost = list[str]()
        for row, name in enumerate(self._source.photos):
            photos = names.find(name)
            if len(photos) != 1:
                self._lost.append(name)
            elif found.setdefault(photos[0], row) != row:
                told = f"rows {found[photos[0]] + 1:,} and {row + 1:,} are both of {photos[0]}"
                raise FileReadError(self._source.path, told)
        if not found:
            told = f"none of its {len(self._rows):,} rows is of a photo in {root}: {first_few(self._lost)}"
            raise FileReadError(self._source.path, told)
        self._by_path = found

    def apply(self, store: Store) -> ImportedRows:
        """Store the rows in place of all that had their name before, within a transaction; write what differs."""
        before = [one for one in store.extractors() if one.spec.name == self.spec.name]
        chosen = store.default_query()
        mine = store.add_extractor(self.spec, self._rows.shape[1], binary=False)
        parts = _whole_parts(store)
        wanted = {path: row for path, row in self._by_path.items() if path in parts}
        keys, there = [parts[path] for path in wanted], list(parts.values())
        replaced = sum(int(np.isin(_holding(store, one, there), keys).sum()) for one in before)
        self._write(store, mine, keys, list(wanted.values()))
        store.forget_features(mine, set(_holding(store, mine, there)) - set(keys))
        for old in before:
            if old.id != mine.id:
                store.drop_extractor(old)
        if chosen and any(one.spec.name == self.spec.name for one, _ in chosen.extractors):
            pairs = ((mine if one.spec.name == self.spec.name else one, weight) for one, weight in chosen.extractors)
            store.set_default(DefaultQuery(tuple(pairs), chosen.metric))
        unread = [path for path in self._by_path if path not in parts]
        return ImportedRows(self.spec.name, len(wanted), replaced, [*self._lost, *unread])

    def _write(self, store: Store, mine: StoredExtractor, keys: Sequence[Any], rows: Sequence[int]) -> None:
        """Store the rows that differ from those that are there."""
        for start in range(0, len(keys), CHUNK):
            some = keys[start : start + CHUNK]
            wanted = self._rows[rows[start : start + CHUNK]].astype(np.float32)
            held = store.rows(mine, some)
            differ = ~held.present | (held.features != wanted).any(axis=1)
            store.put_rows(mine, [key for key, is_other in zip(some, differ, strict=True) if is_other], wanted[differ])

    def _check_numbers(self) -> None:
        for start in range(0, len(self._rows), CHUNK):
            with np.errstate(over="ignore"):
                finite = np.isfinite(self._rows[start : start + CHUNK].astype(np.float32)).all(axis=1)
            if not finite.all():
                row = start + int(np.argmin(finite))
                told = f"row {row + 1:,}, of {self._source.photos[row]}, has values that are no finite float32 numbers"
                raise FileReadError(self._source.path, told)


def _read(path: str) -> NDArray[Any]:
    """Map an array of numbers, (N, D)."""
    if not os.path.isfile(path):
        raise FileReadError(path, "no such file" if not os.path.exists(path) else "not a file")
    try:
        rows = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise FileReadError(path, error.strerror or "cannot be read") from error
    except Exception as error:  # damage surfaces as almost anything, a tokenizer's error among it
        raise FileReadError(path, "not an array as numpy.save writes it, or a truncated one") from error
    if not isinstance(rows, np.ndarray):
        raise FileReadError(path, "several arrays: save the one of features alone, by numpy.save")
    shape = " x ".join(map(str, rows.shape)) or "one number"
    if rows.ndim != 2 or not len(rows) or not 1 <= rows.shape[1] <= WIDEST:
        told = f"an array of {shape}, in place of photos x values, at most {WIDEST:,} values each"
        raise FileReadError(path, told)
    if rows.dtype.kind != "f" or rows.dtype.itemsize not in (4, 8):
        raise FileReadError(path, f"an array of {rows.dtype}: save float32 or float64")
    return rows


def _whole_parts(store: Store) -> dict[str, Any]:
    """Give the key of each whole photo's part, by path."""
    keys = store.part_keys()
    return dict(zip(sorted(store.known(), key=os.fsencode), keys.parts[keys.whole].tolist(), strict=True))


def _holding(store: Store, extractor: StoredExtractor, parts: Sequence[Any]) -> list[Any]:
    """Give the keys of those parts that have a row by an extractor."""
    held = store.rows(extractor, parts)
    return [key for key, there in zip(parts, held.present | held.damaged, strict=True) if there]
