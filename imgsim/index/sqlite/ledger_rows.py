"""The ledger of a SQLite index: the files that could not be read, and those that are no photos."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from imgsim.file_state import FileState
from imgsim.index.sqlite.database import Database
from imgsim.index.store.ledger_store import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class LedgerRows(Database):
    """Failures, as `imgsim.index.store.ledger_store.LedgerStore` describes them."""

    def failures(self) -> list[Failure]:
        """List the ledger, by path."""
        columns = "path, size, mtime_ns, reason, ctime_ns, inode, conditions"
        rows = self._connection.execute(f"SELECT {columns} FROM failures ORDER BY path")  # noqa: S608 (written above)
        return [self._failure(*row) for row in rows]

    def _failure(self, path: object, *state: object) -> Failure:
        *kept, conditions = state
        size, time, reason, *told = self.values.typed(kept, int, int, str, int, int, of="a failure")
        return Failure(
            self.values.path(path), size, time, reason, told[0], told[1], self.values.json(conditions, "a failure")
        )

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
