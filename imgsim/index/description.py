"""Giving photos the attributes that a table has for them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsim.tables.columns import read_columns
from imgsim.tables.matching import pair_rows
from imgsim.tables.photo_names import PhotoNames
from imgsim.tables.table import read_table

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from imgsim.index.store import Store


@dataclass(frozen=True)
class AttributeTable:
    """Where attributes come from."""

    path: str
    key: str | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class Described:
    """What became of a table."""

    path: str
    changed: int
    lost_rows: Sequence[str]
    photos_without_row: Sequence[str]
    notes: Sequence[str]


class Description:
    """A table of attributes, read before anything is changed."""

    def __init__(self, source: AttributeTable) -> None:
        self._source = source
        self._table = read_table(source.path, source.encoding)

    def pair(self, root: str, paths: Collection[str]) -> None:
        """Find out which photo each row is about."""
        folder = os.path.dirname(os.path.abspath(self._source.path))
        self._pairing = pair_rows(self._table, PhotoNames(root, paths, folder), self._source.key)
        columns = [column for column in self._table.columns if column != self._pairing.key]
        self._values, self._notes = read_columns(self._table, columns)

    def apply(self, store: Store) -> Described:
        """Give each indexed photo the attributes of its row; only those that differ are written."""
        indexed, rows = store.known(), self._pairing.rows
        changed = sum(store.merge_attributes(path, self._values[row]) for path, row in rows.items() if path in indexed)
        without = sorted(indexed.keys() - rows.keys(), key=os.fsencode)
        unread = sorted((row, path) for path, row in rows.items() if path not in indexed)
        lost = [*self._pairing.lost, *(f"{self._table.place(row)} ({path}: not indexed)" for row, path in unread)]
        return Described(self._source.path, changed, lost, without, self._notes)
