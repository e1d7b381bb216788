"""The features of a SQLite index, row by row."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import ImgsimError
from imgsim.index.sqlite.database import Database
from imgsim.index.sqlite.fact_rows import Held
from imgsim.index.store.feature_store import PartKeys, PartLabel, Rows

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Features
    from imgsim.index.store.extractor_store import StoredExtractor

BY_PATH = "FROM images JOIN parts ON parts.image_id = images.id"
SHOWN_IN_ORDER = "WHERE hidden = '' ORDER BY path, owner, name"


class FeatureRows(Database):
    """Features, as `imgsim.index.store.feature_store.FeatureStore` describes them."""

    def _put_features(self, extractor: int, part: int, row: NDArray[np.float32]) -> None:
        state = "SELECT id, spec, dim, binary FROM extractors WHERE id = ?"
        stored = self.values.extractor(*self._connection.execute(state, (extractor,)).fetchone())
        if row.shape != (stored.dim,) or not np.isfinite(row).all():
            raise ImgsimError(f"{stored.spec}: a row is {stored.dim} finite numbers, and nothing else is stored")
        vector = (np.packbits(row > 0) if stored.binary else row.astype("<f4")).tobytes()
        columns = "INSERT OR REPLACE INTO features (extractor_id, part_id, vector, checksum) VALUES (?, ?, ?, ?)"
        self._write(columns, extractor, part, vector, checksum(vector, part))

    def count_features(self, extractor: StoredExtractor) -> int:
        """Count an extractor's rows."""
        hidden: int = self._one(
            "SELECT count(*) FROM images CROSS JOIN parts ON image_id = images.id CROSS JOIN features"
            " ON part_id = parts.id WHERE hidden != '' AND extractor_id = ?",
            extractor.id,
        )
        return self._count_all(extractor) - hidden

    def _count_all(self, extractor: StoredExtractor) -> int:
        count: int = self._one("SELECT count(*) FROM features WHERE extractor_id = ?", extractor.id)
        return count

    def part_keys(self) -> PartKeys:
        """Give the keys of all parts and of their photos, and which are whole photos."""
        rows = self._connection.execute(f"SELECT parts.id, images.id, owner = '' {BY_PATH} {SHOWN_IN_ORDER}")
        keys = np.fromiter(rows, dtype=[("part", np.int64), ("image", np.int64), ("whole", np.bool_)])
        return PartKeys(keys["part"], keys["image"], keys["whole"])

    def features(self, extractor: StoredExtractor, chunk: int = 256) -> Iterator[Rows]:
        """Stream rows in the order of `part_keys`."""
        cursor = self._connection.execute(
            f"SELECT parts.id, vector, checksum {BY_PATH} LEFT JOIN features ON part_id = parts.id"
            f" AND extractor_id = ? {SHOWN_IN_ORDER}",
            (extractor.id,),
        )
        while rows := cursor.fetchmany(chunk):
            yield _read(rows, extractor)

    def rows(self, extractor: StoredExtractor, part_keys: Sequence[Hashable]) -> Rows:
        """Read the rows of some parts, in their order."""
        found = self._connection.execute(
            "SELECT part_id, vector, checksum FROM features"
            " WHERE extractor_id = ? AND part_id IN (SELECT value FROM json_each(?))",
            (extractor.id, json.dumps(part_keys)),
        )
        rows = {row[0]: row for row in found.fetchall()}
        return _read([rows.get(key, (0, None, None)) for key in part_keys], extractor)

    def put_rows(self, extractor: StoredExtractor, part_keys: Sequence[Hashable], rows: Features) -> None:
        """Store an extractor's rows of parts that are there."""
        for part, row in zip(part_keys, rows, strict=True):
            self._put_features(extractor.id, part, row)  # type: ignore[arg-type]

    def forget_features(self, extractor: StoredExtractor, part_keys: Iterable[Hashable]) -> None:
        """Remove an extractor's rows of some parts."""
        for key in part_keys:
            self._write("DELETE FROM features WHERE extractor_id = ? AND part_id = ?", extractor.id, key)

    def labels(self, part_keys: Sequence[Hashable]) -> list[PartLabel]:
        """Say whose rows these are, in order."""
        label = f"SELECT path, name, attributes, measured {BY_PATH} WHERE parts.id = ?"
        rows = (self._connection.execute(label, (key,)).fetchone() for key in part_keys)
        values = self.values
        return [
            PartLabel(values.path(path), values.text(part, "a part's name"), Held.read(values, *held).together)
            for path, part, *held in rows
        ]


def checksum(vector: bytes, part: int) -> int:
    """Sum a stored vector up, begun from its part's key: a row under another key does not pass either.

    Examples
    --------
    >>> checksum(b"123456789", 0) == 0xCBF43926  # CRC-32
    True
    """
    return zlib.crc32(vector, part & 0xFFFFFFFF)


def _read(rows: Sequence[tuple[int, object, object]], extractor: StoredExtractor) -> Rows:
    """Turn parts' keys, vectors and checksums into rows; those that are not as they were stored are left at zeros."""
    size = -(-extractor.dim // 8) if extractor.binary else 4 * extractor.dim
    there = np.array([vector is not None for _, vector, _ in rows], bool)
    right = [
        isinstance(vector, bytes) and len(vector) == size and checksum(vector, part) == stored
        for part, vector, stored in rows
    ]
    joined = b"".join(vector for (_, vector, _), fine in zip(rows, right, strict=True) if fine)  # type: ignore[misc]
    present, features = np.array(right, bool), np.zeros((len(rows), extractor.dim), np.float32)
    features[present] = _unpack(joined, extractor, size)
    if not extractor.binary and not np.isfinite(features).all():
        present &= np.isfinite(features).all(axis=1)
        features[~present] = 0
    return Rows(features, present, there & ~present)


def _unpack(joined: bytes, extractor: StoredExtractor, size: int) -> Features:
    """Turn stored vectors of so many bytes, one after another, into rows."""
    if extractor.binary:
        packed = np.frombuffer(joined, np.uint8).reshape(-1, size)
        return np.unpackbits(packed, axis=1, count=extractor.dim).astype(np.float32)
    return np.frombuffer(joined, "<f4").reshape(-1, extractor.dim)
