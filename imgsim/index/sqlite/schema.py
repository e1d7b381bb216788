"""The tables of a SQLite index, and their version.

Paths are blobs, since file names are bytes. A photo has parts: one, owned by nobody and without a name, is the whole of
it, the others belong to the spec of what cut it up; a part has one row of features for each extractor. Attributes are
two JSON objects, what people typed and what was measured, which hides behind it; `facts` holds both once more, sorted
by value, so that conditions need not read the objects of all photos.

Format 1 had no facts; formats 1 and 2 had calibrations in `meta`, no columns `measured`, `decoding` and `checksum` and
no owners of parts; `imgsim.index.sqlite.migrations` adds them. A file that holds anything else is no index: a view or a
trigger of somebody else's would be run by whoever reads it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import sqlite3

Form: TypeAlias = "tuple[str, ...]"  # a statement, whatever its spaces and the order of its columns

FORMAT_VERSION = 3
APPLICATION_ID = 0x696D6773  # "imgs"

FACTS = """
CREATE {temporary} TABLE kinds (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    UNIQUE (name, type)
);
CREATE {temporary} TABLE facts (
    kind_id INTEGER NOT NULL REFERENCES kinds (id),
    value NOT NULL,
    image_id INTEGER NOT NULL,
    PRIMARY KEY (kind_id, value, image_id)
) WITHOUT ROWID;
"""
CALIBRATIONS = """
CREATE TABLE calibrations (
    distance TEXT PRIMARY KEY,
    calibration TEXT NOT NULL,
    stale INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE calibrated_extractors (
    distance TEXT NOT NULL REFERENCES calibrations (distance) ON DELETE CASCADE,
    extractor_id INTEGER NOT NULL REFERENCES extractors (id) ON DELETE CASCADE,
    PRIMARY KEY (distance, extractor_id)
) WITHOUT ROWID;
"""
PARTS = """
CREATE TABLE {name} (
    id INTEGER PRIMARY KEY,
    image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (image_id, owner, name)
);
"""
MEASURED = "measured TEXT NOT NULL DEFAULT '{}'"
DECODING = "decoding INTEGER NOT NULL DEFAULT 1"  # by which version of decoding it was measured
CHECKSUM = "checksum INTEGER NOT NULL DEFAULT 0"  # of the vector and the part's key

TABLES = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE images (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    digest BLOB NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    attributes TEXT NOT NULL DEFAULT '{{}}',
    {MEASURED},
    {DECODING}
);
{PARTS.format(name="parts")}
CREATE TABLE extractors (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    spec TEXT NOT NULL UNIQUE,
    dim INTEGER NOT NULL,
    binary INTEGER NOT NULL,
    statistics BLOB
);
CREATE TABLE features (
    extractor_id INTEGER NOT NULL REFERENCES extractors (id) ON DELETE CASCADE,
    part_id INTEGER NOT NULL REFERENCES parts (id) ON DELETE CASCADE,
    vector BLOB NOT NULL,
    {CHECKSUM},
    UNIQUE (extractor_id, part_id)
);
CREATE INDEX features_of_part ON features (part_id);
CREATE TABLE failures (
    path BLOB PRIMARY KEY,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID;
{FACTS.format(temporary="")}
{CALIBRATIONS}
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT_VERSION};
"""


def form_of(sql: str) -> Form:
    r"""Bring a statement to a form that does not tell how it came about: at once, or by a migration.

    Examples
    --------
    >>> form_of('CREATE TABLE "t" (b, a)') == form_of("CREATE TABLE t (\n a, b)")
    True
    """
    head, _, columns = re.sub(r'[\s"]+', "", sql).partition("(")
    columns, _, tail = columns.rpartition(")")
    return head, tail, *sorted(columns.split(","))


def _created(tables: str) -> dict[str, Form]:
    """List what statements create, by name."""
    return {found["name"]: form_of(found[0]) for found in re.finditer(r"CREATE +\w+ +(?P<name>\w+)[^;]*", tables)}


_PRESENT = _created(TABLES)
_OWNED = ("    owner TEXT NOT NULL,\n", ""), ("image_id, owner", "image_id")
_OLD_PARTS = PARTS.format(name="parts").replace(*_OWNED[0]).replace(*_OWNED[1])
_ADDED = rf",\s*({re.escape(MEASURED)}|{DECODING}|{CHECKSUM})"
_LATER = _created(CALIBRATIONS), _created(CALIBRATIONS + FACTS.format(temporary=""))  # than format 2, and format 1
_OLD = _PRESENT | _created(re.sub(_ADDED, "", TABLES)) | _created(_OLD_PARTS)
_FORMATS = {
    version: {name: form for name, form in _OLD.items() if name not in later}
    for version, later in zip((2, 1), _LATER, strict=True)
}
_OF_SQLITE = {form_of(f"CREATE TABLE sqlite_{rest}") for rest in ("sequence(name,seq)", "stat1(tbl,idx,stat)")}


def find_foreign(connection: sqlite3.Connection, version: int) -> str | None:
    """Say what a database has that no index of its format has, or lacks; None if there is nothing."""
    expected = _FORMATS.get(version, _PRESENT)
    lacking = set(expected)
    for kind, name, sql in connection.execute("SELECT type, name, sql FROM main.sqlite_master LIMIT 100"):
        if sql is None and kind == "index" and name.startswith("sqlite_autoindex_"):
            continue
        form = form_of(sql) if isinstance(sql, str) else ()
        if form != expected.get(name) and form not in _OF_SQLITE:
            return f"a {kind} {name!a} that is not of imgsim's making"
        lacking.discard(name)
    return f"no {', '.join(sorted(lacking))}" if lacking else None
