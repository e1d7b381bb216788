"""Opening an index's database: for one writer or many readers, on any kind of disk, with errors that explain."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from imgsim.errors import IndexFormatError, IndexWriteError
from imgsim.index.sqlite.explanations import Connection, explained
from imgsim.index.sqlite.filesystem import is_network_share
from imgsim.index.sqlite.schema import APPLICATION_ID, FORMAT_VERSION, TABLES
from imgsim.index.sqlite.schema_forms import find_foreign

FOLDER = ".imgsim"
DATABASE = "index.sqlite"
LOCK = "writer.lock"
BUSY_SECONDS = 10.0


def _check_files(directory: str) -> None:
    """Make sure that nothing lies there that would be waited for, such as a named pipe, or that leads elsewhere."""
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal", LOCK):
        path = os.path.join(directory, name)
        if os.path.islink(path):
            raise IndexFormatError(f"{path}: is a link, so this is no index")
        if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
            raise IndexFormatError(f"{path}: is not a file, so this is no index")


def is_behind_link(directory: str) -> bool:
    """Tell whether an index's own folder is a link where indexes are looked for, and not one that somebody named."""
    return os.path.basename(os.path.abspath(directory)) == FOLDER and os.path.islink(directory)


def lock_writer(directory: str) -> sqlite3.Connection:
    """Become the only writer of an index until the connection is closed; the system lets go when a process dies."""
    if is_behind_link(directory):
        leads = os.path.realpath(directory)
        raise IndexWriteError(
            f"{directory}: is a link, and nothing is written through one", remedy="name-index", index=leads
        )
    _check_files(directory)
    with explained(directory):
        lock = sqlite3.connect(os.path.join(directory, LOCK), timeout=0, isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error:
            lock.close()
            raise
    return lock


def connect_writer(directory: str) -> Connection:
    """Open an index's database for writing, creating its tables where there are none."""
    from imgsim.index.sqlite.migrations import migrate  # which imports NumPy: whoever asks for names does without

    with explained(directory):
        path = os.path.join(directory, DATABASE)
        connection = _connect(path)
        try:
            if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                connection.execute(f"PRAGMA journal_mode = {'DELETE' if is_network_share(directory) else 'WAL'}")
                connection.executescript(f"BEGIN; {TABLES} COMMIT;")
            connection.belong(directory, path, reading=False)
            _check(connection, directory)
            migrate(connection)
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            connection.close()
            raise
    return connection


def connect_reader(directory: str) -> Connection:
    """Open an index's database for reading; in a folder that cannot be written, as an immutable file."""
    from imgsim.index.sqlite.migrations import supplement

    connection = connect_unsupplemented(directory)
    with explained(directory, reading=True):
        try:
            connection.execute("PRAGMA query_only = OFF")
            supplement(connection)
            connection.execute("PRAGMA query_only = ON")
        except BaseException:
            connection.close()
            raise
    return connection


def connect_unsupplemented(directory: str, seconds: float = BUSY_SECONDS) -> Connection:
    """Open an index's database for reading as it is: one of an earlier format lacks what later ones have."""
    path = os.path.join(directory, DATABASE)
    _check_files(directory)
    with explained(directory, reading=True):
        if os.access(directory, os.W_OK) and os.access(path, os.W_OK):
            connection = _connect(path, seconds=seconds)
        else:
            connection = _connect_immutable(path)
        try:
            connection.belong(directory, path, reading=True)
            _check(connection, directory)
            connection.execute("PRAGMA query_only = ON")
        except BaseException:
            connection.close()
            raise
    return connection


def _connect_immutable(path: str) -> Connection:
    log = Path(path + "-wal")
    if log.exists() and log.stat().st_size:
        raise IndexFormatError(
            f"{path}: the last writer was cut off and the folder is read-only: copy it, then query the copy"
        )
    return _connect(f"file:{quote(os.fsencode(path))}?immutable=1", uri=True)


def _connect(database: str, *, uri: bool = False, seconds: float = BUSY_SECONDS) -> Connection:
    """Connect without trust in what the file says of itself: no function is called because its schema says so."""
    connection = sqlite3.connect(database, seconds, isolation_level=None, factory=Connection, uri=uri)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _check(connection: Connection, directory: str) -> None:
    """Make sure that a database is an index, of a format that this imgsim reads, and nothing more."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    problem, remedy = "", ""
    if application != APPLICATION_ID:
        problem, remedy = f"{DATABASE} is not an imgsim index", "other-index"
    elif version > FORMAT_VERSION:
        problem = f"index format {version} is newer than {FORMAT_VERSION}, the newest this imgsim knows: update imgsim"
    elif foreign := find_foreign(connection, version):
        problem = f"the index is damaged ({foreign}); delete it and index again"
    if problem:
        raise IndexFormatError(f"{directory}: {problem}", remedy=remedy)


def outside(directory: str, root: str) -> str | None:
    """Give an index's own folder if it is not where it is looked for anyway."""
    usual = os.path.realpath(os.path.join(root, FOLDER))
    return None if os.path.realpath(directory) == usual else directory
