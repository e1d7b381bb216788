"""The ledger of a SQLite index: files that could not be read, and why."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imgsim.index.database import Database
from imgsim.index.store import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable


class LedgerRows(Database):
    """Failures, as `imgsim.index.store.Store` describes them."""

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
