"""Conditions hold for the photos that a plain reading of them says, and do nothing else."""

import operator
import os
import unicodedata
from datetime import datetime

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from imgsim.core import ImageRecord
from imgsim.errors import ExpressionError, ImgsimError, UnknownNameError
from imgsim.index.store.photo_store import MeasuredPhoto
from imgsim.where.order import order_photos
from imgsim.where.select import explain_nothing, find_absent, select_photos
from tests.stores import put_described

SHELF = {
    "a.jpg": {"price": 5, "brand": "Nord", "found": "2026-05-01", "sold": True, "tags": ["lost", "wet", "lost"]},
    "b.jpg": {"price": 7.5, "brand": "acme", "found": "2026-05-31T23:30:00", "sold": False},
    "c.jpg": {"price": "n/a", "brand": "Straße 100%", "found": "2026-06-01T00:00:00+09:00", "colors": {"red": 0.5}},
    "d/d.jpg": {"unit price": -3, "in": "x", 'say "hi"': 1, "tags": []},
    "e.jpg": {},
}


@pytest.fixture
def shelf(describe):
    return describe(SHELF)


def refill(store, described):
    """Put other photos in place of all."""
    with store.transaction():
        store.remove(store.photo_keys().tolist())
    put_described(store, described)
    return store


COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "crème") for form in ("NFC", "NFD"))


@pytest.mark.parametrize("name", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("said", [COMPOSED, DECOMPOSED])
def test_text_is_compared_composed(describe, name, said):
    store = describe({f"a {name}.jpg": {name: name, "tags": [f"a {name}"]}, "b.jpg": {"tags": ["crime"]}})
    for expression in (
        f"{said} = '{said}'",
        f"\"{said}\" in ('x', '{said}')",
        f"has {said}",
        f"tags like 'a cr_me' and tags like '% {said}'",
        f"tags contains '{said.upper()}'",
        f"{said} between '{said}' and '{said}a'",
        f"path = 'a {said}.jpg'",
        f"path in ('x', 'a {said}.jpg')",
        f"path like 'a {said}%' and path contains '{said}'",
        f"path between 'a {said}.jpg' and 'a {said}.jpg'",
        f"path <= 'a {said}.jpg' and path >= 'a {said}' and path > 'a crf' and path < 'a cr\xe9'",
    ):
        assert found(store, expression) == "a", expression
        assert found(store, f"not ({expression})") == "b", expression
    assert f"no photo has {COMPOSED} = 'x'" in explain_nothing(store.facts, [f"{said} = 'x'"])
    with pytest.raises(ExpressionError) as caught:
        select_photos(store.facts, [f"{said} = '{said}' !"], store.photo_keys())
    assert caught.value.position == len(f"{COMPOSED} = '{COMPOSED}' ")


def found(store, *expressions):
    keys = store.photo_keys()
    selected = keys[select_photos(store.facts, expressions, keys)]
    return "".join(os.path.basename(record.path)[0] for record in store.records(selected.tolist()))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("price = 5", "a"),
        ("price != 5", "bc"),
        ("not price = 5", "bcde"),
        ("price < 7.5", "a"),
        ("price <= 7.5", "ab"),
        ("price > 5", "b"),
        ("price >= 5", "ab"),
        ("price between 5 and 7.5", "ab"),
        ("price not between 6 and 8", "ac"),
        ("price in (5, 'n/a')", "ac"),
        ("price not in (5, 7.5)", "c"),
        ("not price in (5, 7.5)", "cde"),
        ("has price", "abc"),
        ("price is missing", "de"),
        ("price is not missing and not price = 5", "bc"),
        ("brand = 'nord'", ""),
        ("brand like 'NORD'", "a"),
        ("brand like '%o%'", "a"),
        ("brand like '_c_e'", "b"),
        ("brand like 'acm'", ""),
        ("brand contains 'STRASSE'", "c"),
        ("brand contains '0%'", "c"),
        ("brand contains ''", "abc"),
        ("brand not like 'n%'", "bc"),
        ("not brand like 'n%'", "bcde"),
        ("brand > 'O'", "bc"),
        ("found = 2026-05", "ab"),
        ("found = 2026-05-01", "a"),
        ("found = 2026-05-31", "b"),
        ("found > 2026-05", "c"),
        ("found <= 2026-05-31", "ab"),
        ("found < 2026-05-31", "a"),
        ("found >= 2026-05-31 23:30", "bc"),
        ("found = '2026-05-31 23:30'", "b"),
        ("found = 2026-06-01 00:00", "c"),
        ("found between 2026-05-31 and 2026-06", "bc"),
        ("found like '2026-05%'", "ab"),
        ("sold = true", "a"),
        ("sold != true", "b"),
        ("not sold = true", "bcde"),
        ("tags = 'lost'", "a"),
        ("tags != 'lost'", "d"),
        ("tags in ('dry', 'wet')", "a"),
        ("has tags", "ad"),
        ("has colors", "c"),
        ('"unit price" < 0', "d"),
        ("\"in\" = 'x'", "d"),
        ('"say ""hi""" = 1', "d"),
        ("width > 642", "de"),
        ("size <= 101", "ab"),
        ("photo.height = 480", "abcde"),
        ("path = 'd/d.jpg'", "d"),
        ("path like 'D/%' or path contains 'E.'", "de"),
        ("path in ('a.jpg', 'b.jpg') and path != 'b.jpg'", "a"),
        ("path < 'b'", "a"),
        ("price = 5 or price = 7.5 and sold = true", "a"),
        ("(price = 5 or price = 7.5) and sold = false", "b"),
        ("price < 1e999", "ab"),
        ("price = 99999999999999999999999", ""),
    ],
)
def test_an_expression_holds_for(shelf, expression, expected):
    assert found(shelf, expression) == expected


