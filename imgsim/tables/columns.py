"""The types of a table's columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.errors import ParameterError, TableError
from imgsim.tables.cell_forms import AS_PROGRAMS_DO, MONEY
from imgsim.tables.column_doubts import Doubt, find_doubt
from imgsim.tables.matching import key_text
from imgsim.tables.values import check_attributes, kind_of
from imgsim.tables.written_numbers import read_price

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from imgsim.tables.cell_forms import CellForms
    from imgsim.tables.table import Table

NOUNS = {"number": "no number", MONEY: "no number", "date": "no date", "boolean": "neither true nor false"}
NO_TEXT = "no text"


class ColumnType(NamedTuple):
    """What a column was taken for: the types of its values, and why it is text where it hardly is."""

    name: str
    types: Sequence[str]
    doubt: Doubt | None = None


class Typed(NamedTuple):
    """What a table says of each row, in the form that the index keeps, and what its columns were taken for."""

    values: list[dict[str, Any]]
    columns: list[ColumnType]


def read_columns(
    table: Table, columns: Collection[str], forms: CellForms = AS_PROGRAMS_DO, declared: Mapping[str, str] | None = None
) -> Typed:
    """Read the values of some columns; a cell that is not of the type told or declared is an error."""
    cells = [{column: row.cells.get(column) for column in columns} for row in table.rows]
    doubts, types = {}, {}
    for column in columns:
        if told := _told(column, forms, declared or {}):
            _read_told(table, cells, column, told, forms, column in (declared or {}))
        elif table.textual:
            types[column], doubts[column] = _type_column(table, cells, column, forms)
        else:
            doubts[column] = _read_texts(table, cells, column, forms)
    try:
        for place, row in enumerate(cells):
            cells[place] = check_attributes(row)
    except ParameterError as error:
        raise TableError(table.path, f"{table.place(place)}: {error}") from error
    found = [ColumnType(column, types.get(column) or _kinds(cells, column), doubts.get(column)) for column in columns]
    return Typed(cells, found)


def _kinds(cells: Sequence[Mapping[str, Any]], column: str) -> list[str]:
    """List the types of a column's values."""
    return sorted({kind_of(row[column]) for row in cells if row[column] is not None})


def check_told(table: Table, forms: CellForms, declared: Mapping[str, str] | None = None) -> None:
    """Make sure that all columns whose type is told can be read so, before it is known what they are about."""
    told = {**(declared or {}), **forms.types}
    read_columns(table, [column for column in table.columns if told.get(column)], forms, declared)


def _told(column: str, forms: CellForms, declared: Mapping[str, str]) -> str | None:
    """Give the type that somebody told a column has; what is declared comes first, and money is a number."""
    told, held = forms.types.get(column), declared.get(column)
    return told if held is None or (told == MONEY and held == "number") else held


def _read_told(
    table: Table,
    cells: list[dict[str, Any]],
    column: str,
    type_: str,
    forms: CellForms,
    declared: bool,  # noqa: FBT001
) -> None:
    """Read a column as the type that somebody told; whatever is none of it is refused."""
    read = forms.reader(type_)
    for place, row in enumerate(cells):
        cell = row[column]
        row[column] = value = _read_cell(cell, type_, read)
        if cell is not None and not _fits(value, type_):
            said = f"{table.place(place)}: {cell!r} is {NOUNS.get(type_, NO_TEXT)}, and {column} is"
            reason = f"{said} {'declared ' * declared}to be {forms.example(type_)}"
            price = type_ == "number" and _is_price(cell)
            remedy = "read-price" if price else "take-declaration-back" if declared else "take-type-back"
            raise TableError(table.path, reason, remedy=remedy, column=column)
    if type_ == MONEY:
        _check_currency(table, column, forms)


def _read_cell(cell: object, type_: str, read: Callable[[str], Any]) -> object:
    """Read a cell; one that has a type already is only written out where text is wanted."""
    if isinstance(cell, str):
        return read(cell)
    return key_text(cell) if type_ == "text" and kind_of(cell) == "number" else cell


def _fits(value: object, type_: str) -> bool:
    """Tell whether a value is of a type told, or a list of such; text that looks like a date is text too."""
    if isinstance(value, list):
        return all(_fits(item, type_) for item in value)
    allowed = {"text": ("text", "date"), MONEY: ("number",)}.get(type_, (type_,))
    return value is not None and kind_of(value) in allowed


def _is_price(cell: object) -> bool:
    return isinstance(cell, str) and any(read_price(cell, mark)[0] is not None for mark in (None, ".", ","))


def _check_currency(table: Table, column: str, forms: CellForms) -> None:
    """Refuse prices in several currencies: as plain numbers they would be compared."""
    first = ""
    at = (0, "")
    for number, row in enumerate(table.rows):
        cell = row.cells.get(column)
        currency = read_price(cell, forms.decimal)[1] if isinstance(cell, str) else ""
        if currency and first and currency != first:
            said = f"{table.place(number)}: {cell!r} is in another currency than {at[1]!r} in {table.place(at[0])}"
            raise TableError(table.path, f"{said}, and {column} is to be of one: give each its own column")
        if currency and not first:
            first, at = currency, (number, str(cell))


def _type_column(
    table: Table, cells: list[dict[str, Any]], column: str, forms: CellForms
) -> tuple[list[str], Doubt | None]:
    """Read a column as the first type that all of its cells have; tell what nearly was one, and no type of text."""
    texts = dict.fromkeys(row[column] for row in cells if row[column] is not None)
    others: dict[str, list[str]] = {}
    for name, read in forms.readers().items() if texts else ():
        values = {text: read(text) for text in texts}
        others[name] = [text for text, value in values.items() if value is None]
        if not others[name]:
            for row in cells:
                row[column] = values.get(row[column])
            return [name], None
    return [], find_doubt(table, column, list(texts), others, forms)


def _read_texts(table: Table, cells: list[dict[str, Any]], column: str, forms: CellForms) -> Doubt | None:
    """Read texts of a table that has types, where all of them are numbers or dates that only the forms told explain."""
    texts = dict.fromkeys(row[column] for row in cells if isinstance(row[column], str))
    readers, plain = forms.readers(), AS_PROGRAMS_DO.readers()
    for told, name in ((forms.decimal, "number"), (forms.dates, "date")):
        values = {text: readers[name](text) for text in texts} if told else {}
        if values and None not in values.values() and any(plain[name](text) is None for text in texts):
            for row in cells:
                row[column] = values[row[column]] if isinstance(row[column], str) else row[column]
            return None
    others = {name: [text for text in texts if read(text) is None] for name, read in readers.items()}
    doubt = find_doubt(table, column, list(texts), others, forms)
    return doubt if doubt and doubt.proposals else None
