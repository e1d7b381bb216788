"""Indexes of earlier formats: brought to the present one when opened for writing, supplemented while they are read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from imgsim.index.sqlite.fact_rows import Facts
from imgsim.index.sqlite.schema import FACTS, FORMAT_VERSION

if TYPE_CHECKING:
    import sqlite3


def migrate(connection: sqlite3.Connection) -> None:
    """Bring an index to the present format, in one transaction."""
    if not _is_older(connection):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _add_facts(connection)
        connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def supplement(connection: sqlite3.Connection) -> None:
    """Add what an index of an earlier format lacks for as long as it is read, without writing to it."""
    if _is_older(connection):
        _add_facts(connection, "TEMP")


def _is_older(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA user_version").fetchone()[0] < FORMAT_VERSION)


def _add_facts(connection: sqlite3.Connection, temporary: str = "") -> None:
    """Add what format 2 has and format 1 had not: attributes once more, as facts."""
    for statement in filter(str.strip, FACTS.format(temporary=temporary).split(";")):
        connection.execute(statement)
    facts = Facts(connection)
    rows = connection.execute("SELECT id, attributes FROM images WHERE attributes != '{}'").fetchall()
    for photo, attributes in rows:
        facts.replace(photo, {}, json.loads(attributes))
