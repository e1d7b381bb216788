"""The types of a table's columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.errors import ParameterError, TableError
from imgsim.tables.values import READERS, check_attributes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from imgsim.tables.table import Row, Table

NEARLY = 0.5  # from this share of cells on, it is worth saying which keep a column from being numbers or dates


class Typed(NamedTuple):
    """What a table says of each row, in the form that the index keeps, and notes on columns that are hardly text."""

    values: list[dict[str, Any]]
    notes: list[str]


def read_columns(table: Table, columns: Collection[str]) -> Typed:
    """Read the values of some columns."""
    cells = [{column: row.cells.get(column) for column in columns} for row in table.rows]
    notes = []
    if table.textual:
        for column in columns:
            notes += _type_column(table.rows, cells, column)
    try:
        for place, row in enumerate(cells):
            cells[place] = check_attributes(row)
    except ParameterError as error:
        raise TableError(table.path, f"{table.place(place)}: {error}") from error
    return Typed(cells, notes)


def _type_column(rows: Sequence[Row], cells: list[dict[str, Any]], column: str) -> list[str]:
    """Read a column as the first type that all of its cells have; note what nearly was one."""
    texts = {row[column] for row in cells} - {None}
    for name, read in READERS.items():
        values = {text: read(text) for text in texts}
        others = {text for text, value in values.items() if value is None}
        if not others:
            for row in cells:
                row[column] = values.get(row[column])
            return []
        if len(others) < NEARLY * len(texts):
            line, text = next((row.line, row.cells[column]) for row in rows if row.cells.get(column) in others)
            return [f"{column} is text and not {name}s, since line {line} says {text!r}"]
    return []
