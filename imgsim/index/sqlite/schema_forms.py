"""Whether a database's schema is an index's: a view or a trigger of somebody else's is run by whoever reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from imgsim.index.sqlite.schema import CALIBRATIONS, FACTS, NOTES, PAIRS, SHOWN, TABLES

if TYPE_CHECKING:
    import sqlite3

CREATION = r"CREATE +(UNIQUE +)?(TABLE|INDEX) +(?P<name>\w+)[^;]*"
Form: TypeAlias = "tuple[str, ...]"  # a statement, whatever its spaces and the order of its columns

OLD = """
CREATE TABLE images (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    digest BLOB NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    attributes TEXT NOT NULL DEFAULT '{}'
);
CREATE TABLE parts (
    id INTEGER PRIMARY KEY,
    image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    UNIQUE (image_id, name)
);
CREATE TABLE features (
    extractor_id INTEGER NOT NULL REFERENCES extractors (id) ON DELETE CASCADE,
    part_id INTEGER NOT NULL REFERENCES parts (id) ON DELETE CASCADE,
    vector BLOB NOT NULL,
    UNIQUE (extractor_id, part_id)
);
CREATE TABLE failures (
    path BLOB PRIMARY KEY,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID;
"""  # what formats 1 and 2 had in place of the present tables


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
    return {found["name"]: form_of(found[0]) for found in re.finditer(CREATION, tables)}


_PRESENT = _created(TABLES)
_NEWEST = _created(PAIRS.format(temporary=""))
_LATER = {
    4: _NEWEST,
    2: _NEWEST | _created(CALIBRATIONS + SHOWN),
    1: _NEWEST | _created(CALIBRATIONS + SHOWN + FACTS.format(temporary="")),
}
_FORMATS = {
    version: {
        name: form for name, form in (_PRESENT | (_created(OLD) if version < 3 else {})).items() if name not in later
    }
    for version, later in _LATER.items()
}  # earlier formats lack what came later
_NOTES = {re.sub(r"\s", "", column) for column in NOTES}
_FORMATS[3] = _FORMATS[4] | {"images": tuple(piece for piece in _PRESENT["images"] if piece not in _NOTES)}
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