def test_every_expression_must_hold(shelf):
    assert found(shelf) == "abcde"
    assert found(shelf, "price < 10", "sold = false") == "b"
    with pytest.raises(ExpressionError):
        found(shelf, "price < 10", "sold =")


def test_keys_may_repeat_and_need_no_order(shelf):
    a, b, *_ = shelf.photo_keys()
    keys = shelf.photo_keys()[[1, 0, 1]]
    assert select_photos(shelf.facts, ["price = 5"], keys).tolist() == [False, True, False]
    assert select_photos(shelf.facts, ["price = 5"], keys[:0]).tolist() == []
    assert a != b


def test_nothing_is_explained(shelf):
    def why(*expressions):
        assert found(shelf, *expressions) == ""
        return explain_nothing(shelf.facts, expressions)

    assert why("brand = 'nord' and price = 5") == "no photo has brand = 'nord': did you mean 'Nord'?"
    assert why("price > 1 and brand in ('acm', 'x')") == "no photo has brand in ('acm', 'x'): did you mean 'acme'?"
    assert why("price = 5 and price > 100") == "no photo has price > 100"
    assert why("price = 5", "not has brand or sold = false") == (
        "no photo has price = 5 and not has brand or sold = false"
    )
    assert why("not has path") == "no photo has not has path"


def test_an_index_without_attributes_has_fields(describe):
    store = describe({"a.jpg": {}})
    assert found(store, "width >= 640") == "a"
    assert found(store, "price = 5") == ""
    with pytest.raises(UnknownNameError, match="unknown attribute 'widht': did you mean width"):
        found(store, "widht = 5")


def test_what_no_photo_has_yet_is_missing_and_told(shelf):
    for expression, photos in (("not returned = true", "abcde"), ("returned != true", ""), ("has returned", "")):
        assert found(shelf, expression) == photos
    assert find_absent(shelf.facts, ["not returned = true and price < 9", 'has returned or "to do" is missing']) == {
        "returned": "boolean",
        "to do": "",
    }
    assert find_absent(shelf.facts, ["price < 9", "width > 3 and \"in\" = 'x'"]) == {}
    assert explain_nothing(shelf.facts, ["returned = true and price = 5"]) == "no photo has returned = true"
    with pytest.raises(ExpressionError, match="price holds"):
        find_absent(shelf.facts, ["not returned = true and price = true"])


# ------------------------------------------------------------------ against a plain reading

