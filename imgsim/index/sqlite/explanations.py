"""SQLite's errors as imgsim's, which say what to do; damage is what SQLite calls so."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.errors import ImgsimError, IndexFormatError, IndexLockedError, IndexWriteError

if TYPE_CHECKING:
    from collections.abc import Iterator

DAMAGE = ("no such table", "no such column", "malformed JSON")  # which SQLite has no name of its own for


class _Kind(NamedTuple):
    """What is said of errors whose names begin so."""

    prefixes: tuple[str, ...]
    error: type[ImgsimError]
    reason: str
    remedy: str = ""


_UNREADABLE = _Kind(("SQLITE_CANTOPEN",), IndexFormatError, "cannot be read ({})")
_OTHER = _Kind((), IndexFormatError, "SQLite cannot go on ({})")
_KINDS = (
    _Kind(
        ("SQLITE_FULL", "SQLITE_IOERR"),
        IndexWriteError,
        "the disk is full or failing ({}); what was committed is kept, run again to go on",
    ),
    _Kind(
        ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM"),
        IndexWriteError,
        "cannot be written here ({})",
        "other-index",
    ),
    _Kind(("SQLITE_BUSY",), IndexLockedError, "another process is writing this index; try again later", "wait"),
    _Kind(
        ("SQLITE_CORRUPT", "SQLITE_NOTADB"),
        IndexFormatError,
        "the index is damaged ({}); delete it and index again",
    ),
)


@contextmanager
def explained(directory: str, *, reading: bool = False) -> Iterator[None]:
    """Turn SQLite's errors into imgsim's."""
    try:
        yield
    except sqlite3.Error as error:
        raise explanation(error, directory, reading=reading) from error


def explanation(error: sqlite3.Error, directory: str, *, reading: bool = False) -> Exception:
    """Give imgsim's error for one of SQLite's; the same one for a fault of the program."""
    kind, said = getattr(error, "sqlite_errorname", ""), str(error)
    if not kind:  # a connection that was closed, or is used in another thread
        return error
    if kind == "SQLITE_READONLY_DBMOVED":
        return removed(directory)
    if kind == "SQLITE_ERROR" and said.startswith(DAMAGE):
        kind = "SQLITE_CORRUPT"
    kinds = (_UNREADABLE, *_KINDS) if reading else _KINDS
    found = next((one for one in kinds if kind.startswith(one.prefixes)), _OTHER)
    return found.error(f"{directory}: {found.reason.format(said)}", remedy=found.remedy)


def removed(directory: str) -> ImgsimError:
    """Say that the index is not where it was opened."""
    return IndexWriteError(
        f"{directory}: the index was removed or replaced while it was written: what was written is lost, run again"
    )


def _explaining(name: str) -> Any:  # noqa: ANN401 (a method of any signature)
    method = getattr(sqlite3.Cursor, name)

    def call(self: ExplainedCursor, *arguments: object) -> object:
        try:
            return method(self, *arguments)
        except sqlite3.Error as error:
            raise self.connection.explanation(error) from error

    return call


class ExplainedCursor(sqlite3.Cursor):
    """Rows of a `Connection`; their errors are explained as well."""

    connection: Connection

    execute = _explaining("execute")
    executemany = _explaining("executemany")
    fetchone = _explaining("fetchone")
    fetchmany = _explaining("fetchmany")
    fetchall = _explaining("fetchall")
    __next__ = _explaining("__next__")


class Connection(sqlite3.Connection):
    """A connection to an index's database, whose errors name the index and say what to do, whoever asks."""

    directory = ""
    reading = False
    _file = ""
    _opened: tuple[int, int] | None = None

    def execute(self, *arguments: Any) -> Any:  # noqa: ANN401 (sqlite3's own signature)
        """Execute a statement; give its rows."""
        return self.cursor(ExplainedCursor).execute(*arguments)

    def executemany(self, *arguments: Any) -> Any:  # noqa: ANN401 (sqlite3's own signature)
        """Execute a statement for each of many parameters."""
        return self.cursor(ExplainedCursor).executemany(*arguments)

    def explanation(self, error: sqlite3.Error) -> Exception:
        """Give imgsim's error for one of SQLite's."""
        if self._opened and not self.reading and _identity(self._file) != self._opened:
            return removed(self.directory)
        return explanation(error, self.directory, reading=self.reading)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn errors of the block into imgsim's, those of a commit too."""
        try:
            yield
        except sqlite3.Error as error:
            raise self.explanation(error) from error

    def belong(self, directory: str, file: str, *, reading: bool) -> None:
        """Note which index this is a connection to, and which file that is now."""
        self.directory, self.reading, self._file, self._opened = directory, reading, file, _identity(file)

    def check_there(self) -> None:
        """Make sure that the file is where it was opened: nobody else finds what is written to another."""
        if _identity(self._file) != self._opened:
            raise removed(self.directory)


def _identity(file: str) -> tuple[int, int] | None:
    try:
        at = os.stat(file)
    except OSError:
        return None
    return at.st_dev, at.st_ino
