"""What is a number, a date, true or false; and what an index can keep."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsim.errors import ParameterError
from imgsim.tables.values import (
    as_boolean,
    as_date,
    as_number,
    change_attributes,
    check_attributes,
    facts_of,
    kind_of,
    read_value,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-12", -12),
        ("+5", 5),
        ("3.", 3.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("0.10", 0.1),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_numbers(text, value):
    number = as_number(text)
    assert (number, type(number)) == (value, type(value))


@pytest.mark.parametrize(
    "text", ["", "007", "-01", "1,5", "30 000", "0x10", "1_000", "nan", "inf", "1e999", "9" * 30, "9" * 5000, "٣", "5€"]
)
def test_what_is_no_number(text):
    assert as_number(text) is None


def test_numbers_beyond_64_bits_are_rounded_and_those_beyond_floats_refused():
    assert check_attributes({"x": 2**64, "y": [-(2**63)]}) == {"x": 2.0**64, "y": [-(2.0**63)]}
    for beyond in (10**400, -(10**400), [10**400], {"y": 10**400}):
        with pytest.raises(ParameterError, match="x: inf cannot be kept"):
            check_attributes({"x": beyond})


def test_names_are_kept_composed_and_values_as_they_are():
    name = unicodedata.normalize("NFD", "größe")
    assert check_attributes({name: name, "y": {name: 1}}) == {"größe": name, "y": {name: 1}}
    assert change_attributes({name: 1, "x": 2}, {"größe": None}) == {"x": 2}
    assert list(facts_of({name: [name]})) == [("größe", "list", 1), ("größe", "text", "größe")]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2026-05-01", "2026-05-01"),
        ("2026-05-01T10:30:59.5", "2026-05-01T10:30:59.5"),
        ("2026-05-01 10:30", "2026-05-01T10:30:00"),
        ("2026-05-01 10:30+09:00", "2026-05-01T10:30:00+09:00"),
        ("2026-05-01T10:30:00Z", "2026-05-01T10:30:00Z"),
        ("2024-02-29", "2024-02-29"),
    ],
)
def test_dates(text, date):
    assert as_date(text) == date
    assert as_date(date) == date
    assert kind_of(date) == "date"


@pytest.mark.parametrize(
    "text", ["", "2026-5-1", "2026-02-29", "01.05.2026", "20260501", "2026-05-01 25:00", "2026-05"]
)
def test_what_is_no_date(text):
    assert as_date(text) is None
    assert kind_of(text) == "text"


def test_booleans():
    assert [as_boolean(text) for text in ("true", "FALSE", "1", "yes", "")] == [True, False, None, None, None]


@given(st.text(max_size=20))
def test_reading_again_what_was_read_changes_nothing(text):
    value = read_value(text)
    if isinstance(value, str):
        assert read_value(value) == value
    assert json.loads(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("", None),
        (None, None),
        ([1, "2026-05-01 10:30"], [1, "2026-05-01T10:30:00"]),
        ((1, 2), [1, 2]),
        ({"a": {"b": [True]}}, {"a": {"b": [True]}}),
        (10**25, 1e25),
        (-0.5, -0.5),
    ],
)
def test_values_are_kept_in_one_form(value, kept):
    assert check_attributes({"x": value}) == {"x": kept}


def within(depth):
    """Make a list in a list in a list, alternating with objects."""
    value = 1
    for level in range(depth):
        value = [value] if level % 2 else {"in": value}
    return value


def test_what_lies_as_deep_as_that_is_kept():
    assert check_attributes({"x": within(100)}) == {"x": within(100)}


@pytest.mark.parametrize(
    "attributes",
    [
        {"": 1},
        {"x": float("inf")},
        {"x": b"bytes"},
        {"x": [object()]},
        {"x": "\udcff"},
        {"\udcff": 1},
        {"x": {"\ud800": 1}},
        {"x": within(900)},
    ],
)
def test_what_cannot_be_kept_is_refused(attributes):
    with pytest.raises(ParameterError):
        check_attributes(attributes)
