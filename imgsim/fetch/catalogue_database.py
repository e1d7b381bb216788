"""The database of a catalogue, open for one process, with errors that say what to do."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from imgsim.errors import ImgsimError
from imgsim.fetch.catalogue_schema import APPLICATION_ID, FORMAT, OF_A_RUN, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FOLDER = ".imgsim-fetch"
DATABASE = "catalogue.sqlite"
_DAMAGED = f"{FOLDER} is damaged: move it and the tables away and run again, photos are known by their content"
_WRONG = {  # by how SQLite's names of errors begin
    "SQLITE_BUSY": "another `imgsim fetch` is at it: wait until it is done",
    "SQLITE_FULL": "the disk is full: what was fetched is kept, run again to go on",
    "SQLITE_IOERR": "the disk is full or failing: what was fetched is kept, run again to go on",
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_READONLY": "cannot be written",
    "SQLITE_CANTOPEN": "cannot be written",
    "SQLITE_PERM": "cannot be written",
}


class CatalogueError(ImgsimError):
    """A catalogue that cannot be read or written: by another process at it, a full disk, a database of others."""


class CatalogueDatabase:
    """A connection; without a folder to one of SQLite's own files, which it forgets."""

    def __init__(self, folder: str | None) -> None:
        self._folder = folder or "the temporary folder"
        with self.explained():
            path = os.path.join(folder, FOLDER, DATABASE) if folder else ""
            self._connection = sqlite3.connect(path, timeout=0, isolation_level=None)
            try:
                self._open()
            except BaseException:
                self._connection.close()
                raise

    def _open(self) -> None:
        run = self._connection.execute
        run("PRAGMA trusted_schema = OFF")
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA temp_store = FILE")
        run("BEGIN EXCLUSIVE")
        if not run("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for statement in filter(str.strip, TABLES.split(";")):
                run(statement)
            run(f"PRAGMA application_id = {APPLICATION_ID}")
            run(f"PRAGMA user_version = {FORMAT}")
        run("COMMIT")
        if run("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise CatalogueError(f"{self._folder}: what is in {FOLDER} is no catalogue of `imgsim fetch`")
        if run("PRAGMA user_version").fetchone()[0] > FORMAT:
            raise CatalogueError(f"{self._folder}: its catalogue was written by a newer imgsim: update imgsim")
        self._connection.executescript(OF_A_RUN)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn SQLite's errors into one line."""
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "")
            reason = next((said for start, said in _WRONG.items() if name.startswith(start)), "")
            if not reason:
                raise
            remedy = "other-output" if reason == "cannot be written" else ""
            raise CatalogueError(f"{self._folder}: {reason}", remedy=remedy) from error

    def run(self, statement: str, values: Iterable[Any] | Mapping[str, Any] = ()) -> sqlite3.Cursor:
        """Run a statement; give its rows."""
        with self.explained():
            return self._connection.execute(statement, values)  # type: ignore[arg-type]

    def value(self, statement: str, *values: object) -> Any:  # noqa: ANN401 (what SQLite holds)
        """Run a statement; give the first value, None where there is no row."""
        found = self.run(statement, values).fetchone()
        return found[0] if found else None

    def run_each(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Run a statement for each row, as they come."""
        with self.explained():
            self._connection.executemany(statement, rows)

    def begin(self) -> None:
        """Begin what is committed at once."""
        if not self._connection.in_transaction:
            self.run("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Keep what was begun."""
        if self._connection.in_transaction:
            self.run("COMMIT")

    def close(self) -> None:
        """Forget what was begun, and let go of the database."""
        self._connection.close()
