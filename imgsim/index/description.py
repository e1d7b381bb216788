"""Giving photos the attributes that a table has for them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsim.errors import ParameterError, TableError, UnknownNameError
from imgsim.tables.cell_forms import AS_PROGRAMS_DO, MONEY, CellForms
from imgsim.tables.columns import ColumnType, check_told, read_columns
from imgsim.tables.matching import pair_rows
from imgsim.tables.photo_names import PhotoNames
from imgsim.tables.table import read_table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from imgsim.index.store.store import Store
    from imgsim.tables.table import Table


@dataclass(frozen=True)
class AttributeTable:
    """Where attributes come from."""

    path: str
    key: str | None = None
    encoding: str | None = None
    forms: CellForms = AS_PROGRAMS_DO


@dataclass(frozen=True)
class Described:
    """What became of a table."""

    path: str
    changed: int
    lost_rows: Sequence[str]
    photos_without_row: Sequence[str]
    columns: Sequence[ColumnType]
    regardless: Sequence[str] = ()  # rows that name their photo in other upper and lower case
    remembered: CellForms = AS_PROGRAMS_DO  # what of earlier runs it was read by
    remembered_encoding: str | None = None


class Description:
    """A table of attributes, read before anything is changed."""

    def __init__(self, source: AttributeTable) -> None:
        self._source = source
        self._forms, self._declared = AS_PROGRAMS_DO.updated(source.forms), dict[str, str]()
        self._remembered, self._encoding = AS_PROGRAMS_DO, source.encoding
        self._refusal: TableError | None = None
        try:
            self._table = read_table(source.path, source.encoding)
        except TableError as error:
            if source.encoding or error.remedy not in ("name-encoding", "read-utf-16"):
                raise
            self._refusal = error  # unless an encoding is remembered

    def settle(self, forms: CellForms, encoding: str | None, declared: Mapping[str, str]) -> None:
        """Go by what is remembered too, and make sure that all columns whose type is told can be read so."""
        if self._refusal:
            if not encoding:
                raise self._refusal
            self._table, self._refusal, self._encoding = read_table(self._source.path, encoding), None, encoding
        asked = self._source.forms
        for name, type_ in asked.types.items():
            if type_ is not None and name not in self._table.columns:
                raise UnknownNameError(f"column of {self._source.path}", name, self._table.columns)
            held = declared.get(name, type_)
            if type_ is not None and held not in (type_, "number" if type_ == MONEY else type_):
                reason = f"{name}={type_}: {name} is declared to be {_noun(held)}"
                raise ParameterError(reason, remedy="take-declaration-back", column=name)
        self._forms, self._declared = forms, dict(declared)
        check_told(self._table, forms, declared)
        self._remembered = _not_asked(forms, asked, self._table)

    def pair(self, root: str, paths: Collection[str]) -> None:
        """Find out which photo each row is about."""
        folder = os.path.dirname(os.path.abspath(self._source.path))
        self._pairing = pair_rows(self._table, PhotoNames(root, paths, folder), self._source.key)
        columns = [column for column in self._table.columns if column != self._pairing.key]
        self._values, self._columns = read_columns(self._table, columns, self._forms, self._declared)

    def apply(self, store: Store) -> Described:
        """Give each indexed photo the attributes of its row; only those that differ are written."""
        indexed, rows = store.known(), self._pairing.rows
        changed = sum(store.merge_attributes(path, self._values[row]) for path, row in rows.items() if path in indexed)
        without = sorted(indexed.keys() - rows.keys(), key=os.fsencode)
        unread = sorted((row, path) for path, row in rows.items() if path not in indexed)
        lost = [*self._pairing.lost, *(f"{self._table.place(row)} ({path}: not indexed)" for row, path in unread)]
        encoding = None if self._source.encoding else self._encoding
        told = self._columns, self._pairing.regardless, self._remembered, encoding
        return Described(self._source.path, changed, lost, without, *told)


def _not_asked(forms: CellForms, asked: CellForms, table: Table) -> CellForms:
    """Give what of the forms was asked for by earlier runs, and concerns this table."""
    return CellForms(
        None if asked.decimal else forms.decimal,
        None if asked.dates else forms.dates,
        {name: type_ for name, type_ in forms.types.items() if name in table.columns and name not in asked.types},
    )


def _noun(type_: str | None) -> str:
    return {"text": "text", "boolean": "true or false"}.get(type_ or "", f"a {type_}")
