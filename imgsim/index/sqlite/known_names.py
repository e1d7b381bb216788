"""The names that an index knows, for a shell that asks at every key: read without NumPy, quickly, or not at all."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from imgsim.errors import IndexFormatError
from imgsim.index.sqlite.connection import connect_unsupplemented

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgsim.index.sqlite.explanations import Connection

PATIENCE = 0.1  # seconds, for a writer to let go
OLDEST = 4  # format whose names are where they are now
_ATTRIBUTES = "SELECT name FROM kinds WHERE EXISTS (SELECT 1 FROM facts WHERE kind_id = kinds.id)"
_COLORS = "SELECT DISTINCT value FROM facts WHERE kind_id IN (SELECT id FROM kinds WHERE name = ? AND type = 'text')"


def attribute_names(directory: str) -> list[str]:
    """List the attributes that photos of an index have, or that are declared; IndexFormatError if its format is old."""
    with _opened(directory) as connection:
        declared = connection.execute("SELECT value FROM meta WHERE key = 'declared'").fetchone()
        return sorted(
            {name for (name,) in connection.execute(_ATTRIBUTES)} | set(json.loads(declared[0]) if declared else ())
        )


def sight_rules(directory: str) -> list[str]:
    """List the rules that keep photos out of sight; IndexFormatError if the index's format is old."""
    with _opened(directory) as connection:
        rules = connection.execute("SELECT value FROM meta WHERE key = 'sight'").fetchone()
        return list(json.loads(rules[0])["rules"]) if rules else []


def color_names(directory: str) -> list[str]:
    """List the colours that photos of an index are of; IndexFormatError if its format is old."""
    from imgsim.index.store.measurement_store import COLORS

    with _opened(directory) as connection:
        return sorted(name for (name,) in connection.execute(_COLORS, COLORS[:1]))


@contextmanager
def _opened(directory: str) -> Iterator[Connection]:
    with closing(connect_unsupplemented(directory, PATIENCE)) as connection:
        if connection.execute("PRAGMA user_version").fetchone()[0] < OLDEST:
            raise IndexFormatError(f"{directory}: the index has an older format")
        yield connection
