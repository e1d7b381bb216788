"""Tables of attributes, whatever kind of file they come from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.errors import TableError
from imgsim.paths import composed
from imgsim.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_HERE = "imgsim.tables"
READERS: Registry[Callable[[str, str | None], Table]] = Registry(
    "kind of table",
    {
        ".csv": f"{_HERE}.delimited:read_delimited",
        ".tsv": f"{_HERE}.delimited:read_delimited",
        ".txt": f"{_HERE}.delimited:read_delimited",
        ".jsonl": f"{_HERE}.jsonlines:read_jsonlines",
        ".ndjson": f"{_HERE}.jsonlines:read_jsonlines",
        ".parquet": f"{_HERE}.parquet:read_parquet",
    },
)


class Row(NamedTuple):
    """What a table says of one thing, and on which line; cells that are empty are absent."""

    line: int
    cells: Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """A table as it stands in its file."""

    path: str
    columns: tuple[str, ...]
    rows: Sequence[Row]
    textual: bool
    unit: str = "line"

    def place(self, number: int) -> str:
        """Say where a row is, by its number in `rows`."""
        return f"{self.unit} {self.rows[number].line}"


def read_table(path: str, encoding: str | None = None) -> Table:
    """Read a table of attributes; its name tells what kind it is."""
    read = READERS.load(os.path.splitext(path)[1].lower())
    try:
        return read(path, encoding)
    except OSError as error:
        raise TableError(path, error.strerror or "cannot be read") from error


def check_columns(path: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Give columns' names in their composed form, and make sure that they differ."""
    columns = tuple(map(composed, columns))
    named = [column for column in columns if column]
    twice = next((column for place, column in enumerate(named) if column in named[:place]), None)
    if twice is not None:
        raise TableError(path, f"two columns are named {twice!r}")
    if not named:
        raise TableError(path, "there are no columns in it")
    return columns
