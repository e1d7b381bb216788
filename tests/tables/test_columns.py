"""A column of text has one type."""

import pytest

from imgsim.errors import TableError
from imgsim.tables.cell_forms import CellForms
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


def doubt_of(*cells, **forms):
    (column,) = read_columns(table_of(*cells), ["x"], CellForms(**forms)).columns
    return column.doubt


def proposed(*cells):
    return [{name: value for name, value in one.forms.kept().items() if value} for one in doubt_of(*cells).proposals]


def test_what_keeps_a_column_from_being_numbers_is_named():
    assert doubt_of("1", "2", "n/a", "3") == ("number", "n/a", "line 4", [])
    assert doubt_of("2026-05-01", "2026-05-02", "May") == ("date", "May", "line 4", [])
    assert doubt_of("true", "false", "maybe") == ("boolean", "maybe", "line 4", [])
    assert doubt_of("S", "M", "38") is None
    assert doubt_of("1", "2") is None


@pytest.mark.parametrize(
    ("cells", "odd", "forms"),
    [
        (["13", "12,50", "7"], "12,50", [{"decimal": ","}]),
        (["12,50", "1.299,00"], "12,50", [{"decimal": ","}]),
        (["12.50", "1,299.00"], "1,299.00", [{"decimal": "."}]),
        (["30,000", "5,000"], "30,000", [{"decimal": "."}, {"decimal": ","}]),
        (["n/a", "12,50", "13,99"], "12,50", [{"decimal": ","}]),
        (["12.50", "€ 13.99", "7"], "€ 13.99", [{"types": {"x": "money"}}]),
        (["12,50 EUR", "7"], "12,50 EUR", [{"decimal": ",", "types": {"x": "money"}}]),
        (["03.04.2024", "05.06.2024"], "03.04.2024", [{"dates": "dmy"}]),
        (["3/14/2024", "5/6/2024"], "3/14/2024", [{"dates": "mdy"}]),
        (["3/4/2024", "5/6/2024"], "3/4/2024", [{"dates": "dmy"}, {"dates": "mdy"}]),
        (["2024/3/4", "2024/5/16"], "2024/3/4", [{"dates": "ymd"}]),
    ],
)
def test_what_would_read_a_column_is_proposed(cells, odd, forms):
    assert proposed(*cells) == forms
    assert doubt_of(*cells).text == odd
    for one in forms:  # and does
        asked = CellForms(**{"types": {}, **one})
        cells_ = [cell for cell in cells if cell != "n/a"]
        (column,) = read_columns(table_of(*cells_), ["x"], asked).columns
        assert column.types in (["number"], ["date"])


def test_plain_text_is_asked_nothing_of():
    assert doubt_of("red", "blue", "12,50", "green") is None
    assert doubt_of("Main Street 5", "12 pieces", "3 kg") is None
    assert doubt_of("01067", "85262") is None


def told(*cells, textual=True, declared=None, **forms):
    read = read_columns(table_of(*cells, textual=textual), ["x"], CellForms(**forms), declared)
    return [row["x"] for row in read.values]


def test_a_decimal_comma_reads_columns_that_are_all_numbers():
    assert told("12,50", None, "1.299,00", decimal=",") == [12.5, None, 1299]
    assert told("12,50", "red", decimal=",") == ["12,50", "red"]
    assert told("01067", "12", decimal=",") == ["01067", "12"]


@pytest.mark.parametrize(
    ("cells", "type_", "values"),
    [
        (["007", "0", "12"], "number", [7, 0, 12]),
        (["7", "12.5"], "text", ["7", "12.5"]),
        (["yes", "NO", "true", "0"], "boolean", [True, False, True, False]),
        (["5", "€ 7.50", "7.25 EUR", None], "money", [5, 7.5, 7.25, None]),
        (["2026-05-01", None], "date", ["2026-05-01", None]),
    ],
)
def test_a_type_that_is_told(cells, type_, values):
    assert told(*cells, types={"x": type_}) == values


@pytest.mark.parametrize(
    ("cells", "forms", "reason", "remedy"),
    [
        (["1", "n/a"], {"types": {"x": "number"}}, "line 3: 'n/a' is no number, and x is to be a number", "take-type"),
        (["1", "€ 5"], {"types": {"x": "number"}}, "line 3: '€ 5' is no number", "read-price"),
        (["1", "free"], {"types": {"x": "money"}}, "line 3: 'free' is no number, and x is to be", "take-type"),
        (["€ 1", "$ 1"], {"types": {"x": "money"}}, "line 3: '. 1' is in another currency than '€ 1' in line 2", ""),
        (["30.2.2026"], {"types": {"x": "date"}, "dates": "dmy"}, "'30.2.2026' is no date, .* or 31.5.2026", "take-"),
        (["maybe"], {"types": {"x": "boolean"}}, "'maybe' is neither true nor false, and x is to be true", "take-type"),
        (["1", "n/a"], {"declared": {"x": "number"}}, "x is declared to be a number", "take-declaration-back"),
        ([5, True], {"types": {"x": "number"}, "textual": False}, "line 3: True is no number", "take-type"),
        (["5", True], {"types": {"x": "text"}, "textual": False}, "line 3: True is no text", "take-type"),
    ],
)
def test_a_cell_that_is_not_of_the_type_told_is_refused(cells, forms, reason, remedy):
    with pytest.raises(TableError, match=reason) as caught:
        told(*cells, **forms)
    assert caught.value.remedy.startswith(remedy)


def test_a_declaration_comes_before_what_an_earlier_run_told():
    assert told("7", types={"x": "number"}, declared={"x": "text"}) == ["7"]
    assert told("€ 7", types={"x": "money"}, declared={"x": "number"}) == [7]


def test_texts_of_a_table_that_has_types_are_read_by_what_was_told_alone():
    assert told("12,50", "13", 5, None, textual=False, decimal=",") == [12.5, 13, 5, None]
    assert told("10115", "20095", textual=False, decimal=",") == ["10115", "20095"]
    assert told("12.3.2024", "2024-03-13", textual=False, dates="dmy") == ["2024-03-12", "2024-03-13"]
    assert told("5", 6, textual=False, types={"x": "number"}) == [5, 6]
    assert told(5, 7.0, ["a"], textual=False, types={"x": "text"}) == ["5", "7", ["a"]]


def test_values_that_have_types_keep_them():
    assert values_of(1, "1", True, ["a"], textual=False) == [1, "1", True, ["a"]]
    with pytest.raises(TableError, match="items.csv: line 3: x"):
        values_of(1, float("inf"), textual=False)


def test_texts_of_a_table_that_has_types_are_told_too_where_something_reads_them():
    def doubt(*cells):
        return read_columns(table_of(*cells, textual=False), ["x"]).columns[0].doubt

    assert [one.forms.decimal for one in doubt("7", "12,50", 5).proposals] == [","]
    assert doubt("5", "6", "n/a") is None
    assert doubt("red", "blue") is None
    assert doubt(5, 6, None) is None
