"""CSV, and what else people call so: cells between commas, semicolons or tabs."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from imgsim.errors import TableError
from imgsim.tables.table import Row, Table, check_columns
from imgsim.tables.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator

DELIMITERS = ",;\t"


def read_delimited(path: str, encoding: str | None = None) -> Table:
    """Read a table whose first line names the columns."""
    text = read_text(path, encoding)
    records = _records(path, text, _delimiter(text))
    _, header = next(records, (1, [""]))
    columns = check_columns(path, header)
    rows = [_row(path, columns, line, cells) for line, cells in records]
    return Table(path, tuple(filter(None, columns)), rows, textual=True)


def _delimiter(text: str) -> str:
    """Give the delimiter that divides the first line into most cells."""
    lines = text.splitlines()[:1]
    return max(DELIMITERS, key=lambda delimiter: max(map(len, csv.reader(lines, delimiter=delimiter)), default=0))


def _records(path: str, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Give each record's first line and its cells."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise TableError(path, f"line {line} is not CSV: {error}") from error


def _row(path: str, columns: tuple[str, ...], line: int, cells: list[str]) -> Row:
    if len(cells) != len(columns):
        counts = f"line {line} has {len(cells)} cells, the first line {len(columns)}"
        raise TableError(path, f"{counts}: a cell with a delimiter in it goes in double quotes")
    return Row(line, {column: cell for column, cell in zip(columns, cells, strict=True) if column and cell})
