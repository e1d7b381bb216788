"""A SQLite database of an index: statements, transactions, and the table of single values."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from imgsim.index.sqlite.stored_values import StoredValues

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgsim.index.sqlite.explanations import Connection


class Database:
    """What the parts of a SQLite store share."""

    def __init__(self, directory: str, connection: Connection) -> None:
        self.directory = directory
        self.values = StoredValues(directory)
        self._connection = connection
        self._changed = self._writing = False

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one consistent state inside the block; within another such block, that one's."""
        if self._connection.in_transaction:
            yield
            return
        with self._connection.explained():
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                with suppress(sqlite3.ProgrammingError):  # closed while a generator was still at it
                    self._connection.execute("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all of the block, or nothing of it; the generation counts blocks that changed photos or features.

        A block within another is part of that one.
        """
        if self._writing:
            yield
            return
        with self._connection.explained(), self._connection:  # which commits, or rolls back
            self._connection.execute("BEGIN IMMEDIATE")
            self._changed, self._writing = False, True
            try:
                yield
                if self._changed:
                    self._set_meta("generation", self.values.generation(self._meta("generation")) + 1)
            finally:
                self._writing = False
        self._connection.check_there()

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
