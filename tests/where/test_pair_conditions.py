"""Conditions on two sides hold for the pairs that a plain reading of them says, and do nothing else."""

import operator
from contextlib import suppress
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgsim.errors import ExpressionError, UnknownNameError
from imgsim.where.pair_conditions import PairConditions, SidePhotos
from imgsim.where.pair_parse import parse_pair

LOST = {
    "a.jpg": {"kind": "bag", "day": "2026-05-10", "color": "red", "place": "Line 2", "price": 5, "unit price": 1},
    "b.jpg": {"kind": "hat", "day": "2026-05-12T18:00", "place": "Central", "sold": True, "tags": ["wet", "old"]},
    "c.jpg": {},
}
FOUND = {
    "p.jpg": {"kind": "bag", "day": "2026-05-09", "color": "red", "place": "Central", "price": 5.0, "tag": "old"},
    "q.jpg": {"kind": "hat", "day": "2026-05-12", "color": "blue", "place": "Harbour", "price": 7, "sold": False},
    "r.jpg": {"kind": "bag", "day": "2026-05-20", "place": "Line 2", "returned": True},
}


def side_of(store):
    keys = store.photo_keys()
    return SidePhotos(store.facts, keys, lambda: store.records(keys.tolist()))


@pytest.fixture
def pairs(describe):
    """Tell for which pairs expressions hold, as text: ``"a-p b-q"``."""
    sides = {"lost": side_of(describe(LOST)), "found": side_of(describe(FOUND))}

    def fitting(*expressions, near=None, now=None):
        conditions = PairConditions(expressions, sides, near, now)
        allowed = conditions.allowed(np.arange(3), np.arange(3))
        return " ".join(f"{'abc'[one]}-{'pqr'[other]}" for one, other in np.argwhere(allowed))

    return fitting


@pytest.mark.parametrize(
    ("expressions", "pair", "expected"),
    [
        (["found.kind = lost.kind and found.price < 6"], (0, 0), ["found.kind = lost.kind", "found.price < 6"]),
        (["found.kind = 'hat' or found.day >= lost.day - 1 day"], (0, 0), ["found.day >= lost.day - 1 day"]),
        (["not has lost.color or found.color = lost.color"], (2, 0), ["lost.color is missing"]),
        (["found.kind != lost.kind", "not (has lost.tags or lost.price > 5)"], (0, 1), None),
        (['lost."unit price" between 0 and 1', 'has found."price"'], (0, 0), None),
        (["found.day not in (lost.day, lost.day + 2 weeks)"], (0, 1), None),
    ],
)
def test_what_holds_for_a_pair_is_said_as_it_was_written(describe, expressions, pair, expected):
    sides = {"lost": side_of(describe(LOST)), "found": side_of(describe(FOUND))}
    conditions = PairConditions(expressions, sides)
    assert conditions.allowed(np.array(pair[:1]), np.array(pair[1:])).all()
    assert conditions.reasons(*pair) == (expressions if expected is None else expected)


EVERY = "a-p a-q a-r b-p b-q b-r c-p c-q c-r"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("found.kind = lost.kind", "a-p a-r b-q"),
        ("lost.kind = found.kind", "a-p a-r b-q"),
        ("found.kind != lost.kind", "a-q b-p b-r"),
        ("not found.kind = lost.kind", "a-q b-p b-r c-p c-q c-r"),
        ("found.day >= lost.day", "a-q a-r b-r"),
        ("found.day >= lost.day - 1 day", "a-p a-q a-r b-q b-r"),
        ("found.day <= lost.day + 1 week and found.day >= lost.day", "a-q"),
        ("found.day between lost.day and lost.day + 2 days", "a-q"),
        ("lost.day = found.day", "b-q"),
        ("found.day = lost.day", ""),
        ("not has lost.color or found.color = lost.color", "a-p b-p b-q b-r c-p c-q c-r"),
        ("found.price = lost.price", "a-p"),
        ("found.price in (lost.price, 7)", "a-p a-q b-q c-q"),
        ("found.tag = lost.tags", "b-p"),
        ("lost.tags = found.tag", "b-p"),
        ("lost.sold = found.sold", ""),
        ("lost.sold != found.sold", "b-q"),
        ("not (has found.returned) and lost.kind = 'hat'", "b-p b-q"),
        ("found.width = lost.width", "a-p b-q c-r"),
        ("found.path > lost.path", EVERY),
        ('lost."unit price" < found.price', "a-p a-q"),
        ('found.price > "lost.unit price"', "a-p a-q"),
        ("found.day >= today - 3 days", "a-r b-r c-r"),
        ("has lost.kind or has found.returned", "a-p a-q a-r b-p b-q b-r c-r"),
        ('lost.price > lost."unit price"', "a-p a-q a-r"),
        ("lost.kind = 'x - 2 days'", ""),
    ],
)
def test_holds_for_these_pairs(pairs, expression, expected):
    assert pairs(expression, now=datetime(2026, 5, 22)) == expected


