"""Photos in the order of what is known of them, in every kind of store."""

import numpy as np
import pytest

from imgsim.errors import ImgsimError
from imgsim.index.declarations import declare
from imgsim.index.store.photo_file_store import MISSING
from imgsim.where.conditions import FIELDS
from imgsim.where.name_list import split_names, subject_of
from imgsim.where.order import order_photos

DESCRIBED = {
    "a.jpg": {"price": 30, "brand": "b", "found": "2026-05-01"},
    "b.jpg": {"price": 5, "brand": "a"},
    "c.jpg": {"brand": "a", "unit price": 2, "-x": 1},
    "d.jpg": {"price": 5, "brand": "B", "found": "2026-05-01T10:30:00"},
    "e.jpg": {"price": 7.5, "brand": "\u00fc", "unit price": 1, "-x": 2, "found": "2026-04-30"},
}


def ordered(store, *names):
    keys = store.photo_keys()
    records = store.records(keys[order_photos(store.facts, names, keys)].tolist())
    return "".join(record.path[0] for record in records)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["price"], "bdeac"),
        (["-price"], "aebdc"),
        (["price,-brand"], "bdeac"),
        (["-price", "brand"], "aedbc"),
        (["brand"], "dbcae"),
        (["found"], "eadbc"),
        (["-found,price"], "daebc"),
        (['"unit price",price'], "ecbda"),
        (['-"unit price"'], "ceabd"),
        (['"-x"'], "ceabd"),
        (['-"-x",-path'], "ecdba"),
        (["-width"], "edcba"),
        (["-photo.size"], "edcba"),
        (["height"], "abcde"),
    ],
)
def test_the_first_name_counts_most_and_ties_stay_by_path(describe, names, expected):
    assert ordered(describe(DESCRIBED), *names) == expected


def test_types_come_one_after_another_and_of_lists_what_comes_first(describe):
    store = describe(
        {
            "a": {"x": "5"},
            "b": {"x": 10},
            "c": {"x": True},
            "d": {"x": "2026-05-01"},
            "e": {"x": [9, "z"]},
            "f": {"x": {"y": 1}},
            "g": {"x": []},
            "h": {"x": False},
        }
    )
    assert ordered(store, "x") == "hcebdafg"
    assert ordered(store, "-x") == "eadbchfg"


def test_an_attribute_called_like_a_field_goes_first(describe):
    store = describe({"a": {"width": 3}, "b": {"width": 1}, "c": {"width": 2}})
    assert (ordered(store, "width"), ordered(store, '"width"'), ordered(store, "photo.width")) == ("bca", "bca", "abc")


def test_every_field_has_an_order(describe):
    store = describe(DESCRIBED)
    with store.transaction():
        store.hide([store.photo_key("b.jpg")], MISSING)
    for field in FIELDS:
        keys, ranks = store.facts.ranks(field, field=True)
        records = dict(zip(keys.tolist(), store.records(keys.tolist()), strict=True))
        values = [getattr(records[key], field) for key in keys[np.argsort(ranks, kind="stable")].tolist()]
        assert values == sorted(values)
        assert ordered(store, field, "path").replace("b", "") == ordered(store, field, "path")


def test_what_is_declared_has_an_order_and_nobody_a_place_in_it(describe):
    store = describe(DESCRIBED)
    with store.transaction():
        declare(store, ["returned=boolean"])
    assert ordered(store, "returned,-price") == "aebdc"
    assert ordered(describe({}), "width") == ""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("prise", "unknown attribute 'prise': did you mean price"),
        ("-prise", "unknown attribute 'prise': did you mean price"),
        ('"width"', "unknown attribute 'width': did you mean photo.width"),
        ("nothing like it", "unknown attribute 'nothing like it': choose from -x, "),
        ("", "nothing to sort by"),
        (" , ", "nothing to sort by"),
        ("tags", "tags holds lists and objects, which have no order"),
    ],
)
def test_what_has_no_order_is_said(describe, name, message):
    store = describe(DESCRIBED | {"f.jpg": {"tags": []}, "g.jpg": {"tags": {"x": 1}}})
    with pytest.raises(ImgsimError, match=message):
        ordered(store, name)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("price,brand", ["price", "brand"]),
        (" price , -brand ,, ", ["price", "-brand"]),
        ('unit price,"a, ""b"""', ["unit price", '"a, ""b"""']),
        ('"a"b,c"', ['"a"b', 'c"']),
        ('"a', ['"a']),
        ("", []),
    ],
)
def test_names_are_divided_by_commas_outside_quotes(text, names):
    assert split_names(text) == names


def test_quotes_belong_to_a_name_that_has_them():
    assert subject_of('"a"', {'"a"': {"text"}}).name == '"a"'
    assert subject_of('"a"', {"a": {"text"}}).name == "a"
    assert subject_of('"a, ""b"""', {'a, "b"': {"text"}}).name == 'a, "b"'
