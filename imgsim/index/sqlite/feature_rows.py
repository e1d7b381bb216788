"""The features of a SQLite index, row by row."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import numpy as np

from imgsim.file_state import FileState
from imgsim.index.sqlite.database import Database
from imgsim.index.sqlite.fact_rows import Held
from imgsim.index.store import Failure, PartKeys, PartLabel, StoredExtractor

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Features

BY_PATH = "FROM images JOIN parts ON parts.image_id = images.id"
SHOWN_IN_ORDER = "WHERE hidden = '' ORDER BY path, owner, name"


class FeatureRows(Database):
    """Features, as `imgsim.index.store.Store` describes them."""

    def _put_features(self, extractor: int, part: int, row: NDArray[np.float32]) -> None:
        binary = self._one("SELECT binary FROM extractors WHERE id = ?", extractor)
        vector = np.packbits(row > 0) if binary else row.astype("<f4")
        self._write("INSERT OR REPLACE INTO features VALUES (?, ?, ?)", extractor, part, vector.tobytes())

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

    def features(self, extractor: StoredExtractor, chunk: int = 256) -> Iterator[tuple[Features, NDArray[np.bool_]]]:
        """Stream rows (n, D) in the order of `part_keys`, zeros where a part has none, and which it has (n,)."""
        cursor = self._connection.execute(
            f"SELECT vector {BY_PATH} LEFT JOIN features ON part_id = parts.id AND extractor_id = ? {SHOWN_IN_ORDER}",
            (extractor.id,),
        )
        while rows := cursor.fetchmany(chunk):
            present = np.array([vector is not None for (vector,) in rows])
            features = np.zeros((len(rows), extractor.dim), np.float32)
            joined = b"".join(vector for (vector,) in rows if vector is not None)
            features[present] = _unpack(joined, extractor)
            yield features, present

    def labels(self, part_keys: Sequence[Hashable]) -> list[PartLabel]:
        """Say whose rows these are, in order."""
        label = f"SELECT path, name, attributes, measured {BY_PATH} WHERE parts.id = ?"
        rows = (self._connection.execute(label, (key,)).fetchone() for key in part_keys)
        return [PartLabel(os.fsdecode(path), part, Held.read(*held).together) for path, part, *held in rows]


def _unpack(joined: bytes, extractor: StoredExtractor) -> Features:
    """Turn stored vectors, one after another, into rows."""
    if extractor.binary:
        packed = np.frombuffer(joined, np.uint8).reshape(-1, -(-extractor.dim // 8))
        return np.unpackbits(packed, axis=1, count=extractor.dim).astype(np.float32)
    return np.frombuffer(joined, "<f4").reshape(-1, extractor.dim)


class LedgerRows(Database):
    """Failures, as `imgsim.index.store.Store` describes them."""

    def failures(self) -> list[Failure]:
        """List the ledger, by path."""
        columns = "path, size, mtime_ns, reason, ctime_ns, inode, conditions"
        rows = self._connection.execute(f"SELECT {columns} FROM failures ORDER BY path")  # noqa: S608 (written above)
        return [
            Failure(os.fsdecode(path), size, mtime_ns, reason, ctime_ns, inode, json.loads(conditions))
            for path, size, mtime_ns, reason, ctime_ns, inode, conditions in rows
        ]

    def fail(self, failure: Failure) -> None:
        """Enter a file in the ledger."""
        self._connection.execute(
            "INSERT OR REPLACE INTO failures (path, size, mtime_ns, reason, ctime_ns, inode, conditions)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(os.fsencode(failure.path), failure.size, failure.mtime_ns, failure.reason),
                *(failure.ctime_ns, failure.inode, json.dumps(dict(failure.conditions))),
            ),
        )

    def forget_failures(self, paths: Iterable[str]) -> None:
        """Strike files off the ledger."""
        rows = ((os.fsencode(path),) for path in paths)
        self._connection.executemany("DELETE FROM failures WHERE path = ?", rows)

    def drawn(self) -> dict[str, FileState]:
        """Give the pictures that imgsim drew, by path."""
        try:
            kept = json.loads(self._meta("drawn") or "{}")
            return {path: FileState(*state) for path, state in kept.items()}
        except (ValueError, TypeError, AttributeError):  # damaged: they are looked at again
            return {}

    def keep_drawn(self, drawn: Mapping[str, FileState]) -> None:
        """Keep which pictures imgsim drew."""
        self._set_meta("drawn", json.dumps(drawn))
