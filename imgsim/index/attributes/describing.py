"""Giving photos the attributes that a table has for them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgsim.index.attributes.columns import read_columns
from imgsim.index.attributes.matching import pair_rows
from imgsim.index.attributes.shelf import Shelf
from imgsim.index.attributes.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from imgsim.index.store import Store


@dataclass(frozen=True)
class Source:
    """Where attributes come from.

    Parameters
    ----------
    path : str
        A table: .csv, .tsv, .jsonl or .parquet.
    key : str, optional
        The column that says which photo, as for `pair_rows`.
    encoding : str, optional
        Of its text, as for `read_text`.
    """

    path: str
    key: str | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class Described:
    """What became of a table.

    Parameters
    ----------
    path : str
        Its file.
    changed : int
        Photos whose attributes changed.
    lost_rows, photos_without_row : sequence of str
        Rows about no photo of the index, and photos that no row is about.
    notes : sequence of str
        What else is worth saying.
    """

    path: str
    changed: int
    lost_rows: Sequence[str]
    photos_without_row: Sequence[str]
    notes: Sequence[str]


class Description:
    """A table of attributes, read before anything is changed.

    Parameters
    ----------
    source : Source
        Where it is.

    Raises
    ------
    TableError
        If it cannot be read or understood.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._table = read_table(source.path, source.encoding)

    def pair(self, root: str, paths: Collection[str]) -> None:
        """Find out which photo each row is about.

        Parameters
        ----------
        root : str
            The indexed folder.
        paths : collection of str
            The photos that it has, whether or not they are indexed yet.

        Raises
        ------
        TableError
            If that is not clear.
        """
        folder = os.path.dirname(os.path.abspath(self._source.path))
        self._pairing = pair_rows(self._table, Shelf(root, paths, folder), self._source.key)
        columns = [column for column in self._table.columns if column != self._pairing.key]
        self._values, self._notes = read_columns(self._table, columns)

    def apply(self, store: Store) -> Described:
        """Give each indexed photo the attributes of its row; only those that differ are written.

        Parameters
        ----------
        store : Store
            Within a transaction, after `pair`.

        Returns
        -------
        Described
            What was done. Attributes that the table has no column for stay as they are.
        """
        changed = 0
        without = []
        indexed = set()
        for record in store.records(store.photo_keys().tolist()):
            indexed.add(record.path)
            row = self._pairing.rows.get(record.path)
            if row is None:
                without.append(record.path)
            elif not _holds(record.attributes, self._values[row]):
                store.merge_attributes(record.path, self._values[row])
                changed += 1
        unread = sorted((row, path) for path, row in self._pairing.rows.items() if path not in indexed)
        lost = [*self._pairing.lost, *(f"{self._table.place(row)} ({path}: not indexed)" for row, path in unread)]
        return Described(self._source.path, changed, lost, without, self._notes)


def _holds(attributes: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Tell whether attributes are as a table has them; true and 1 are not the same."""
    return all(
        attributes.get(name) == value and isinstance(attributes.get(name), bool) == isinstance(value, bool)
        for name, value in values.items()
    )