def test_several_expressions_must_all_hold(pairs):
    assert pairs("found.kind = lost.kind", "found.day >= lost.day") == "a-r"
    assert pairs() == EVERY


def test_near_places(pairs):
    near = [("Central", "Line 2"), ("Airport", "Harbour")]
    assert pairs("found.place near lost.place", near=near) == "a-p a-r b-p b-r"
    assert pairs("found.place near lost.place", near=[]) == "a-r b-p"
    assert pairs("not found.place near lost.place", near=near) == "a-q b-q c-p c-q c-r"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("kind = 'bag'", "column 1 of the expression: say whose: lost.kind or found.kind"),
        ("found.kind = lost.day", "found.kind holds text, lost.day holds dates: = does not compare them"),
        ("found.sold > lost.sold", "found.sold holds true or false, lost.sold holds true or false: > does not"),
        ("found.kind = lost.kind + 2 days", "days are added to dates, lost.kind holds text"),
        ("found.day > lost.day + 2 months", "column 26 of the expression: expected days or weeks, found months"),
        ("found.day + 2 days > lost.day", "days are added to what comes after the operator"),
        ("found.day > lost.day + 99999999 days", "no calendar goes so far"),
        ("found.kind like lost.kind", "like looks for text in quotes, not for another attribute"),
        ("found.kind near 'Central'", "near compares two attributes"),
        ("found.place near lost.place", "near needs a table"),
        ("found.price < 'x'", "price holds numbers, 'x' is text"),
        ("found. = lost.kind", "a name goes behind found."),
        ("found.kind = lost.kind; DROP TABLE images", "column 23"),
    ],
)
def test_what_does_not_compare_is_told(pairs, expression, said):
    with pytest.raises(ExpressionError) as raised:
        pairs(expression)
    assert said in str(raised.value)


@pytest.mark.parametrize("expression", ["found.kindd = lost.kind", "lost.kind = found.kindd", "has found.kindd"])
def test_a_name_that_is_nearly_another_is_a_mistake(pairs, expression):
    with pytest.raises(UnknownNameError, match=r"'found\.kindd': did you mean found\.kind\?"):
        pairs(expression)


def test_what_nothing_is_known_of_is_missing(describe):
    sides = {"lost": side_of(describe(LOST)), "found": side_of(describe(FOUND))}
    conditions = PairConditions(["found.zzzzzz = lost.kind or not has lost.qqqqqq"], sides)
    assert conditions.allowed(np.arange(3), np.arange(3)).all()
    assert list(conditions.absent) == ["found.zzzzzz", "lost.qqqqqq"]


@pytest.mark.parametrize(
    "expression",
    [
        "lost.kind = 'x'' OR 1=1 --' and found.kind = 'bag'",
        "lost.kind = '\"; DROP TABLE images; --'",
        'lost."kind"" = 1; DROP TABLE facts; --" = found.kind or has found.kind',
    ],
)
def test_text_stays_text(pairs, expression):
    with suppress(UnknownNameError):
        assert pairs(expression) in ("", EVERY)
    assert pairs("found.kind = lost.kind") == "a-p a-r b-q"


SIGNS = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
DAYS = st.dates(date(2026, 5, 1), date(2026, 5, 6)).map(date.isoformat)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lost=st.lists(st.one_of(st.none(), DAYS), min_size=1, max_size=5),
    found=st.lists(st.one_of(st.none(), DAYS), min_size=1, max_size=5),
    sign=st.sampled_from(sorted(SIGNS)),
    days=st.integers(-4, 4),
)
def test_dates_equal_brute_force(describe, lost, found, sign, days):
    days_of = {"lost": [*lost, "2026-05-01"], "found": [*found, "2026-05-02"]}
    stores = {
        name: describe({f"{place}.jpg": {"day": day} if day else {} for place, day in enumerate(its)})
        for name, its in days_of.items()
    }
    conditions = PairConditions(
        [f"found.day {sign} lost.day {days:+d} days"], {n: side_of(s) for n, s in stores.items()}
    )
    expected = [
        [
            bool(ours and theirs)
            and SIGNS[sign](date.fromisoformat(theirs), date.fromisoformat(ours) + timedelta(days=days))
            for theirs in days_of["found"]
        ]
        for ours in days_of["lost"]
    ]
    allowed = conditions.allowed(np.arange(len(days_of["lost"])), np.arange(len(days_of["found"])))
    assert allowed.tolist() == expected


def test_a_long_expression_is_read_quickly():
    tree = parse_pair(" and ".join(["found.day >= lost.day - 2 days"] * 500))
    assert len(tree.conditions) == 500
