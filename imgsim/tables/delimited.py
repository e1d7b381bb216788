"""CSV, and what else people call so: cells between commas, semicolons or tabs."""

from __future__ import annotations

import csv
import io
import re
from itertools import chain
from typing import TYPE_CHECKING

from imgsim.errors import TableError
from imgsim.tables.table import Row, Table, check_columns
from imgsim.tables.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DELIMITERS = ",;\t"
_TOLD = re.compile(r'"?sep=([^"\r\n])"?(?:\r\n?|\n)', re.IGNORECASE)  # how spreadsheets tell each other the delimiter


def read_delimited(path: str, encoding: str | None = None) -> Table:
    """Read a table whose first line names the columns."""
    columns, rows = read_lines(path, io.StringIO(read_text(path, encoding), newline=""))
    return Table(path, columns, list(rows), textual=True)


def read_lines(path: str, lines: Iterator[str]) -> tuple[tuple[str, ...], Iterator[Row]]:
    """Give a table's columns, and its rows as its lines come, which have their own ends."""
    first, delimiter, line = 1, "", next(lines, "")
    if told := _TOLD.match(line):
        first, delimiter, line = 2, told[1], next(lines, "")
    records = _records(path, chain([line], lines), delimiter or _delimiter(line), first)
    _, header = next(records, (1, [""]))
    columns = check_columns(path, header)
    return tuple(filter(None, columns)), (_row(path, columns, number, cells) for number, cells in records)


def _delimiter(line: str) -> str:
    """Give the delimiter that divides the first line into most cells."""
    lines = line.splitlines()[:1]
    return max(DELIMITERS, key=lambda delimiter: max(map(len, csv.reader(lines, delimiter=delimiter)), default=0))


def _records(path: str, lines: Iterable[str], delimiter: str, first: int) -> Iterator[tuple[int, list[str]]]:
    """Give each record's first line and its cells, where the lines begin with that one."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = first
    try:
        for cells in reader:
            if cells:
                yield line, [cell.strip() for cell in cells]
            line = first + reader.line_num
    except csv.Error as error:
        raise TableError(path, f"line {line} is not CSV: {error}") from error


def _row(path: str, columns: tuple[str, ...], line: int, cells: list[str]) -> Row:
    if len(cells) != len(columns):
        counts = f"line {line} has {len(cells)} cells, the first line {len(columns)}"
        raise TableError(path, f"{counts}: a cell with a delimiter in it goes in double quotes")
    return Row(line, {column: cell for column, cell in zip(columns, cells, strict=True) if column and cell})
