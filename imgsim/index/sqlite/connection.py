"""Opening an index's database: for one writer or many readers, on any kind of disk, with errors that explain."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from imgsim.errors import IndexFormatError, IndexLockedError, IndexWriteError
from imgsim.index.sqlite.filesystem import is_network_share
from imgsim.index.sqlite.migrations import migrate, supplement
from imgsim.index.sqlite.schema import APPLICATION_ID, FORMAT_VERSION, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = ".imgsim"
DATABASE = "index.sqlite"
LOCK = "writer.lock"
BUSY_SECONDS = 10.0


@contextmanager
def explained(directory: str) -> Iterator[None]:
    """Turn SQLite's errors into imgsim's, which say what to do."""
    try:
        yield
    except sqlite3.Error as error:
        kind = getattr(error, "sqlite_errorname", "")
        if kind.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
            raise IndexWriteError(
                f"{directory}: the disk is full or failing ({error}); what was committed is kept, run again to go on"
            ) from error
        if kind.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
            raise IndexWriteError(f"{directory}: cannot be written here ({error})", remedy="other-index") from error
        if kind.startswith("SQLITE_BUSY"):
            raise IndexLockedError(f"{directory}: another process is writing this index; try again later") from error
        raise IndexFormatError(f"{directory}: the index is damaged ({error}); delete it and index again") from error


def lock_writer(directory: str) -> sqlite3.Connection:
    """Become the only writer of an index until the connection is closed; the system lets go when a process dies."""
    with explained(directory):
        lock = sqlite3.connect(os.path.join(directory, LOCK), timeout=0, isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error:
            lock.close()
            raise
    return lock


def connect_writer(directory: str) -> sqlite3.Connection:
    """Open an index's database for writing, creating its tables where there are none."""
    with explained(directory):
        connection = sqlite3.connect(os.path.join(directory, DATABASE), timeout=BUSY_SECONDS, isolation_level=None)
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            connection.execute(f"PRAGMA journal_mode = {'DELETE' if is_network_share(directory) else 'WAL'}")
            connection.executescript(f"BEGIN; {TABLES} COMMIT;")
        _check(connection, directory)
        migrate(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def connect_reader(directory: str) -> sqlite3.Connection:
    """Open an index's database for reading; in a folder that cannot be written, as an immutable file."""
    path = os.path.join(directory, DATABASE)
    with explained(directory):
        if os.access(directory, os.W_OK) and os.access(path, os.W_OK):
            connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        else:
            connection = _connect_immutable(path)
        _check(connection, directory)
        supplement(connection)
        connection.execute("PRAGMA query_only = ON")
    return connection


def _connect_immutable(path: str) -> sqlite3.Connection:
    log = Path(path + "-wal")
    if log.exists() and log.stat().st_size:
        raise IndexFormatError(
            f"{path}: the last writer was cut off and the folder is read-only: copy it, then query the copy"
        )
    return sqlite3.connect(f"file:{quote(os.fsencode(path))}?immutable=1", uri=True, isolation_level=None)


def _check(connection: sqlite3.Connection, directory: str) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        problem, remedy = f"{DATABASE} is not an imgsim index", "other-index"
    elif version > FORMAT_VERSION:
        problem = f"index format {version} is newer than {FORMAT_VERSION}, the newest this imgsim knows: update imgsim"
        remedy = ""
    else:
        return
    connection.close()
    raise IndexFormatError(f"{directory}: {problem}", remedy=remedy)


def outside(directory: str, root: str) -> str | None:
    """Give an index's own folder if it is not where it is looked for anyway."""
    usual = os.path.realpath(os.path.join(root, FOLDER))
    return None if os.path.realpath(directory) == usual else directory
