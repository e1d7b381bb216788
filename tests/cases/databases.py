"""Changing an index behind imgsim's back, by what its columns hold rather than by where they stand."""

import sqlite3
from contextlib import closing

from imgsim.index.sqlite.connection import DATABASE


def change(folder, text, parameters=(), **columns):
    """Run a statement on an index; ``{table}`` stands for the one table that has the columns named for it."""
    with closing(sqlite3.connect(folder / ".imgsim" / DATABASE)) as database, database:
        tables = {place: _table_of(database, names.split()) for place, names in columns.items()}
        changed = database.execute(text.format(**tables), parameters).rowcount
    if changed == 0:
        raise LookupError(f"nothing in the index to change by {text!r}")


def remember(folder, key, value):
    """Put a value in the place of one that the index remembers of itself."""
    change(folder, "UPDATE {of} SET value = ? WHERE key = ?", (value, key), of="key value")


def drop(folder, **columns):
    """Drop a table."""
    change(folder, "DROP TABLE {of}", **columns)


def _table_of(database, names):
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = {table: {row[1] for row in database.execute(f"PRAGMA table_info({table})")} for table in tables}
    having = [table for table in tables if columns[table] >= set(names)]
    if len(having) != 1:
        raise LookupError(f"{len(having)} tables have the columns {names}")
    return having[0]
