"""A column of text has one type."""

import pytest

from imgsim.errors import TableError
from imgsim.tables.columns import read_columns
from imgsim.tables.table import Row, Table


def table_of(*cells, textual=True):
    rows = [Row(line, {"x": cell} if cell is not None else {}) for line, cell in enumerate(cells, start=2)]
    return Table("items.csv", ("x",), rows, textual)


def values_of(*cells, textual=True):
    return [row["x"] for row in read_columns(table_of(*cells, textual=textual), ["x"]).values]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "2.5", None], [1, 2.5, None]),
        (["true", "FALSE"], [True, False]),
        (["2026-05-01", "2026-05-01 10:30"], ["2026-05-01", "2026-05-01T10:30:00"]),
        (["38", "M"], ["38", "M"]),
        (["01067", "85262"], ["01067", "85262"]),
        (["2026-05-01", "5"], ["2026-05-01", "5"]),
        ([None, None], [None, None]),
    ],
)
def test_the_first_type_that_all_cells_have(cells, values):
    assert values_of(*cells) == values


def test_what_keeps_a_column_from_being_numbers_is_named():
    assert read_columns(table_of("1", "2", "n/a", "3"), ["x"]).notes == [
        "x is text and not numbers, since line 4 says 'n/a'"
    ]
    assert read_columns(table_of("2026-05-01", "2026-05-02", "May"), ["x"]).notes == [
        "x is text and not dates, since line 4 says 'May'"
    ]
    assert read_columns(table_of("S", "M", "38"), ["x"]).notes == []


def test_values_that_have_types_keep_them():
    assert values_of(1, "1", True, ["a"], textual=False) == [1, "1", True, ["a"]]
    with pytest.raises(TableError, match="items.csv: line 3: x"):
        values_of(1, float("inf"), textual=False)
