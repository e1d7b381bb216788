"""Parquet, if pyarrow is there; and what is said if it is not."""

import sys
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from imgsim.errors import MissingDependencyError, TableError
from imgsim.tables.parquet import _plain
from imgsim.tables.table import read_table


def test_a_file_of_another_library(tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "items.parquet"
    columns = {"file": ["a.jpg", "b.jpg"], "price": [5.0, None], "found": [date(2026, 5, 1), None], "tags": [["x"], []]}
    parquet.write_table(pyarrow.table(columns), path)
    table = read_table(str(path))
    assert table.columns == ("file", "price", "found", "tags")
    assert [(table.place(n), dict(row.cells)) for n, row in enumerate(table.rows)] == [
        ("row 1", {"file": "a.jpg", "price": 5.0, "found": "2026-05-01", "tags": ["x"]}),
        ("row 2", {"file": "b.jpg", "tags": []}),
    ]
    path.write_bytes(b"PAR1 but no more")
    with pytest.raises(TableError, match="not a Parquet file"):
        read_table(str(path))


@pytest.mark.parametrize(
    ("value", "type_", "unit"),
    [
        (10**13, "timestamp", "s"),
        (-(10**13), "timestamp", "s"),
        (2**62, "timestamp", "us"),
        (2**31 - 1, "date32", None),
    ],
)
def test_times_that_python_has_no_form_for_are_said(tmp_path, value, type_, unit):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    column = pyarrow.array([value], getattr(pyarrow, type_)(*filter(None, [unit])))
    parquet.write_table(pyarrow.table({"file": ["a.jpg"], "found": column}), tmp_path / "items.parquet")
    with pytest.raises(TableError, match="a value beyond what Python can hold"):
        read_table(str(tmp_path / "items.parquet"))


def test_without_pyarrow_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'imgsim\[parquet\]'"):
        read_table(str(tmp_path / "items.parquet"))


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (date(2026, 5, 1), "2026-05-01"),
        (datetime(2026, 5, 1, 10, 30), "2026-05-01T10:30:00"),
        (datetime(2026, 5, 1, 10, 30, tzinfo=timezone(timedelta(hours=9))), "2026-05-01T10:30:00+09:00"),
        (Decimal("5.00"), 5),
        (Decimal("5.25"), 5.25),
        (float("nan"), None),
        ({"a": [Decimal(1), date(2026, 5, 1)]}, {"a": [1, "2026-05-01"]}),
        (True, True),
    ],
)
def test_values_become_what_json_has(value, plain):
    assert _plain(value) == plain
