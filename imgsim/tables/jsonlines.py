"""JSON Lines: one object a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from imgsim.errors import TableError
from imgsim.paths import composed
from imgsim.tables.table import Row, Table, check_columns
from imgsim.tables.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def read_jsonlines(path: str, encoding: str | None = None) -> Table:
    """Read a table of JSON objects, one a line."""
    columns: dict[str, None] = {}
    rows = list(read_objects(path, read_text(path, encoding).split("\n"), columns))
    return Table(path, check_columns(path, tuple(columns)), rows, textual=False)


def read_objects(path: str, lines: Iterable[str], columns: dict[str, None]) -> Iterator[Row]:
    """Give rows as their lines come, and note whatever column one has."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            row = _object(path, number, line)
            columns.update(dict.fromkeys(row))
            yield Row(number, {key: value for key, value in row.items() if value not in (None, "")})


def _object(path: str, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise TableError(path, f"line {number} is not JSON: {error.msg} at column {error.colno}") from error
    except (ValueError, RecursionError) as error:
        reason = str(error).partition(";")[0]  # of a number of more digits than Python reads: not how to have it read
        raise TableError(path, f"line {number}: {reason}") from error
    if not isinstance(row, dict):
        raise TableError(path, f"line {number} is no object; write a {{...}} on each line")
    return row


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs, unless one key comes twice."""
    pairs = [(composed(key), value) for key, value in pairs]
    row = dict(pairs)
    if len(row) < len(pairs):
        twice = next(key for place, (key, _) in enumerate(pairs) if key in dict(pairs[:place]))
        raise ValueError(f"the key {twice!r} comes twice")
    return row
