"""One column of a table, a cell for each photo; whatever does not fit is said, by name and count."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from imgsim.errors import ParameterError, UnknownNameError, first_few
from imgsim.paths import composed
from imgsim.tables.matching import find_column, find_others, key_text, pair_rows, pattern_column
from imgsim.tables.photo_names import PhotoNames
from imgsim.tables.table import Row, read_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.tables.table import Table


def read_column(
    source: str, root: str, paths: Sequence[str], key: str | None, encoding: str | None
) -> tuple[dict[str, object], list[str]]:
    """Read a table's column for the photos that it is about."""
    file, colon, column = source.rpartition(":")
    column, key = composed(column), key and composed(key)
    if not (colon and file and column):
        raise ParameterError(f"{source!r}: write FILE:COLUMN, for example photos.csv:kind")
    table = _without_nan(read_table(file, encoding))
    if column not in table.columns:
        raise UnknownNameError(f"column of {file}", column, table.columns)
    photo_names = PhotoNames(root, paths, os.path.dirname(os.path.abspath(file)))
    table, remarks = _single_values(table, column)
    key = key or find_column(table, photo_names)
    table, repeated = _once(table, column, _things(table, photo_names, key), pattern_column(key))
    pairing = pair_rows(table, photo_names, key)
    remarks += repeated + remark(pairing.lost, "rows name no photo")
    remarks += remark(pairing.regardless, "rows name their photo in other upper and lower case")
    cells = {photo: table.rows[row].cells.get(column) for photo, row in pairing.rows.items()}
    return {photo: cell for photo, cell in cells.items() if cell is not None}, remarks


def _without_nan(table: Table) -> Table:
    """Leave out cells that are not a number, which is how some programs write that there is none."""
    rows = [Row(line, {name: cell for name, cell in cells.items() if cell == cell}) for line, cells in table.rows]  # noqa: PLR0124
    return replace(table, rows=rows)


def _single_values(table: Table, column: str) -> tuple[Table, list[str]]:
    """Leave out rows that say several things at once."""
    several = [isinstance(row.cells.get(column), list | dict) for row in table.rows]
    kept = [row for row, odd in zip(table.rows, several, strict=True) if not odd]
    places = [table.place(number) for number, odd in enumerate(several) if odd]
    reason = f"rows of {table.path} have a list or an object for {column} and are left out"
    return replace(table, rows=kept), remark(places, reason)


def _things(table: Table, photo_names: PhotoNames, key: str) -> list[str]:
    """Say what each row is about: a photo, or what fits a pattern; otherwise the name as it stands, empty for none."""
    part = pattern_column(key)
    names = [key_text(row.cells.get(part or key, "")) for row in table.rows]
    if part:
        return [composed(name) for name in names]
    found = {name: photo_names.find(name) for name in dict.fromkeys(names) if name}
    others = find_others(photo_names, found)
    return [found[name][0] if len(found.get(name, ())) == 1 else others.get(name, name) for name in names]


def _once(table: Table, column: str, things: Sequence[str], part: str | None) -> tuple[Table, list[str]]:
    """Leave each thing one row: repetitions go, and things go that are said to be several."""
    said: dict[str, dict[object, None]] = {}
    for row, thing in zip(table.rows, things, strict=True):
        said.setdefault(thing, {})[row.cells.get(column)] = None
    kept, repeated, seen = [], [], set()
    for number, (row, thing) in enumerate(zip(table.rows, things, strict=True)):
        if not thing or (thing not in seen and len(said[thing]) == 1):
            kept.append(row)
        elif len(said[thing]) == 1:
            repeated.append(f"{table.place(number)} ({thing})")
        seen.add(thing)
    torn = {thing: cells for thing, cells in said.items() if thing and len(cells) > 1}
    listed = [f"{thing} ({', '.join(map(_shown, cells))})" for thing, cells in torn.items()]
    several = f"{f'values of {part}' if part else 'photos'} have several values of {column} and are left out"
    return replace(table, rows=kept), remark(repeated, "rows repeat an earlier one") + remark(listed, several)


def _shown(cell: object) -> str:
    return "no value" if cell is None else str(cell)


def remark(what: Sequence[str], reason: str) -> list[str]:
    """Count what does not fit, and name the first few.

    Examples
    --------
    >>> remark(["a", "b", "c", "d"], "rows name no photo")
    ['4 rows name no photo: a, b, c and 1 more']
    """
    return [f"{len(what)} {reason}: {first_few(what)}"] if what else []
