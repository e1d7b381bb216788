"""The index in one SQLite file."""

from __future__ import annotations

import io
import json
import os
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.core import ExtractorSpec, ImageRecord, Statistics
from imgsim.errors import ImgsimError
from imgsim.index.connection import connect_reader, connect_writer, explained, lock_writer
from imgsim.index.facts import Facts
from imgsim.index.store import DefaultQuery, Failure, Known, MeasuredPhoto, PartLabel, StoredExtractor

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Features

COLORS = ("color", "color_probabilities", "palette")  # the attributes that measuring colours sets
BY_PATH = "FROM images JOIN parts ON parts.image_id = images.id"
CALIBRATION = "calibration: "  # what such keys of the table `meta` begin with


class SqliteStore:
    """A `Store` in a folder of its own.

    Parameters
    ----------
    directory : str
        The index's folder.
    connection : sqlite3.Connection
        To its database.
    lock : sqlite3.Connection, optional
        The writer's lock; without it the store only reads.

    Attributes
    ----------
    facts : Facts
        What is known of all photos' attributes.
    """

    def __init__(self, directory: str, connection: sqlite3.Connection, lock: sqlite3.Connection | None = None) -> None:
        self.directory = directory
        self._connection = connection
        self._lock = lock
        self._changed = False
        self.facts = Facts(connection)

    @classmethod
    def open_reader(cls, directory: str) -> SqliteStore:
        """Open an existing index for reading."""
        return cls(directory, connect_reader(directory))

    @classmethod
    def open_writer(cls, directory: str, root: str) -> SqliteStore:
        """Open an index for writing, made first where there is none.

        Parameters
        ----------
        directory : str
            The index's folder, which exists.
        root : str
            The folder that a new index is of.

        Returns
        -------
        SqliteStore
            The only writer.

        Raises
        ------
        IndexLockedError
            If another process is writing.
        IndexWriteError
            If the folder cannot be written.
        IndexFormatError
            If the file is damaged, newer, or something else.
        """
        lock = lock_writer(directory)
        try:
            store = cls(directory, connect_writer(directory), lock)
            if store._meta("store") is None:
                with store.transaction():
                    store._set_meta("store", uuid.uuid4().hex[:12])
                    store._set_meta("generation", 0)
                    store.root = root
        except BaseException:
            lock.close()
            raise
        return store

    def close(self) -> None:
        """Let go of the database; the last one out folds the write-ahead log into it."""
        self._connection.close()
        if self._lock:
            self._lock.close()

    # ------------------------------------------------------------------ state

    @property
    def stamp(self) -> str:
        """Names the content: equal stamps, equal photos and features."""
        return f"{self._meta('store')}-{self._meta('generation')}"

    @property
    def root(self) -> str:
        """The indexed folder; an index inside it follows it wherever it is moved."""
        stored = self._meta("root")
        return os.path.dirname(os.path.abspath(self.directory)) if stored is None else os.fsdecode(stored)

    @root.setter
    def root(self, root: str) -> None:
        inside = os.path.realpath(os.path.join(self.directory, os.pardir)) == os.path.realpath(root)
        self._set_meta("root", None if inside else os.fsencode(os.path.abspath(root)))

    @property
    def journal_mode(self) -> str:
        """SQLite's journal mode: ``wal``, or ``delete`` on network shares."""
        return str(self._one("PRAGMA journal_mode"))

    def counts(self) -> dict[str, int]:
        """Count ``photos``, ``failures`` and ``generation``."""
        return {
            "photos": self._one("SELECT count(*) FROM images"),
            "failures": self._one("SELECT count(*) FROM failures"),
            "generation": self._meta("generation"),
        }

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one consistent state inside the block; within another such block, that one's."""
        if self._connection.in_transaction:
            yield
            return
        with explained(self.directory):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all of the block, or nothing of it; the generation counts blocks that changed photos or features."""
        with explained(self.directory):
            self._connection.execute("BEGIN IMMEDIATE")
            self._changed = False
            try:
                yield
                if self._changed:
                    self._set_meta("generation", (self._meta("generation") or 0) + 1)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def compact(self) -> None:
        """Give the space of removed rows back to the disk."""
        with explained(self.directory):
            self._connection.execute("VACUUM")

    # ------------------------------------------------------------- extractors

    def extractors(self) -> list[StoredExtractor]:
        """List the extractors, the first indexed first."""
        rows = self._connection.execute("SELECT id, spec, dim, binary FROM extractors ORDER BY id")
        return [
            StoredExtractor(key, ExtractorSpec.from_json(spec), dim, bool(binary)) for key, spec, dim, binary in rows
        ]

    def default_query(self) -> DefaultQuery | None:
        """Give what queries compare by unless told otherwise: the first extractor until another is set."""
        stored = {extractor.id: extractor for extractor in self.extractors()}
        chosen = json.loads(self._meta("default_query") or '{"extractors": []}')
        if chosen["extractors"] and all(key in stored for key, _ in chosen["extractors"]):
            pairs = tuple((stored[key], weight) for key, weight in chosen["extractors"])
            return DefaultQuery(pairs, chosen["metric"])
        return DefaultQuery(((next(iter(stored.values())), 1.0),)) if stored else None

    def set_default(self, query: DefaultQuery) -> None:
        """Set what queries compare by unless told otherwise."""
        pairs = [(extractor.id, weight) for extractor, weight in query.extractors]
        self._set_meta("default_query", json.dumps({"extractors": pairs, "metric": query.metric}))

    def add_extractor(self, spec: ExtractorSpec, dim: int, *, binary: bool) -> StoredExtractor:
        """Add an extractor, or find it; the first one becomes the default."""
        self._write(
            "INSERT OR IGNORE INTO extractors (spec, dim, binary) VALUES (?, ?, ?)", spec.to_json(), dim, binary
        )
        return next(extractor for extractor in self.extractors() if extractor.spec == spec)

    def drop_extractor(self, extractor: StoredExtractor) -> None:
        """Remove an extractor, its features, and the calibrations of distances that it has a part in."""
        for distance in self.calibrations():
            if f" of {extractor.spec} (version " in distance:
                self._connection.execute("DELETE FROM meta WHERE key = ?", (CALIBRATION + distance,))
        self._write("DELETE FROM extractors WHERE id = ?", extractor.id)

    def count_features(self, extractor: StoredExtractor) -> int:
        """Count an extractor's rows."""
        count: int = self._one("SELECT count(*) FROM features WHERE extractor_id = ?", extractor.id)
        return count

    def is_pinned(self, extractor: StoredExtractor) -> bool:
        """Tell whether an extractor's statistics are pinned."""
        return bool(self._one("SELECT statistics IS NOT NULL FROM extractors WHERE id = ?", extractor.id))

    def statistics(self, extractor: StoredExtractor) -> Statistics | None:
        """Give the pinned statistics of an extractor's features, if there are any yet."""
        blob = self._one("SELECT statistics FROM extractors WHERE id = ?", extractor.id)
        if blob is None:
            return None
        with np.load(io.BytesIO(blob), allow_pickle=False) as arrays:
            count, *moments = (arrays.get(key) for key in ("count", "mean", "variance", "covariance", "sample"))
            return Statistics(int(count), *moments)

    def pin_statistics(self, extractor: StoredExtractor, statistics: Statistics) -> None:
        """Pin the statistics of an extractor's features."""
        arrays = {key: value for key, value in vars(statistics).items() if value is not None}
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        self._write("UPDATE extractors SET statistics = ? WHERE id = ?", buffer.getvalue(), extractor.id)

    def calibrations(self) -> dict[str, str]:
        """Give every calibration, as JSON, by the distance that it is of."""
        rows = self._connection.execute("SELECT key, value FROM meta WHERE key GLOB ?", (CALIBRATION + "*",))
        return {key.removeprefix(CALIBRATION): value for key, value in rows}

    def keep_calibration(self, distance: str, calibration: str) -> None:
        """Keep the calibration of a distance, in place of an earlier one."""
        self._set_meta(CALIBRATION + distance, calibration)

    def forget_calibrations(self) -> None:
        """Forget all of them."""
        self._connection.execute("DELETE FROM meta WHERE key GLOB ?", (CALIBRATION + "*",))

    # ----------------------------------------------------------------- photos

    def known(self) -> dict[str, Known]:
        """Give every photo's path, with what tells whether it changed."""
        rows = self._connection.execute("SELECT path, size, mtime_ns, digest FROM images")
        return {os.fsdecode(path): Known(*rest) for path, *rest in rows}

    def lacking(self, extractor: StoredExtractor) -> set[str]:
        """Give the paths of photos without features of an extractor."""
        if self.count_features(extractor) == self._one("SELECT count(*) FROM parts"):
            return set()
        rows = self._connection.execute(
            "SELECT path FROM images WHERE NOT EXISTS (SELECT 1 FROM parts JOIN features ON part_id = parts.id"
            " WHERE image_id = images.id AND extractor_id = ?)",
            (extractor.id,),
        )
        return {os.fsdecode(path) for (path,) in rows}

    def put(self, photo: MeasuredPhoto) -> None:
        """Store a photo; other extractors' features, and colours, stay if its content is the same, and go if not."""
        record = photo.record
        path = os.fsencode(record.path)
        known = self._one("SELECT digest FROM images WHERE path = ?", path)
        if known not in (None, record.digest):
            self._write("DELETE FROM parts WHERE image_id = (SELECT id FROM images WHERE path = ?)", path)
            self._forget_colors(record.path)
        self._write(
            "INSERT INTO images (path, size, mtime_ns, digest, width, height) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (path) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,"
            " digest = excluded.digest, width = excluded.width, height = excluded.height",
            *(path, record.size, record.mtime_ns, record.digest, record.width, record.height),
        )
        if record.attributes and known is None:
            self.merge_attributes(record.path, record.attributes)
        image = self.photo_key(record.path)
        for row, name in enumerate(photo.parts):
            self._write("INSERT OR IGNORE INTO parts (image_id, name) VALUES (?, ?)", image, name)
            part = self._one("SELECT id FROM parts WHERE image_id = ? AND name = ?", image, name)
            for extractor, rows in photo.features.items():
                self._put_features(extractor, part, rows[row])
        if photo.colors:
            self.merge_attributes(record.path, photo.colors)
        self.forget_failures([record.path])

    def _put_features(self, extractor: int, part: int, row: NDArray[np.float32]) -> None:
        binary = self._one("SELECT binary FROM extractors WHERE id = ?", extractor)
        vector = np.packbits(row > 0) if binary else row.astype("<f4")
        self._write("INSERT OR REPLACE INTO features VALUES (?, ?, ?)", extractor, part, vector.tobytes())

    def touch(self, path: str, size: int, mtime_ns: int) -> None:
        """Note a new modification time of unchanged content."""
        self._connection.execute(
            "UPDATE images SET size = ?, mtime_ns = ? WHERE path = ?", (size, mtime_ns, os.fsencode(path))
        )

    def rename(self, old: str, new: str, mtime_ns: int) -> None:
        """Give a photo another path."""
        self._write(
            "UPDATE images SET path = ?, mtime_ns = ? WHERE path = ?", os.fsencode(new), mtime_ns, os.fsencode(old)
        )

    def remove(self, paths: Iterable[str]) -> None:
        """Remove photos with their features."""
        for path in paths:
            if (key := self.photo_key(path)) is not None:
                self.facts.replace(key, self.facts.attributes_of(key), {})
                self._write("DELETE FROM images WHERE id = ?", key)

    def merge_attributes(self, path: str, attributes: Mapping[str, Any]) -> None:
        """Change some attributes of a photo and keep the others.

        Parameters
        ----------
        path : str
            The photo, as the index names it.
        attributes : mapping
            Names and new values; None removes an attribute.

        Raises
        ------
        ImgsimError
            If the photo is not in the index, or a value cannot be kept.

        Notes
        -----
        No new generation is made: attributes are no part of what is searched.
        """
        key = self.photo_key(path)
        if key is None:
            raise ImgsimError(f"{path}: not in the index")
        self.facts.merge(key, attributes)

    def records(self, keys: Sequence[int], chunk: int = 1000) -> Iterator[ImageRecord]:
        """Give what is known of some photos, in the order of their keys."""
        for start in range(0, len(keys), chunk):
            wanted = keys[start : start + chunk]
            found = self._connection.execute(
                "SELECT id, path, size, mtime_ns, digest, width, height, attributes FROM images"
                " WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(wanted),),
            )
            rows = {key: state for key, *state in found}
            for path, size, mtime_ns, digest, width, height, attributes in map(rows.__getitem__, wanted):
                yield ImageRecord(os.fsdecode(path), size, mtime_ns, digest, width, height, json.loads(attributes))

    # ----------------------------------------------------------------- colours

    @property
    def color_model(self) -> str | None:
        """What names the colours of photos, by its identity; None where nobody asked for colours."""
        model: str | None = self._meta("color_model")
        return model

    def choose_color_model(self, identity: str | None) -> None:
        """Choose what names the colours of photos from now on; what another model said is forgotten."""
        if identity is not None and identity != self._meta("palettes_by"):
            for path in self.known():
                self._forget_colors(path)
            self._set_meta("palettes_by", identity)
        self._set_meta("color_model", identity)

    def _forget_colors(self, path: str) -> None:
        """Remove what measuring set; where there is no palette, a colour was typed by somebody."""
        key = self.photo_key(path)
        if key is not None and COLORS[-1] in self.facts.attributes_of(key):
            self.merge_attributes(path, dict.fromkeys(COLORS))

    def lacking_colors(self) -> set[str]:
        """Give the paths of photos whose colours were not measured."""
        rows = self._connection.execute("SELECT path FROM images WHERE json_type(attributes, '$.palette') IS NULL")
        return {os.fsdecode(path) for (path,) in rows}

    # --------------------------------------------------------------- failures

    def failures(self) -> list[Failure]:
        """List the ledger, by path."""
        rows = self._connection.execute("SELECT path, size, mtime_ns, reason FROM failures ORDER BY path")
        return [Failure(os.fsdecode(path), *rest) for path, *rest in rows]

    def fail(self, failure: Failure) -> None:
        """Enter a file in the ledger."""
        self._connection.execute(
            "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?)",
            (os.fsencode(failure.path), failure.size, failure.mtime_ns, failure.reason),
        )

    def forget_failures(self, paths: Iterable[str]) -> None:
        """Strike files off the ledger."""
        rows = ((os.fsencode(path),) for path in paths)
        self._connection.executemany("DELETE FROM failures WHERE path = ?", rows)

    # --------------------------------------------------------------- the rows

    def part_keys(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give the keys of all parts, shape (N,), and of their photos, shape (N,), by path and part."""
        rows = self._connection.execute(f"SELECT parts.id, images.id {BY_PATH} ORDER BY path, name")
        keys = np.fromiter(rows, dtype=[("part", np.int64), ("image", np.int64)])
        return keys["part"], keys["image"]

    def features(self, extractor: StoredExtractor, chunk: int = 256) -> Iterator[tuple[Features, NDArray[np.bool_]]]:
        """Stream rows (n, D) in the order of `part_keys`, zeros where a part has none, and which it has (n,)."""
        cursor = self._connection.execute(
            f"SELECT vector {BY_PATH} LEFT JOIN features ON part_id = parts.id AND extractor_id = ?"
            " ORDER BY path, name",
            (extractor.id,),
        )
        while rows := cursor.fetchmany(chunk):
            present = np.array([vector is not None for (vector,) in rows])
            features = np.zeros((len(rows), extractor.dim), np.float32)
            joined = b"".join(vector for (vector,) in rows if vector is not None)
            features[present] = _unpack(joined, extractor)
            yield features, present

    def photo_keys(self) -> NDArray[np.int64]:
        """Give the keys of all photos, by path."""
        return np.fromiter(
            (key for (key,) in self._connection.execute("SELECT id FROM images ORDER BY path")), np.int64
        )

    def photo_key(self, path: str) -> int | None:
        """Give the key of a photo."""
        key: int | None = self._one("SELECT id FROM images WHERE path = ?", os.fsencode(path))
        return key

    def labels(self, part_keys: Sequence[int]) -> list[PartLabel]:
        """Say whose rows these are, in order."""
        labels = []
        for key in part_keys:
            path, part, attributes = self._connection.execute(
                f"SELECT path, name, attributes {BY_PATH} WHERE parts.id = ?",
                (int(key),),
            ).fetchone()
            labels.append(PartLabel(os.fsdecode(path), part, json.loads(attributes)))
        return labels

    # ---------------------------------------------------------------- private

    def _one(self, sql: str, *values: object) -> Any:  # noqa: ANN401 (whatever the column holds)
        row = self._connection.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def _write(self, sql: str, *values: object) -> None:
        """Execute a statement that, if it changes rows, makes a new generation."""
        self._changed |= self._connection.execute(sql, values).rowcount > 0

    def _meta(self, key: str) -> Any:  # noqa: ANN401 (text, number or blob)
        return self._one("SELECT value FROM meta WHERE key = ?", key)

    def _set_meta(self, key: str, value: object) -> None:
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def _unpack(joined: bytes, extractor: StoredExtractor) -> Features:
    """Turn stored vectors, one after another, into rows."""
    if extractor.binary:
        packed = np.frombuffer(joined, np.uint8).reshape(-1, -(-extractor.dim // 8))
        return np.unpackbits(packed, axis=1, count=extractor.dim).astype(np.float32)
    return np.frombuffer(joined, "<f4").reshape(-1, extractor.dim)
