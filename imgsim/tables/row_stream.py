"""Tables of any length, a row at a time: what reads them here never holds more than a few rows."""

from __future__ import annotations

import io
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from imgsim.errors import ParameterError, TableError
from imgsim.registry import Registry
from imgsim.tables.delimited import read_lines
from imgsim.tables.jsonlines import read_objects
from imgsim.tables.table import check_columns
from imgsim.tables.text import MARKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imgsim.tables.table import Row

    Opened = tuple[tuple[str, ...], Iterator[Row]]

_HERE = "imgsim.tables"
STREAMS: Registry[Callable[[str, BinaryIO, str | None], Opened]] = Registry(
    "kind of table",
    {
        **dict.fromkeys((".csv", ".tsv", ".txt"), f"{_HERE}.row_stream:stream_delimited"),
        **dict.fromkeys((".jsonl", ".ndjson"), f"{_HERE}.row_stream:stream_jsonlines"),
        ".parquet": f"{_HERE}.parquet:stream_parquet",
    },
)
_HEAD = 1 << 16  # bytes, in which UTF-16 without a mark shows itself
_UNDECODED = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class RowStream:
    """A table's columns, and its rows, which can be had once."""

    columns: tuple[str, ...]
    rows: Iterator[Row]
    unit: str


@contextmanager
def streamed_table(path: str, encoding: str | None = None) -> Iterator[RowStream]:
    """Open a table; its name tells what kind it is. What `read_table` refuses is refused when its row comes."""
    extension = "." + path.rpartition(".")[2].lower()
    begin = STREAMS.load(extension)
    try:
        stream = open(path, "rb")  # noqa: SIM115 (closed below: what fails there is not the table's)
    except OSError as error:
        raise TableError(path, error.strerror or "cannot be read") from error
    with stream:
        yield RowStream(*begin(path, stream, encoding), "row" if extension == ".parquet" else "line")


def is_undecoded(row: Row) -> bool:
    """Tell whether a row has bytes that are not of the table's encoding: they stand as surrogate escapes."""
    return any(isinstance(cell, str) and _UNDECODED.search(cell) for cell in row.cells.values())


def undecoded(path: str, line: int, encoding: str | None) -> TableError:
    """Say of which line the encoding is to be named."""
    reason = f"line {line} is not {(encoding or 'utf-8').upper()}: name its encoding"
    return TableError(path, reason, remedy="name-encoding")


def stream_delimited(path: str, stream: BinaryIO, encoding: str | None) -> Opened:
    """Give the rows of a table whose first line names the columns."""
    columns, rows = read_lines(path, _lines(path, stream, encoding, newline=""))
    if any(map(_UNDECODED.search, columns)):
        raise undecoded(path, 1, encoding)
    return columns, rows


def stream_jsonlines(path: str, stream: BinaryIO, encoding: str | None) -> Opened:
    """Give the rows of a table of JSON objects, after one look at all of them for their columns."""
    columns: dict[str, None] = {}
    for _ in read_objects(path, _lines(path, stream, encoding, newline="\n"), columns):
        pass
    stream.seek(0)
    return check_columns(path, tuple(columns)), read_objects(path, _lines(path, stream, encoding, newline="\n"), {})


def _lines(path: str, stream: BinaryIO, encoding: str | None, newline: str) -> Iterator[str]:
    """Give a text's lines, less its byte order mark."""
    head = stream.read(_HEAD)
    stream.seek(0)
    name = encoding or next((name for mark, name in MARKS.items() if head.startswith(mark)), "utf-8")
    if name == "utf-8" and b"\0" in head:
        at = head.count(b"\n", 0, head.index(0)) + 1
        raise TableError(path, f"line {at} has a NUL: is it UTF-16?", remedy="read-utf-16")
    read = 0
    try:
        text = io.TextIOWrapper(_Unclosed(stream), name, errors="surrogateescape", newline=newline)
        while line := text.readline():
            yield line if read else line.removeprefix("\ufeff")
            read += 1
    except UnicodeDecodeError as error:
        raise undecoded(path, read + 1, name) from error
    except (LookupError, ValueError) as error:
        reason = f"{encoding}: no encoding of this name; try cp1252, cp949 or latin-1"
        raise ParameterError(reason, remedy="known-encoding") from error


class _Unclosed(io.BufferedReader):
    """A file that whoever wraps it leaves open."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(io.FileIO(stream.fileno(), closefd=False))
