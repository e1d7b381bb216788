"""The index in one SQLite file."""

from __future__ import annotations

import json
import os
import uuid
from typing import TYPE_CHECKING, Any

from imgsim.index.sqlite.connection import connect_reader, connect_writer, lock_writer
from imgsim.index.sqlite.extractor_rows import ExtractorRows
from imgsim.index.sqlite.fact_rows import DECLARED
from imgsim.index.sqlite.measurement_rows import MeasurementRows
from imgsim.index.sqlite.pair_rows import PairRows
from imgsim.index.store.photo_file_store import LEFT_OUT, MISSING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from imgsim.index.sqlite.explanations import Connection
    from imgsim.index.store.stamp import Stamp

SIGHT = "sight"  # the key of what keeps photos out of sight


class SqliteStore(ExtractorRows, MeasurementRows, PairRows):
    """A `Store` in a folder of its own."""

    def __init__(self, directory: str, connection: Connection, lock: sqlite3.Connection | None = None) -> None:
        super().__init__(directory, connection)
        self._lock = lock

    @classmethod
    def open_reader(cls, directory: str) -> SqliteStore:
        """Open an existing index for reading."""
        return cls(directory, connect_reader(directory))

    @classmethod
    def open_writer(cls, directory: str, root: str) -> SqliteStore:
        """Open an index for writing, made first where there is none."""
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

    def check_there(self) -> None:
        """Make sure that the index is still where it was opened."""
        self._connection.check_there()

    def close(self) -> None:
        """Let go of the database; the last one out folds the write-ahead log into it."""
        self._connection.close()
        if self._lock:
            self._lock.close()

    @property
    def stamp(self) -> Stamp:
        """Names the content."""
        return self.values.stamp(self._meta("store"), self._meta("generation"))

    @property
    def root(self) -> str:
        """The indexed folder; an index inside it follows it wherever it is moved."""
        stored = self._meta("root")
        return os.path.dirname(os.path.abspath(self.directory)) if stored is None else self.values.root(stored)

    @root.setter
    def root(self, root: str) -> None:
        inside = os.path.realpath(os.path.join(self.directory, os.pardir)) == os.path.realpath(root)
        self._set_meta("root", None if inside else os.fsencode(os.path.abspath(root)))

    @property
    def options(self) -> dict[str, Any]:
        """How the index is made, as a JSON object; empty until it is set."""
        return self.values.options(self._meta("options"))

    def set_options(self, options: Mapping[str, Any]) -> None:
        """Set how the index is made."""
        self._set_meta("options", json.dumps(options))

    @property
    def declared(self) -> dict[str, str]:
        """The attributes that are known whether or not photos have them, and their types."""
        return self.values.declared(self._meta(DECLARED))

    def set_declared(self, declared: Mapping[str, str]) -> None:
        """Set which attributes are known whether or not photos have them."""
        self._set_meta(DECLARED, json.dumps(declared))

    @property
    def sight_rules(self) -> list[str]:
        """The expressions that keep photos out of sight, as they were typed."""
        return self.values.sight_rules(self._meta(SIGHT))

    def set_sight_rules(self, rules: Sequence[str]) -> None:
        """Set what keeps photos out of sight."""
        self._set_meta(SIGHT, json.dumps({"rules": list(rules)}))

    @property
    def journal_mode(self) -> str:
        """SQLite's journal mode: ``wal``, or ``delete`` on network shares."""
        return str(self._one("PRAGMA journal_mode"))

    def counts(self) -> dict[str, int]:
        """Count photos, those that are hidden, failures, and changes."""
        hidden = dict(
            self._connection.execute("SELECT hidden, count(*) FROM images WHERE hidden != '' GROUP BY hidden")
        )
        return {
            "photos": self._one("SELECT count(*) FROM images WHERE hidden = ''"),
            "missing": hidden.get(MISSING, 0),
            "left_out": hidden.get(LEFT_OUT, 0),
            "failures": self._one("SELECT count(*) FROM failures"),
            "generation": self.stamp.generation,
        }

    def faults(self) -> list[str]:
        """Say what SQLite finds wrong: pages, indexes, rows of what is not there."""
        found = [fault for (fault,) in self._connection.execute("PRAGMA integrity_check(10)") if fault != "ok"]
        lost = sorted({row[0] for row in self._connection.execute("PRAGMA foreign_key_check")})
        return [*found, *(f"{table} holds rows of what is not there" for table in lost)]

    def compact(self) -> None:
        """Give the space of removed rows back to the disk."""
        self._connection.execute("VACUUM")
