"""Rows on stdout: tables for people; tsv, csv, json, jsonl and paths for programs."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli.main import UNWRITTEN
from imgsim.cli.stderr import discard
from imgsim.errors import ImgsimError
from imgsim.paths import cleaned, seen_from_here

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray

    Row = Mapping[str, Any]

WIDEST = 1000
ROW_FORMATS = ("table", "tsv", "csv", "json", "jsonl")
JSON = ("json", "jsonl")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def choose_format(asked: str | None) -> str:
    """Give the format asked for, or the one that suits where stdout leads."""
    return asked or ("table" if sys.stdout.isatty() else "tsv")


def write_bytes(data: bytes) -> None:
    """Write to stdout at once, so that a reader at the other end of a pipe sees it.

    BrokenPipeError if nobody reads any more; ImgsimError if it cannot be written, to a full disk for example.
    """
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard(sys.stdout)
        raise ImgsimError(f"{UNWRITTEN} ({error.strerror})") from error


def settle() -> None:
    """Wait until what was written is on the disk, where it goes to one; ImgsimError if it cannot be written."""
    try:
        os.fsync(sys.stdout.fileno())
    except OSError as error:  # pipes and terminals have nothing to wait for
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            discard(sys.stdout)
            raise ImgsimError(f"{UNWRITTEN} ({error.strerror})") from error


def write_text(text: str, *, obeyed: str | None = "\n\t") -> None:
    """Write text to stdout; file names that are no UTF-8 leave as the bytes they are.

    A terminal obeys those control characters alone, or all of what was drawn for it: None.
    """
    if obeyed is not None and sys.stdout.isatty():
        text = cleaned(text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"), obeyed)
    write_bytes(text.encode("utf-8", "surrogateescape"))


def write_paths(paths: Iterable[str], folder: str, *, null: bool) -> None:
    """Write photos' paths so that they open from where the user stands, a line each, or NUL-terminated."""
    here, end = seen_from_here(folder), "\0" if null else "\n"
    write_text("".join(os.path.join(here, path) + end for path in paths), obeyed=end)


class RowWriter:
    """Writes rows in one format; what comes first (a csv header) is written once.

    The columns are those of all formats but json and jsonl, which write every key of a row.
    """

    def __init__(self, format_: str, columns: Sequence[str], *, wide: bool = False) -> None:
        self._format = format_
        self._wide = wide
        self._columns = columns
        self._begun = self._ended = False
        if format_ == "json":  # one list, which the end of the command closes unless that is an error
            click.get_current_context().with_resource(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or issubclass(kind, click.exceptions.Exit):
            self.end()

    def end(self) -> None:
        """Write what ends a json document, now and not at the end of the command."""
        if self._format == "json" and not self._ended:
            write_text("\n]\n" if self._begun else "[]\n")
            self._ended = True

    def write(self, rows: Iterable[Row]) -> None:
        """Write some rows."""
        if self._format == "table":
            self._write_table(list(rows))
        else:
            write_text("".join(self._lines(rows)))

    def _lines(self, rows: Iterable[Row]) -> Iterable[str]:
        if self._format == "csv" and not self._begun:
            yield _csv_line(self._columns)
            self._begun = True
        for row in rows:
            if self._format == "json":
                yield (",\n" if self._begun else "[\n") + json.dumps(row)
                self._begun = True
            elif self._format == "jsonl":
                yield json.dumps(row) + "\n"
            elif self._format == "csv":
                yield _csv_line([_cell(row.get(column)) for column in self._columns])
            else:
                yield tsv_line([_cell(row.get(column)) for column in self._columns])

    def _write_table(self, rows: Sequence[Row]) -> None:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        if not rows:
            return
        table = Table(box=None, pad_edge=False)
        for column in self._columns:
            number = isinstance(rows[0].get(column), int | float)
            table.add_column(column, justify="right" if number else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(_shown(row.get(column))) for column in self._columns))
        # In a pipe or a file there is no edge to fold at.
        terminal, drawn = sys.stdout.isatty(), io.StringIO()
        width = None if terminal and not self._wide else WIDEST
        Console(file=drawn, force_terminal=terminal, width=width).print(table)
        write_text(drawn.getvalue(), obeyed=None)


def write_object(facts: Mapping[str, Any]) -> None:
    """Write one object: as json and as jsonl the same line."""
    write_text(json.dumps(facts) + "\n")


def tsv_line(cells: Iterable[str]) -> str:
    r"""Join cells by tabs; a tab, newline or backslash within one is written ``\t``, ``\n``, ``\\``."""
    return "\t".join(cell.translate(_ESCAPES) for cell in cells) + "\n"


def write_matrix(matrix: NDArray[np.float64], names: Sequence[str], format_: str) -> None:
    """Write a square matrix as tsv or csv, with its names in the first row and column."""
    line = _csv_line if format_ == "csv" else tsv_line
    write_text(line(["", *names]))
    for name, row in zip(names, matrix.tolist(), strict=True):
        write_text(line([name, *map(repr, row)]))


def write_npy(array: NDArray[Any]) -> None:
    """Write an array in NumPy's format."""
    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, array)
    write_bytes(buffer.getvalue())


def _csv_line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)  # before 3.11.9 Python quotes the line ends of its own choice alone: \r\n
    return buffer.getvalue()[:-2] + "\n"


def _cell(value: object) -> str:
    """Write a value so that reading it gives it back."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return repr(value) if isinstance(value, float) else str(value)


def _shown(value: object) -> str:
    """Write a value for people."""
    if isinstance(value, float):
        return f"{value:.4f}"
    return cleaned(_cell(value).encode("utf-8", "replace").decode("utf-8"))
