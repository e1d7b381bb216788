"""JSON Lines: one object a line."""

from __future__ import annotations

import json
from typing import Any

from imgsim.errors import TableError
from imgsim.paths import composed
from imgsim.tables.table import Row, Table, check_columns
from imgsim.tables.text import read_text


def read_jsonlines(path: str, encoding: str | None = None) -> Table:
    """Read a table of JSON objects, one a line."""
    rows = []
    columns: dict[str, None] = {}
    for number, line in enumerate(read_text(path, encoding).split("\n"), start=1):
        if not line.strip():
            continue
        row = _object(path, number, line)
        columns.update(dict.fromkeys(row))
        rows.append(Row(number, {key: value for key, value in row.items() if value not in (None, "")}))
    return Table(path, check_columns(path, tuple(columns)), rows, textual=False)


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
