"""Reading named colours, and splitting them."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsim.errors import ParameterError
from imgsim.training.colors.rows import ColorDataError, ColorRows, plain_name, read_color_rows, split_rows


def rows_by(contributors):
    count = len(contributors)
    return ColorRows(
        np.zeros((count, 3), np.uint8), np.zeros(count, np.int64), np.array(contributors), ("red",), "digest"
    )


def write(path, rows):
    path.write_text(json.dumps(rows))
    return path


def row(**changes):
    return {"r": 250, "g": 10, "b": 0, "label": "red-ish", "uid": "u1"} | changes


def test_rows_are_read_in_order_with_plain_names(tmp_path):
    listed = [row(), row(r=0, g=200, label="Green-ish"), row(label="gray-ish", uid="u2"), row()]
    rows = read_color_rows(write(tmp_path / "rows.json", listed))
    assert rows.colors.tolist() == [[250, 10, 0], [0, 200, 0], [250, 10, 0], [250, 10, 0]]
    assert rows.names == ("green", "grey", "red")
    assert [rows.names[label] for label in rows.labels] == ["red", "green", "grey", "red"]
    assert rows.contributors.tolist() == ["u1", "u1", "u2", "u1"]
    assert len(rows) == 4
    assert len(rows.digest) == 64


def test_rows_without_contributor_are_each_a_contributors_own(tmp_path):
    bare = {key: value for key, value in row().items() if key != "uid"}
    rows = read_color_rows(write(tmp_path / "rows.json", [bare, bare]))
    assert len(set(rows.contributors)) == 2


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (row(g=256), "rows.json: row 2: r, g, b are whole numbers 0 to 255, not 250, 256, 0"),
        (row(g=1.5), "row 2: r, g, b are whole numbers"),
        (row(label=None), "row 2: not an object with r, g, b and label"),
        ({"r": 1}, "row 2: not an object with r, g, b and label"),
        ([1, 2, 3], "row 2: not an object"),
    ],
)
def test_a_bad_row_is_told_by_its_number(tmp_path, second, message):
    with pytest.raises(ColorDataError, match=message):
        read_color_rows(write(tmp_path / "rows.json", [row(), second]))


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "not JSON"), ("[]", "not a list of colours"), ("{}", "not a list"), ("[" * 100_000, "not JSON")],
)
def test_what_is_no_list_is_told(tmp_path, text, message):
    (tmp_path / "rows.json").write_text(text)
    with pytest.raises(ColorDataError, match=message):
        read_color_rows(tmp_path / "rows.json")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ColorDataError, match=r"gone\.json: No such file"):
        read_color_rows(tmp_path / "gone.json")


@pytest.mark.parametrize(("label", "name"), [("red-ish", "red"), (" Blue ", "blue"), ("GRAY-ISH", "grey")])
def test_labels_become_plain_words(label, name):
    assert plain_name(label) == name


@given(st.lists(st.integers(0, 60), min_size=40, max_size=300), st.integers(0, 5))
def test_a_split_by_contributors_parts_them(contributors, seed):
    rows = rows_by([str(one) for one in contributors])
    try:
        split = split_rows(rows, "contributors", seed)
    except ParameterError:
        return
    assert sorted(np.concatenate(split).tolist()) == list(range(len(rows)))
    whose = [set(rows.contributors[part]) for part in split]
    assert not whose[0] & whose[1]
    assert not whose[0] & whose[2]
    assert not whose[1] & whose[2]
    assert len(split.held_out) <= 0.1 * len(rows)
    assert len(split.validation) + len(split.held_out) <= 0.2 * len(rows)


def test_a_split_by_rows_is_80_10_10():
    rows = rows_by(["one"] * 70 + ["other"] * 30)
    assert [len(part) for part in split_rows(rows, "rows", 3)] == [80, 10, 10]
    again = split_rows(rows, "rows", 3)
    np.testing.assert_array_equal(split_rows(rows, "rows", 3).held_out, again.held_out)
    assert split_rows(rows, "rows", 4).held_out.tolist() != again.held_out.tolist()
    assert sorted([*again.seen, *again.held_out]) == list(range(100))


def test_too_few_rows_are_told():
    with pytest.raises(ParameterError, match="5 rows of 5 rows are too few to split 80 : 10 : 10"):
        split_rows(rows_by(["one"] * 5), "rows", 0)
    with pytest.raises(ParameterError, match="100 rows of 1 contributors are too few"):
        split_rows(rows_by(["one"] * 100), "contributors", 0)
    with pytest.raises(ParameterError, match="split by contributors or rows, not by 'colour'"):
        split_rows(rows_by(["one"] * 100), "colour", 0)


@pytest.mark.parametrize("row", [{"label": "\ud800"}, {"label": "red", "uid": "\udcff"}])
def test_labels_that_are_no_text_are_told(tmp_path, row):
    (tmp_path / "rows.json").write_text(json.dumps([{"r": 1, "g": 0, "b": 0, **row}]))
    with pytest.raises(ColorDataError, match=r"row 1: its label or uid is not valid Unicode"):
        read_color_rows(tmp_path / "rows.json")
