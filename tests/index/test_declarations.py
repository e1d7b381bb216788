"""An attribute that is declared is known before any photo has it, and keeps its type."""

import pytest

from imgsim.errors import ImgsimError
from imgsim.index.assignments import parse_assignment
from imgsim.index.declarations import declare
from imgsim.where.facts import AttributeCount
from imgsim.where.select import find_absent, select_photos


@pytest.fixture
def store(describe):
    return describe({"a.jpg": {"price": 5}, "b.jpg": {}})


def declared(store, *texts):
    with store.transaction():
        return declare(store, texts)


def test_what_is_declared_is_known(store):
    stamp = store.stamp
    assert declared(store, "returned=boolean", "price=number") == {"returned": "boolean", "price": "number"}
    assert store.facts.types() == {"price": {"number"}, "returned": {"boolean"}}
    assert store.facts.counts() == [
        AttributeCount("price", ("number",), 1),
        AttributeCount("returned", ("boolean",), 0),
    ]
    assert find_absent(store.facts, ["not returned = true"]) == {}
    assert select_photos(store.facts, ["not returned = true"], store.photo_keys()).tolist() == [True, True]
    assert parse_assignment("returned=true", store.facts.types()) == ("returned", True)
    with pytest.raises(ImgsimError, match="returned is true or false"):
        parse_assignment("returned=5", store.facts.types())
    assert store.stamp == stamp


def test_a_declaration_is_changed_and_taken_back(store):
    declared(store, "returned=boolean")
    declared(store, "returned=date", "gone=text")
    assert store.declared == {"returned": "date", "gone": "text"}
    assert declared(store, "returned=", "price=") == {"returned": None, "price": None}
    assert store.facts.types() == {"price": {"number"}, "gone": {"text"}}


def test_a_declaration_outlives_the_values(store):
    declared(store, "price=number")
    with store.transaction():
        store.merge_attributes("a.jpg", {"price": None})
    assert store.facts.counts() == [AttributeCount("price", ("number",), 0)]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["sold=boolean", "price=text"], "price=text: price is number on 1 photo"),
        (["sold=boolean", "sold=text"], "sold=text: sold is given twice"),
        (["sold=bool"], "unknown type in sold=bool 'bool': did you mean boolean"),
        (["sold"], "sold: write NAME=TYPE"),
        (["=text"], "write NAME=TYPE"),
        (["width=number"], "width is what every photo has; choose another name"),
        (["\udcff=text"], "not valid Unicode"),
    ],
)
def test_what_cannot_be_declared_changes_nothing(store, texts, message):
    with pytest.raises(ImgsimError, match=message):
        declared(store, *texts)
    assert store.declared == {}
