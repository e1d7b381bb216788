"""Facts say what the attributes say, whatever was done to the photos."""

import os
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgsim.core import ImageRecord
from imgsim.errors import ImgsimError, ParameterError
from imgsim.images.find import FoundImage
from imgsim.index.store.photo_file_store import MISSING
from imgsim.index.store.photo_store import MeasuredPhoto
from imgsim.tables.values import facts_of
from imgsim.where.facts import AttributeCount

names = st.sampled_from(["price", "brand", "größe", "in"])
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    st.just("2026-05-01"),
    st.lists(st.one_of(st.integers(0, 3), st.sampled_from(["a", "b"]), st.just({})), max_size=3),
    st.dictionaries(st.sampled_from(["red", "blue"]), st.floats(0, 1)),
)
attributes = st.dictionaries(names, values, max_size=3)
paths = st.sampled_from(["a", "b", "c"])
steps = st.tuples(
    st.sampled_from(["put", "merge", "change", "remove", "hide", "show", "rename", "fail"]), paths, attributes
)


def stored_facts(store):
    rows = store._connection.execute("SELECT image_id, name, type, value FROM facts JOIN kinds ON kind_id = kinds.id")
    return set(rows)


def take(store, step, path, given_attributes, number):
    """Do something to a photo."""
    if step == "put":
        store.put(MeasuredPhoto(ImageRecord(path, 1, 1, bytes([number]), 1, 1, given_attributes), {}))
    elif step == "show":
        for photo in store.hidden()[:1]:
            store.remove({store.photo_key(photo.path)} - {None})
            store.place(photo.known.key, FoundImage(photo.path, 10, 5))
    elif step == "change":
        hidden = [photo.known.key for photo in store.hidden()]
        store.change_attributes([*store.photo_keys().tolist(), *hidden][number % 2 :], given_attributes)
    elif store.photo_key(path) is None:
        pass
    elif step == "remove":
        store.remove([store.photo_key(path)])
    elif step == "hide":
        store.hide([store.photo_key(path)], MISSING)
    elif step == "rename":
        store.remove({store.photo_key("z")} - {None})
        store.place(store.photo_key(path), FoundImage("z", 10, 5))
    else:
        store.merge_attributes(path, given_attributes)
        if step == "fail":
            raise RuntimeError("the disk is full")


@pytest.mark.parametrize("describe", ["sqlite"], indirect=True)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(taken=st.lists(steps, max_size=12))
def test_facts_follow_the_attributes(described_store, taken):
    store = described_store
    with store.transaction():
        store.remove(store.photo_keys().tolist())
    for number, (step, path, given_attributes) in enumerate(taken):
        with suppress(RuntimeError), store.transaction():
            take(store, step, path, given_attributes, number)
    keys = store.photo_keys().tolist()
    expected = {
        (key, *fact)
        for key, record in zip(keys, store.records(keys), strict=True)
        for fact in facts_of(record.attributes)
    }
    assert stored_facts(store) == expected


@pytest.fixture
def described_store(describe):
    return describe({"a": {"price": 5, "tags": ["x"]}, "b": {"price": "n/a"}, "c": {"tags": []}})


def test_attributes_are_counted_by_photo(described_store):
    counts = [AttributeCount("price", ("number", "text"), 2), AttributeCount("tags", ("list", "text"), 2)]
    assert described_store.facts.counts() == counts
    assert described_store.facts.types() == {"price": {"number", "text"}, "tags": {"list", "text"}}
    assert described_store.facts.texts("price") == ["n/a"]
    assert described_store.facts.texts("brand") == []


def test_an_attribute_that_no_photo_has_any_more_is_forgotten(described_store):
    with described_store.transaction():
        described_store.merge_attributes("a", {"price": None})
        described_store.remove([described_store.photo_key("b")])
    assert described_store.facts.types() == {"tags": {"list", "text"}}


@pytest.mark.parametrize("describe", ["sqlite"], indirect=True)
def test_values_that_cannot_be_kept_change_nothing(described_store):
    before = stored_facts(described_store)
    for attributes in ({"price": float("nan")}, {"price": {1, 2}}, {"": 5}, {"brand": os.fsdecode(b"\xff")}):
        with pytest.raises(ParameterError), described_store.transaction():
            described_store.merge_attributes("a", attributes)
    with pytest.raises(ImgsimError, match="nowhere: not in the index"), described_store.transaction():
        described_store.merge_attributes("nowhere", {"price": 5})
    assert stored_facts(described_store) == before


def test_numbers_within_objects(describe):
    store = describe(
        {
            "a": {"colors": {"red": 0.25, "blue": 1, 'x"y': 3}},
            "b": {"colors": {"red": "much"}},
            "c": {"colors": 5},
            "d": {"colors": {"red": 0.5}},
        }
    )
    keys, numbers = store.facts.numbers_within("colors", "red")
    a, _, _, d = store.photo_keys()
    assert dict(zip(keys.tolist(), numbers.tolist(), strict=True)) == {a: 0.25, d: 0.5}
    assert store.facts.names_within("colors") == ["blue", "red", 'x"y']
    for name in ("green", 'red" || "x', "red' --"):
        assert store.facts.numbers_within("colors", name)[0].tolist() == []
