"""A photo is out of sight where any rule holds that can be asked."""

import os
from datetime import datetime

import pytest

from imgsim.errors import OutOfSightError
from imgsim.where.sight import Sight, SightRule

SHELF = {
    "a.jpg": {"price": 5, "status": "returned"},
    "b.jpg": {"price": 50, "status": "returned", "came": "2026-01-31"},
    "c.jpg": {"price": 7, "came": "2026-05-01"},
    "d.jpg": {},
}
NOW = datetime(2026, 5, 2, 12)


@pytest.fixture
def shelf(describe):
    return describe(SHELF)


def seen(store, *rules):
    keys = store.photo_keys()
    visible = keys[Sight(store.facts, rules, NOW).visible(keys)].tolist()
    return "".join(os.path.basename(record.path)[0] for record in store.records(visible))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], "abcd"),
        (["status = 'returned'"], "cd"),
        (["not status = 'returned'"], "ab"),
        (["status = 'returned'", "price > 6"], "d"),
        (["status = 'returned' and price > 6"], "acd"),
        (["came < today - 90 days"], "acd"),
        (["came >= yesterday"], "abd"),
        (["price > 1000"], "abcd"),
        (["photo.width > 0"], ""),
    ],
)
def test_what_any_rule_holds_for_is_out_of_sight(shelf, rules, expected):
    assert seen(shelf, *rules) == expected


@pytest.mark.parametrize(
    ("rule", "reason", "absent"),
    [
        ("not sold = true", "no photo has an attribute sold yet", {"sold": "boolean"}),
        ("status = 'returned' or not has zone", "no photo has an attribute zone yet", {"zone": ""}),
        ("x1 = 5 or y1 < 2026-01-01", "no photo has an attribute x1, y1 yet", {"x1": "number", "y1": "date"}),
        ("statis = 'returned'", "unknown attribute 'statis': did you mean status?", {}),
        ("status = 5", "column 10 of the expression: status holds text, 5 is a number; text goes in quotes", {}),
        ("price >", "column 8 of the expression: expected a value, found the end", {}),
    ],
)
def test_a_rule_that_cannot_be_asked_is_passed_over_and_the_others_hold(shelf, rule, reason, absent):
    assert seen(shelf, rule) == "abcd"
    assert seen(shelf, rule, "price > 6") == "ad"
    assert dict([Sight(shelf.facts, [rule, "price > 6"]).waiting[rule]]) == {reason: absent}


def test_a_rule_waits_for_its_attribute_or_what_declares_it(shelf):
    rule = "not sold = true"
    with shelf.transaction():
        shelf.set_declared({"sold": "boolean"})
    assert seen(shelf, rule) == ""
    with shelf.transaction():
        shelf.set_declared({})
    assert seen(shelf, rule) == "abcd"
    with shelf.transaction():
        shelf.merge_attributes("c.jpg", {"sold": True})
    assert seen(shelf, rule) == "c"


def test_dates_are_counted_at_each_run(shelf):
    keys = shelf.photo_keys()
    rule = ["came < today - 90 days"]
    counts = [
        int((~Sight(shelf.facts, rule, now).visible(keys)).sum())
        for now in (datetime(2026, 5, 1), datetime(2026, 5, 2), datetime(2026, 8, 1))
    ]
    assert counts == [0, 1, 2]


def test_rules_are_counted_and_nothing_is_explained(shelf):
    keys, rules = shelf.photo_keys(), ["status = 'returned'", "price > 6", "price > 1000"]
    sight = Sight(shelf.facts, rules)
    counts = [SightRule(rule, photos, None) for rule, photos in zip(rules, (2, 2, 0), strict=True)]
    assert sight.counted(keys) == counts
    assert sight.counted(keys[:1]) == [one._replace(photos=int(place == 0)) for place, one in enumerate(counts)]
    assert [sight.count_unseen(where, keys) for where in ([], ["price < 10"], ["price < 1"])] == [3, 2, 0]
    assert Sight(shelf.facts, []).count_unseen([], keys) == 0
    refusal = sight.explain_nothing(["price < 6"], keys)
    assert isinstance(refusal, OutOfSightError)
    said = "nothing that fits is in sight: 1 photo is kept out of it by status = 'returned'"
    assert (str(refusal), refusal.remedy) == (said, "lift-rules")
    assert str(sight.explain_nothing(["has price"], keys)) == (
        "nothing that fits is in sight: 3 photos are kept out of it by status = 'returned', price > 6"
    )
    assert "nothing is in sight: 4 photos" in str(Sight(shelf.facts, ["width > 0"]).explain_nothing([], keys))
    for where in ([], ["price < 1"], ["not has price"]):
        assert sight.explain_nothing(where, keys) is None
    assert Sight(shelf.facts, ["width > 0"]).explain_nothing([], keys[:0]) is None


def test_where_neither_rules_nor_conditions_ask_nothing_is_asked(shelf):
    keys = shelf.photo_keys()
    assert Sight(shelf.facts, []).select([], keys) is None
    assert Sight(shelf.facts, ["no = rule"]).select([], keys) is None
    assert Sight(shelf.facts, []).select(["price < 6"], keys).tolist() == [True, False, False, False]
    assert Sight(shelf.facts, ["status = 'returned'"]).select([], keys).tolist() == [False, False, True, True]
    assert Sight(shelf.facts, ["status = 'returned'"]).select(["price > 0"], keys).tolist() == [
        False,
        False,
        True,
        False,
    ]
