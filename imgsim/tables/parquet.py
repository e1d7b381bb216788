"""Parquet, through pyarrow."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, BinaryIO

from imgsim.errors import MissingDependencyError, TableError
from imgsim.paths import composed
from imgsim.tables.table import Row, Table, check_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

_BATCH = 1000  # rows that are Python's at a time


def read_parquet(path: str, _encoding: str | None = None) -> Table:
    """Read a Parquet file."""
    _pyarrow()
    with open(path, "rb") as stream:
        columns, rows = stream_parquet(path, stream)
        return Table(path, columns, list(rows), textual=False, unit="row")


def stream_parquet(path: str, stream: BinaryIO, _encoding: str | None = None) -> tuple[tuple[str, ...], Iterator[Row]]:
    """Give a Parquet file's columns, and its rows as they are read."""
    arrow_error, parquet = _pyarrow()
    try:
        content = parquet.ParquetFile(stream)
    except arrow_error as error:
        raise _not_parquet(path, error) from error
    return check_columns(path, content.schema_arrow.names), _rows(path, content, arrow_error)


def _pyarrow() -> tuple[type[Exception], Any]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise MissingDependencyError("pyarrow", "parquet") from error
    return ArrowException, parquet


def _rows(path: str, content: Any, arrow_error: type[Exception]) -> Iterator[Row]:  # noqa: ANN401 (pyarrow's file)
    before = 0
    batches = content.iter_batches(batch_size=_BATCH)
    while True:
        try:
            batch = next(batches, None)
        except arrow_error as error:
            raise _not_parquet(path, error) from error
        if batch is None:
            return
        try:
            listed = batch.to_pylist()
        except (arrow_error, ArithmeticError, ValueError) as error:
            raise TableError(path, f"a value beyond what Python can hold: {error}") from error
        for number, cells in enumerate(map(_plain, listed), start=before + 1):
            yield Row(number, {key: value for key, value in cells.items() if value not in (None, "")})
        before += len(listed)


def _not_parquet(path: str, error: Exception) -> TableError:
    return TableError(path, f"not a Parquet file that pyarrow reads: {error}")


def _plain(value: Any) -> Any:  # noqa: ANN401 (what Arrow holds, and what JSON does)
    """Write a value as JSON has it."""
    if isinstance(value, dict):
        return {composed(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and value != value:  # noqa: PLR0124 (NaN is not itself)
        return None
    return value
