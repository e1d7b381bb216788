"""Parquet, through pyarrow."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from imgsim.errors import MissingDependencyError, TableError
from imgsim.paths import composed
from imgsim.tables.table import Row, Table, check_columns


def read_parquet(path: str, _encoding: str | None = None) -> Table:
    """Read a Parquet file."""
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise MissingDependencyError("pyarrow", "parquet") from error
    with open(path, "rb") as stream:
        try:
            content = parquet.read_table(stream)
        except ArrowException as error:
            raise TableError(path, f"not a Parquet file that pyarrow reads: {error}") from error
        try:
            listed = content.to_pylist()
        except (ArrowException, ArithmeticError, ValueError) as error:
            raise TableError(path, f"a value beyond what Python can hold: {error}") from error
    columns = check_columns(path, content.column_names)
    rows = [
        Row(number, {key: value for key, value in cells.items() if value not in (None, "")})
        for number, cells in enumerate(map(_plain, listed), start=1)
    ]
    return Table(path, columns, rows, textual=False, unit="row")


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
