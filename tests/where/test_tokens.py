"""An expression is cut into words, values and signs; what belongs to none of them is named by its place."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsim.errors import ExpressionError
from imgsim.where.tokens import tokenize


def kinds(text):
    return [(token.kind, token.text) for token in tokenize(text)[:-1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", ("number", "5")),
        ("-0.5", ("number", "-0.5")),
        (".5e+3", ("number", ".5e+3")),
        ("2026-05", ("date", "2026-05")),
        ("2026-05-01", ("date", "2026-05-01")),
        ("2026-05-01 10:30", ("date", "2026-05-01T10:30")),
        ("2026-05-01T10:30:59.25", ("date", "2026-05-01T10:30:59.25")),
        ("2024-02-29", ("date", "2024-02-29")),
        ("TODAY", ("moment", "TODAY")),
        ("today-7days", ("moment", "today-7days")),
        ("now - 1 day -2 hours", ("moment", "now - 1 day -2 hours")),
        ("today-7", ("word", "today-7")),
        ("todays", ("word", "todays")),
        ("'it''s'", ("text", "it's")),
        ("''", ("text", "")),
        ('"a ""b"" c"', ("double", 'a "b" c')),
        ("unit.price-2", ("word", "unit.price-2")),
        ("größe", ("word", "größe")),
        ("가격", ("word", "가격")),
        ("NOT", ("keyword", "not")),
        ("<>", ("sign", "!=")),
        ("==", ("sign", "=")),
        ("<=", ("sign", "<=")),
    ],
)
def test_pieces(text, expected):
    assert kinds(text) == [expected]


def test_places_are_those_of_the_characters():
    text = " price<=5 and  x = 'y' "
    pieces = [text[token.start : token.end] for token in tokenize(text)]
    assert pieces == ["price", "<=", "5", "and", "x", "=", "'y'", ""]


def test_spaces_are_only_needed_between_words():
    assert kinds("a<-5 and(b>=3)") == kinds("a < -5 and ( b >= 3 )")


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("brand = 'abc", 8, "not closed"),
        ('"brand = 3', 0, "not closed"),
        ("brand = \u2018abc\u2019", 8, "straight quotes"),
        ("a = 1 && b = 2", 6, "write and"),
        ("a = 1 | b = 2", 6, "write or"),
        ("! a = 1", 0, "write not"),
        ("a = 30k", 4, "30k is neither a number nor a name"),
        ("a = 1.2.3", 4, "1.2.3 is neither"),
        ("a = 2026-13-01", 4, "2026-13-01 is no date"),
        ("a = 2026-02-30", 4, "2026-02-30 is no date"),
        ("a = 2026-13", 4, "2026-13 is no date"),
        ("a = 2026-05-01 25:00", 4, "no date: times are 00:00 to 23:59"),
        ("a = 2025-02-29", 4, "2025-02-29 is no date: 2025-02 has 28 days"),
        ("a = 2026-05-", 4, "2026-05- is no date: write a day as 2026-05-01"),
        ("a = 2026-5-1", 4, "2026-5-1 is no date: write"),
        ("a = 2026-05-01 10", 4, "2026-05-01 10 is no date: write"),
        ("a = 01.05.2026", 4, "01.05.2026 is no date: write"),
        ("a = 5/1/2026", 4, "5/1/2026 is no date: write"),
        ("a = 0000-01-01", 4, "years begin with 0001"),
        ("a = 2026-05-01 10:30+09:00", 4, "without a time zone"),
        ("a = 2026-05-01T10:30Z", 4, "without a time zone"),
        ("a = 1; DROP TABLE images", 5, "';' means nothing"),
        ("a = \0", 4, "means nothing"),
    ],
)
def test_what_belongs_to_nothing_is_named_by_its_place(text, position, reason):
    with pytest.raises(ExpressionError, match=reason) as caught:
        tokenize(text)
    assert caught.value.position == position
    assert f"column {position + 1} of the expression" in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_cut_or_refused(text):
    try:
        tokens = tokenize(text)
    except ExpressionError as error:
        position = error.position
    else:
        position = 0
        assert not "".join(text[before.end : after.start] for before, after in pairwise(tokens)).strip()
    assert 0 <= position <= len(text)


@given(st.text(max_size=30), st.sampled_from("'\""))
def test_quotes_hold_whatever_is_in_them(text, quote):
    (token, end) = tokenize(quote + text.replace(quote, quote * 2) + quote)
    assert (token.text, end.kind) == (text, "end")
