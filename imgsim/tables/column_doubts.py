"""Columns that are text although most of their cells look like numbers or dates: why, and how to read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imgsim.tables.cell_forms import MONEY, CellForms
from imgsim.tables.written_dates import ORDERS
from imgsim.tables.written_numbers import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from imgsim.tables.table import Table

NEARLY = 0.5  # from this share of cells on, it is worth saying which keep a column from being numbers or dates
SAMPLE = 1000  # cells that tell whether they would be read otherwise


class Proposal(NamedTuple):
    """Forms to read a column by, of which only what is to be told is set, and what its odd cell is then."""

    forms: CellForms
    value: object


class Doubt(NamedTuple):
    """Why a column is text: its first cell that is none of the type that most are, and what would read it."""

    type: str
    text: str
    place: str
    proposals: Sequence[Proposal] = ()


def find_doubt(
    table: Table, column: str, texts: Sequence[str], others: Mapping[str, Sequence[str]], forms: CellForms
) -> Doubt | None:
    """Tell why a column of text is of no type that most of its cells are; `others` are those that are not, by type."""
    for type_, odd in others.items():
        proposals = propose(column, type_, [*texts[:SAMPLE], *odd[:SAMPLE]], forms)
        if proposals or 0 < len(odd) < NEARLY * len(texts):
            forms_of_odd = [forms.updated(proposals[0].forms)] if proposals else []
            text = next((text for text in odd if _reads(forms_of_odd, column, type_, text)), odd[0])
            number = next(number for number, row in enumerate(table.rows) if row.cells.get(column) == text)
            valued = [Proposal(one.forms, _read(forms.updated(one.forms), column, type_, text)) for one in proposals]
            return Doubt(type_, text, table.place(number), valued)
    return None


def propose(column: str, type_: str, texts: Sequence[str], forms: CellForms) -> list[Proposal]:
    """Find forms by which most texts of a column, and more than now, are of a type; several where they tell alike."""
    texts = list(dict.fromkeys(texts))
    others = list(_others(column, type_, forms))
    counts = [count_read(forms.updated(asked), column, type_, texts) for asked in others]
    best = max(counts, default=0)
    if best <= count_read(forms, column, type_, texts) or best <= NEARLY * len(texts):
        return []
    found = [asked for asked, count in zip(others, counts, strict=True) if count == best]
    simple = [asked for asked in found if len(asked.types) == len(found[0].types)]
    if type_ == "date" and any("." in text for text in texts) and simple[0].dates == ORDERS[0]:
        simple = simple[:1]  # with points between, days come first
    if simple[0].types and simple[0].decimal is None:
        simple = simple[:1]
    return [Proposal(asked, None) for asked in simple]


def count_read(forms: CellForms, column: str, type_: str, texts: Sequence[str]) -> int:
    """Count the texts that are of a type by some forms."""
    return sum(_read(forms, column, type_, text) is not None for text in texts)


def find_unread(forms: CellForms, column: str, type_: str, texts: Sequence[str]) -> str | None:
    """Give the first text that is not of a type by some forms."""
    return next((text for text in texts if _read(forms, column, type_, text) is None), None)


def _others(column: str, type_: str, forms: CellForms) -> Iterator[CellForms]:
    """Give what could be told of a column beside the forms that it was read by, the simplest first."""
    if type_ == "date":
        yield from (CellForms(dates=order) for order in ORDERS if order != forms.dates)
    if type_ == "number":
        yield from (CellForms(decimal=mark) for mark in MARKS if mark != forms.decimal)
        yield CellForms(types={column: MONEY})
        yield from (CellForms(decimal=mark, types={column: MONEY}) for mark in MARKS if mark != forms.decimal)


def _reads(forms: Sequence[CellForms], column: str, type_: str, text: str) -> bool:
    return any(_read(one, column, type_, text) is not None for one in forms)


def _read(forms: CellForms, column: str, type_: str, text: str) -> object:
    """Read a text by some forms."""
    return forms.reader(MONEY)(text) if forms.types.get(column) == MONEY else forms.readers()[type_](text)
