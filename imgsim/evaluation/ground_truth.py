"""What photos are, as their folders or a table say it; whatever does not fit is said, by name and count."""

from __future__ import annotations

import math
import os
import posixpath
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import ParameterError, UnknownNameError
from imgsim.index.attributes.matching import find_column, key_text, pair_rows
from imgsim.index.attributes.shelf import Shelf
from imgsim.index.attributes.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.index.attributes.tables import Table

FOLDERS = "folders"
NAMED = 3  # of what does not fit, in a remark


@dataclass(frozen=True)
class Labels:
    """The class of each photo.

    Parameters
    ----------
    names : tuple of str
        The classes, sorted.
    codes : ndarray of int, shape (N,)
        Each photo's class, as its place in `names`; -1 for none.
    remarks : list of str
        What did not fit, a line each.
    """

    names: tuple[str, ...]
    codes: NDArray[np.intp]
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Scores:
    """The score of each photo.

    Parameters
    ----------
    values : ndarray of float64, shape (N,)
        NaN for none.
    remarks : list of str
        What did not fit, a line each.
    """

    values: NDArray[np.float64]
    remarks: list[str] = field(default_factory=list)


def read_labels(
    source: str, root: str, paths: Sequence[str], *, key: str | None = None, encoding: str | None = None
) -> Labels:
    """Find out the class of each photo.

    Parameters
    ----------
    source : str
        ``folders``, for the folder that a photo lies in, or ``FILE:COLUMN``.
    root : str
        The indexed folder.
    paths : sequence of str
        Its photos, relative to it.
    key : str, optional
        The column of FILE that says which photo; the one that finds most unless given.
    encoding : str, optional
        Of FILE; UTF-8, or what its byte order mark says, unless given.

    Returns
    -------
    Labels
        In the order of the paths.

    Raises
    ------
    TableError
        If the file cannot be read or understood, or is not about these photos.
    UnknownNameError
        If it has no such column.
    ParameterError
        If the source is neither.
    """
    if source == FOLDERS:
        folders = [posixpath.dirname(path) for path in paths]
        loose = [path for path, folder in zip(paths, folders, strict=True) if not folder]
        return _labels(folders, _remark(loose, "photos lie in no sub-folder and have no label"))
    cells, remarks = _read_column(source, root, paths, key, encoding)
    texts = [key_text(cells[path]) if path in cells else "" for path in paths]
    return _labels(texts, remarks + _remark([path for path in paths if path not in cells], "photos have no label"))


def read_scores(
    source: str, root: str, paths: Sequence[str], *, key: str | None = None, encoding: str | None = None
) -> Scores:
    """Find out the score of each photo.

    Parameters
    ----------
    source : str
        ``FILE:COLUMN``.
    root : str
        The indexed folder.
    paths : sequence of str
        Its photos, relative to it.
    key, encoding : str, optional
        As for `read_labels`.

    Returns
    -------
    Scores
        In the order of the paths.

    Raises
    ------
    TableError
        If the file cannot be read or understood, or is not about these photos.
    UnknownNameError
        If it has no such column.
    ParameterError
        If the source is not of that form.
    """
    cells, remarks = _read_column(source, root, paths, key, encoding)
    values = {path: _number(cell) for path, cell in cells.items()}
    odd = [f"{path} ({cells[path]})" for path, value in values.items() if math.isnan(value)]
    remarks += _remark(odd, "scores are not finite numbers and are left out")
    remarks += _remark([path for path in paths if path not in cells], "photos have no score")
    return Scores(np.array([values.get(path, math.nan) for path in paths], np.float64), remarks)


def _labels(texts: Sequence[str], remarks: list[str]) -> Labels:
    """Give each class a number; an empty text is none."""
    names = tuple(sorted(set(texts) - {""}))
    numbers = {name: number for number, name in enumerate(names)} | {"": -1}
    return Labels(names, np.array([numbers[text] for text in texts], np.intp), remarks)


def _read_column(
    source: str, root: str, paths: Sequence[str], key: str | None, encoding: str | None
) -> tuple[dict[str, object], list[str]]:
    """Read a table's column: a cell for each photo that has one, and what did not fit."""
    file, colon, column = source.rpartition(":")
    if not (colon and file and column):
        raise ParameterError(f"{source!r}: write FILE:COLUMN, for example photos.csv:kind")
    table = read_table(file, encoding)
    if column not in table.columns:
        raise UnknownNameError(f"column of {file}", column, table.columns)
    shelf = Shelf(root, paths, os.path.dirname(os.path.abspath(file)))
    pattern = key is not None and "{" in key
    table, remarks = (table, []) if pattern else _once(table, column, key or find_column(table, shelf))
    pairing = pair_rows(table, shelf, key if pattern else key or find_column(table, shelf))
    remarks += _remark(pairing.lost, "rows name no photo")
    cells = {photo: table.rows[row].cells.get(column) for photo, row in pairing.rows.items()}
    return {photo: cell for photo, cell in cells.items() if cell is not None}, remarks


def _once(table: Table, column: str, key: str) -> tuple[Table, list[str]]:
    """Leave each photo one row: repetitions go, and photos go that are said to be several things."""
    said: dict[str, set[object]] = {}
    for row in table.rows:
        said.setdefault(key_text(row.cells.get(key, "")), set()).add(row.cells.get(column))
    kept, repeated, seen = [], [], set()
    for row in table.rows:
        name = key_text(row.cells.get(key, ""))
        if name in seen and name:
            repeated.append(name)
        elif len(said[name]) == 1 or not name:
            kept.append(row)
        seen.add(name)
    torn = [f"{name} ({', '.join(map(str, cells))})" for name, cells in said.items() if name and len(cells) > 1]
    remarks = _remark([name for name in repeated if len(said[name]) == 1], "rows repeat an earlier one")
    return replace(table, rows=kept), remarks + _remark(
        torn, f"photos have several values of {column} and are left out"
    )


def _remark(what: Sequence[str], reason: str) -> list[str]:
    if not what:
        return []
    more = f" and {len(what) - NAMED} more" if len(what) > NAMED else ""
    return [f"{len(what)} {reason}: {', '.join(what[:NAMED])}{more}"]


def _number(cell: object) -> float:
    """Read a finite number; NaN for anything else."""
    try:
        value = float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan
    return value if math.isfinite(value) else math.nan
