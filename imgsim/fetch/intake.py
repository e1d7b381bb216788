"""Rows of a table, as a catalogue takes them in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.errors import TableError, UnknownNameError
from imgsim.fetch.addresses import AddressError, parse_address
from imgsim.fetch.catalogue_items import IncomingRow
from imgsim.paths import composed
from imgsim.tables.matching import key_text
from imgsim.tables.row_stream import is_undecoded, undecoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgsim.fetch.fetch_options import TableColumns
    from imgsim.tables.row_stream import RowStream
    from imgsim.tables.table import Row

USUAL = {"url": "url", "page": "page", "name": "name"}


def find_columns(path: str, table: RowStream, asked: TableColumns) -> dict[str, str]:
    """Find the columns of addresses, pages and names by what they are called; empty for none."""
    return {name: _column(path, table, name, getattr(asked, name)) for name in USUAL}


def incoming_rows(path: str, table: RowStream, columns: dict[str, str], encoding: str | None) -> Iterator[IncomingRow]:
    """Give a table's rows; those that cannot be asked for say why.

    A row that is not of the encoding that was named is one of those; where none was named, TableError.
    """
    for row in table.rows:
        if is_undecoded(row):
            if encoding is None:
                raise undecoded(path, row.line, encoding)
            yield _spoilt(table, row, columns, f"the row is not {encoding.upper()}")
            continue
        yield _incoming(table, row, columns)


def _column(path: str, table: RowStream, name: str, asked: str | None) -> str:
    """Find a column by its name; empty where nobody asked for it and there is none of the usual name."""
    if asked is not None and composed(asked) not in table.columns:
        raise UnknownNameError(f"column of {path}", asked, table.columns)
    alike = (column for column in table.columns if column.lower() == USUAL[name])
    if column := composed(asked) if asked is not None else next(alike, ""):
        return column
    if name == "url":
        reason = f"no column is named url, of {', '.join(table.columns[:8])}{', ...' * (len(table.columns) > 8)}"
        raise TableError(path, reason, remedy="name-url")
    return ""


def _incoming(table: RowStream, row: Row, columns: dict[str, str]) -> IncomingRow:
    told = {name: key_text(row.cells.get(column, "")) if column else "" for name, column in columns.items()}
    line = f"{table.unit} {row.line}"
    try:
        address = parse_address(told["url"], told["page"])
    except AddressError as error:
        return IncomingRow(line, told["page"], told["url"], "", told["name"], row.cells, str(error))
    return IncomingRow(line, told["page"], address.text, address.host, told["name"], row.cells)


def _spoilt(table: RowStream, row: Row, columns: dict[str, str], reason: str) -> IncomingRow:
    """Tell of a row what can be written of it."""
    cells = {
        name: cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if isinstance(cell, str) else cell
        for name, cell in row.cells.items()
    }
    told = {name: key_text(cells.get(column, "")) if column else "" for name, column in columns.items()}
    return IncomingRow(f"{table.unit} {row.line}", told["page"], told["url"], "", told["name"], cells, reason)