NUMBERS = st.one_of(st.integers(-5, 5), st.sampled_from([0.5, -2.5]))
TEXTS = st.sampled_from(["a", "A", "b%", "ab", "it's", 'x"y'])
DATES = st.sampled_from(["2026-05-01", "2026-05-02", "2026-05-02T10:00:00", "2026-06-01"])
SCHEMA = {
    "price": NUMBERS,
    "brand": TEXTS,
    "found": DATES,
    "sold": st.booleans(),
    "tags": st.lists(TEXTS, max_size=3),
    "mixed": st.one_of(NUMBERS, TEXTS),
}
FULL = {"price": 0, "brand": "a", "found": "2026-05-01", "sold": True, "tags": ["a"], "mixed": 0}
photos = st.lists(st.fixed_dictionaries({}, optional=SCHEMA), max_size=8)
SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq}


def written(value):
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else "'" + value.replace("'", "''") + "'"


def items(attributes, name, like):
    """Give the values of the type of `like` that a photo has for a name."""
    value = attributes.get(name, [])
    number = isinstance(like, int | float) and not isinstance(like, bool)
    return [
        item
        for item in (value if isinstance(value, list) else [value])
        if (isinstance(item, int | float) and not isinstance(item, bool) if number else isinstance(item, type(like)))
    ]


@st.composite
def comparisons(draw):
    """Draw a comparison: its text, and what tells of attributes whether it holds."""
    name = draw(st.sampled_from(["price", "brand", "sold", "tags", "mixed"]))
    value = draw({"tags": TEXTS}.get(name, SCHEMA[name]))
    sign = draw(st.sampled_from(["="] if isinstance(value, bool) else list(SIGNS)))
    compare = SIGNS[sign]
    kind = draw(st.sampled_from(["sign", "unequal", "in", "has"]))
    if kind == "has":
        return f"has {name}", lambda attributes: name in attributes
    if kind == "sign":
        return f"{name} {sign} {written(value)}", lambda attributes: any(
            compare(item, value) for item in items(attributes, name, value)
        )
    others = [value, draw(st.just(value) if isinstance(value, bool) else type_alike(value))]

    def among(attributes):
        return any(other in items(attributes, name, other) for other in others)

    if kind == "in":
        return f"{name} in ({', '.join(map(written, others))})", among
    return (
        f"{name} != {written(value)}",
        lambda attributes: name in attributes and value not in items(attributes, name, value),
    )


def type_alike(value):
    return TEXTS if isinstance(value, str) else NUMBERS


def joined(inner):
    def both(pair):
        (left, left_holds), (right, right_holds) = pair
        return f"({left}) and ({right})", lambda attributes: left_holds(attributes) and right_holds(attributes)

    def either(pair):
        (left, left_holds), (right, right_holds) = pair
        return f"{left} or ({right})", lambda attributes: left_holds(attributes) or right_holds(attributes)

    def opposite(one):
        text, holds = one
        return f"not ({text})", lambda attributes: not holds(attributes)

    pairs = st.tuples(inner, inner)
    return st.one_of(pairs.map(both), pairs.map(either), inner.map(opposite))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(described=photos, condition=st.recursive(comparisons(), joined, max_leaves=5))
def test_equals_a_plain_reading(shelf, described, condition):
    text, holds = condition
    photos = {f"{number:02}": attributes for number, attributes in enumerate([FULL, {"mixed": "a"}, *described])}
    store = refill(shelf, photos)
    keys = store.photo_keys()
    assert select_photos(store.facts, [text], keys).tolist() == [holds(attributes) for attributes in photos.values()]


# ------------------------------------------------------------------ injection

HOSTILE = [
    "'; DROP TABLE images; --",
    '"; DROP TABLE facts; --',
    "x' OR '1'='1",
    "' UNION SELECT path FROM images --",
    "a\0b",
    "); DELETE FROM images; (",
    "price' || (SELECT sql FROM sqlite_master) || '",
    "%",
    "[a-z]*",
    "\\",
    "?1",
    ":name",
    "👍🏽 ÿ",
]
anything = st.one_of(
    st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
)


def quoted(text, quote):
    return quote + text.replace(quote, quote * 2) + quote


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=anything, value=anything, other=anything)
def test_names_and_values_are_only_ever_names_and_values(shelf, name, value, other):
    assume(value != other)
    store = refill(shelf, {"a": {name: value}, "b": {name: other}, "c": {}})
    for condition in (f"= {quoted(value, chr(39))}", f"in ({quoted(value, chr(34))})"):
        assert found(store, f"{quoted(name, chr(34))} {condition}") == "a"
    assert found(store, f"{quoted(name, chr(34))} != {quoted(value, chr(39))}") == "b"
    assert "a" in found(store, f"{quoted(name, chr(34))} contains {quoted(value, chr(39))}")
    assert found(store, f"{quoted(name, chr(34))} is missing") == "c"


@pytest.mark.parametrize("describe", ["sqlite"], indirect=True)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.one_of(
        st.text(max_size=40),
        st.lists(
            st.sampled_from([*HOSTILE, "brand", "price", "=", "<", "'x'", "5", "and", "not", "("]), max_size=8
        ).map(" ".join),
    )
)
def test_whatever_is_written_it_selects_or_is_refused_and_changes_nothing(shelf, text):
    schema = "SELECT group_concat(name), (SELECT count(*) FROM images), (SELECT count(*) FROM facts) FROM sqlite_master"
    before = shelf._connection.execute(schema).fetchone()
    try:
        assert set(found(shelf, text)) <= set("abcde")
    except ImgsimError as error:
        assert isinstance(error, ExpressionError | UnknownNameError)  # noqa: PT017 (both are right, and finding is)
    assert shelf._connection.execute(schema).fetchone() == before


def test_stray_bytes_are_found_in_paths_and_refused_elsewhere(describe):
    name = os.fsdecode(b"\xff.jpg")
    store = describe({name: {"brand": "x"}, "b.jpg": {"brand": "y"}})
    assert len(found(store, f"path = '{name}'")) == 1
    assert len(found(store, f"path contains '{name[0]}'")) == 1
    with pytest.raises(ExpressionError, match="not valid Unicode"):
        found(store, f"brand = '{name}'")
    with pytest.raises(UnknownNameError):
        found(store, f'"{name}" = 1')


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("added >= 2026-05-01 and added < 2026-05-02", "a b"),
        ("added = 2026-05-01 10:30", "b"),
        ("added = 2026-05", "a b c"),
        ("added <= 2026-05-01", "a b"),
        ("added > 2026-05-01", "c"),
        ("added between 2026-05-01 10:30 and 2026-05-02", "b c"),
        ("added in (2026-05-02, 2026-05-03)", "c"),
        ("added != 2026-05-01", "c"),
        ("not added = 2026-05-01", "c d"),
        ("has added", "a b c"),
        ("added is missing", "d"),
        ("added < 9999-12-31 and added >= 0001-01-01", "a b c"),
        ("has modified and modified = 2026-04-30T23:59:59", "a b c d"),
        ("photo.modified < added", None),
    ],
)
def test_fields_that_are_dates_are_compared(describe, expression, expected):
    store = put_dated(describe({}))
    if expected is None:
        with pytest.raises(ExpressionError):
            found(store, expression)
    else:
        assert found(store, expression) == expected.replace(" ", "")


@pytest.mark.parametrize(("names", "expected"), [("added", "abcd"), ("-added", "cbad"), ("modified,-added", "cbad")])
def test_fields_that_are_dates_have_an_order(describe, names, expected):
    store = put_dated(describe({}))
    keys = store.photo_keys()
    ordered = keys[order_photos(store.facts, [names], keys)].tolist()
    assert "".join(record.path for record in store.records(ordered)) == expected


def put_dated(store):
    """Store four photos, added one after another but for the last, of which that is unknown."""
    began = ("2026-05-01T00:00:00", "2026-05-01T10:30:59", "2026-05-02T23:59:59.999", None)
    with store.transaction():
        for number, (path, moment) in enumerate(zip("abcd", began, strict=True)):
            added = moment and int(datetime.fromisoformat(moment).timestamp() * 10**6) * 1000
            modified = int(datetime(2026, 4, 30, 23, 59, 59).timestamp()) * 10**9 + 5
            record = ImageRecord(path, 1, modified, bytes([number]) * 16, 2, 2, {}, added)
            store.put(MeasuredPhoto(record, {}))
    return store
