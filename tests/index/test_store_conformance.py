"""What every store promises."""

import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgsim.core import ExtractorSpec, ImageRecord
from imgsim.errors import ImgsimError
from imgsim.features import load_extractor
from imgsim.file_state import FileState
from imgsim.images.find import FoundImage
from imgsim.images.formats import DECODING
from imgsim.index.by_color import rank_by_color
from imgsim.index.distance import choose_distance
from imgsim.index.gallery_cache import load_gallery
from imgsim.index.options import Options
from imgsim.index.run import Update
from imgsim.index.search import Searcher
from imgsim.index.store.extractor_store import DefaultQuery
from imgsim.index.store.ledger_store import Failure
from imgsim.index.store.pair_store import DecidedPair
from imgsim.index.store.photo_file_store import LEFT_OUT, MISSING, UNREADABLE, HiddenPhoto, Known
from imgsim.index.store.photo_store import MeasuredPhoto
from imgsim.index.summary import Observer
from imgsim.metrics import load_metric, measure_statistics
from imgsim.search.ranking import Term, rank
from imgsim.where.check import check
from imgsim.where.parse import parse
from tests.stores import STORES

SPEC = ExtractorSpec("histogram", (("bins", 8),), 1)
BITS = ExtractorSpec("phash", (), 1)


# Any bytes but NUL, as Linux allows them: newlines, emoji, broken UTF-8.
names = st.binary(min_size=1, max_size=20).filter(lambda name: b"\0" not in name).map(os.fsdecode)
names = names.filter(lambda name: name[0] != "/" and ".." not in name.split("/"))  # within the indexed folder


@pytest.fixture(params=sorted(STORES))
def store(request, tmp_path):
    folder = tmp_path / "index"
    folder.mkdir()
    opened = STORES[request.param](folder)
    yield opened
    opened.close()


def photo(path, features, digest=b"d" * 16, **changes):
    record = ImageRecord(path, 10, 20, digest, 640, 480)
    rows = {key: np.asarray(row, np.float32)[None] for key, row in features.items()}
    return MeasuredPhoto(record, rows, **changes)


def add(store, spec=SPEC, dim=3, binary=False):
    with store.transaction():
        return store.add_extractor(spec, dim, binary=binary)


def put(store, *photos):
    with store.transaction():
        for one in photos:
            store.put(one)


def states(store):
    return {path: known._replace(key=None) for path, known in store.known().items()}


def rows_of(store, extractor):
    chunks = list(store.features(extractor))
    if not chunks:
        return np.zeros((0, extractor.dim)), np.zeros(0, bool)
    return tuple(np.concatenate(arrays) for arrays in zip(*chunks, strict=True))[:2]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(paths=st.lists(names, max_size=8, unique=True), data=st.data())
@pytest.mark.parametrize("make", STORES.values(), ids=STORES)
def test_photos_come_back_by_the_bytes_of_their_paths(make, paths, data, tmp_path_factory):
    store = make(tmp_path_factory.mktemp("index"))
    extractor = add(store)
    vectors = {path: data.draw(st.lists(st.floats(-1e6, 1e6, width=32), min_size=3, max_size=3)) for path in paths}
    put(store, *(photo(path, {extractor.id: vectors[path]}) for path in paths))
    rows, present = rows_of(store, extractor)
    ordered = sorted(paths, key=os.fsencode)
    assert present.all()
    np.testing.assert_array_equal(rows, np.array([vectors[path] for path in ordered], np.float32).reshape(-1, 3))
    parts, photos, _ = store.part_keys()
    assert [label.path for label in store.labels(parts.tolist())] == ordered
    assert [store.photo_key(path) for path in ordered] == photos.tolist()
    assert states(store) == dict.fromkeys(paths, Known(10, 20, b"d" * 16))
    store.close()


def test_rows_of_some_parts_come_in_the_order_asked_for(store):
    extractor = add(store)
    put(store, photo("a", {extractor.id: (1, 2, 3)}), photo("b", {}), photo("c", {extractor.id: (4, 5, 6)}))
    first, lacking, last = store.part_keys().parts.tolist()
    rows = store.rows(extractor, [last, lacking, first])
    assert rows.features.tolist() == [[4, 5, 6], [0, 0, 0], [1, 2, 3]]
    assert rows.present.tolist() == [True, False, True]
    assert not rows.damaged.any()
    with store.transaction():
        store.remove([store.photo_key("c")])
    assert store.rows(extractor, [last]).present.tolist() == [False]
    assert store.rows(extractor, []).features.shape == (0, 3)


def test_forgotten_rows_are_lacking(store):
    extractor, other = add(store), add(store, BITS, 8)
    put(store, *(photo(path, {extractor.id: (1, 2, 3), other.id: np.ones(8)}) for path in "ab"))
    before = store.stamp
    with store.transaction():
        store.forget_features(extractor, store.part_keys().parts[:1].tolist())
    assert store.stamp != before
    assert store.lacking(extractor) == {"a"}
    assert store.lacking(other) == set()


def test_rows_are_stored_of_parts_that_are_there(store):
    extractor, other = add(store), add(store, BITS, 8, binary=True)
    put(store, *(photo(path, {other.id: np.ones(8)}) for path in "abc"))
    before = store.stamp
    keys = store.part_keys().parts.tolist()
    with store.transaction():
        store.put_rows(extractor, [keys[2], keys[0]], np.array([(1, 2, 3), (4, 5, 6)], np.float32))
    assert store.stamp != before
    assert store.lacking(extractor) == {"b"}
    assert store.lacking(other) == set()
    np.testing.assert_array_equal(store.rows(extractor, keys).features, [(4, 5, 6), (0, 0, 0), (1, 2, 3)])
    with pytest.raises(ImgsimError, match="finite"), store.transaction():
        store.put_rows(extractor, keys[:1], np.full((1, 3), np.nan, np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_not_stored(store, value):
    extractor = add(store)
    with pytest.raises(ImgsimError, match="finite"):
        put(store, photo("a", {extractor.id: (1, value, 3)}))
    assert store.known() == {}


def test_bits_are_packed_and_come_back(store, rng):
    extractor = add(store, BITS, 64, binary=True)
    bits = rng.integers(0, 2, 64).astype(np.float32)
    put(store, photo("a", {extractor.id: bits}))
    np.testing.assert_array_equal(rows_of(store, extractor)[0], bits[None])


def test_the_first_extractor_is_the_default_until_changed(store):
    first, second = add(store), add(store, BITS, 64, binary=True)
    assert add(store) == first
    assert store.default_query() == DefaultQuery(((first, 1.0),))
    for query in (DefaultQuery(((second, 1.0),)), DefaultQuery(((first, 0.3), (second, 0.7)), "cosine")):
        with store.transaction():
            store.set_default(query)
        assert store.default_query() == query
    with store.transaction():
        store.drop_extractor(second)
    assert store.extractors() == [first]
    assert store.default_query() == DefaultQuery(((first, 1.0),))


def test_dropping_an_extractor_leaves_the_others(store):
    first, second = add(store), add(store, BITS, 8, binary=True)
    put(store, photo("a", {first.id: [1, 2, 3], second.id: [1] * 8}))
    with store.transaction():
        store.drop_extractor(first)
    assert store.count_features(first) == 0
    np.testing.assert_array_equal(rows_of(store, second)[0], np.ones((1, 8)))


def test_changed_content_drops_old_features_and_same_content_keeps_them(store):
    first, second = add(store), add(store, BITS, 8, binary=True)
    put(store, photo("a", {first.id: [1, 2, 3]}))
    put(store, photo("a", {second.id: [1] * 8}))
    assert store.lacking(first) == store.lacking(second) == set()
    put(store, photo("a", {second.id: [0] * 8}, digest=b"e" * 16))
    assert store.lacking(first) == {"a"}
    assert store.known()["a"].digest == b"e" * 16


def test_attributes_outlive_a_change_of_content(store):
    extractor = add(store)
    record = ImageRecord("a", 1, 2, b"1" * 16, 3, 4, {"colour": "red", "price": 5})
    put(store, MeasuredPhoto(record, {extractor.id: np.ones((1, 3), np.float32)}))
    put(store, photo("a", {extractor.id: [1, 2, 3]}, digest=b"2" * 16))
    (label,) = store.labels(store.part_keys()[0].tolist())
    assert label.attributes == {"colour": "red", "price": 5}


def added(store):
    records = store.records(store.photo_keys().tolist())
    return {record.path: record.added_ns for record in records}


def test_when_a_photo_was_added_outlives_all_but_its_removal(store):
    first = photo("a", {})
    noted = replace(first, record=replace(first.record, added_ns=5))
    put(store, noted, photo("old", {}))
    put(store, replace(noted, record=replace(noted.record, added_ns=9)))
    put(store, replace(noted, record=replace(noted.record, digest=b"e" * 16, added_ns=9)))
    assert added(store) == {"a": 5, "old": None}
    key = store.photo_key("a")
    with store.transaction():
        store.hide([key], MISSING)
        store.place(key, FoundImage("b", 10, 20))
    put(store, replace(noted, record=replace(noted.record, path="old", digest=b"f" * 16, added_ns=9)))
    assert added(store) == {"b": 5, "old": None}
    with store.transaction():
        store.remove([key])
    put(store, noted)
    assert added(store) == {"a": 5, "old": None}


def test_a_photo_was_added_when_its_content_was(store):
    for path, when in (("a", 5), ("b", 3), ("c", 9), ("old", None)):
        put(store, replace(photo(path, {}), record=replace(photo(path, {}).record, added_ns=when)))
    keys = {path: store.photo_key(path) for path in ("a", "b", "c", "old")}
    with store.transaction():
        store.hide([keys["b"]], MISSING)
        store.inherit_added(keys["a"], keys["b"])
        store.inherit_added(keys["a"], keys["c"])
    assert added(store)["a"] == 3
    with store.transaction():
        store.inherit_added(keys["c"], keys["old"])
    assert added(store) == {"a": 3, "c": None, "old": None}


def test_headers_are_read_once_of_any_content(store):
    extractor = add(store)
    put(store, photo("a", {extractor.id: [1, 2, 3]}), photo("b", {extractor.id: [1, 2, 3]}))
    before = store.stamp
    with store.transaction():
        store.merge_attributes("a", {"camera": "mine"})
        store.note_headers("a", {"taken": "2026-05-01T10:30:00", "camera": "Canon", "place_lat": 1.5}, 1)
        store.note_headers("nowhere", {"camera": "Canon"}, 1)
    assert store.stamp == before
    assert (store.lacking_headers(1), store.lacking_headers(2)) == ({"b"}, {"a", "b"})
    assert attributes_of(store, "a") == {"taken": "2026-05-01T10:30:00", "camera": "mine", "place_lat": 1.5}
    assert store.facts.types() == {"taken": {"date"}, "camera": {"text"}, "place_lat": {"number"}}
    with store.transaction():
        store.note_headers("a", {"place_lat": 2}, 2)
        store.merge_attributes("a", {"camera": None})
        store.hide([store.photo_key("b")], MISSING)
    assert attributes_of(store, "a") == {"place_lat": 2}
    assert store.lacking_headers(2) == set()
    put(store, photo("a", {extractor.id: [1, 2, 3]}, digest=b"e" * 16))
    assert (attributes_of(store, "a"), store.lacking_headers(1)) == ({}, {"a"})


def attributes_of(store, path):
    (record,) = store.records([store.photo_key(path)])
    return record.attributes


def test_attributes_are_merged(store):
    extractor = add(store)
    put(store, photo("a", {extractor.id: [1, 2, 3]}))
    with store.transaction():
        store.merge_attributes("a", {"price": 5, "brand": "Nord", "found": "2026-05-01 10:30"})
        store.merge_attributes("a", {"price": 6, "brand": None, "size": "M", "place": ""})
    (record,) = store.records(store.photo_keys().tolist())
    assert record == ImageRecord(
        "a", 10, 20, b"d" * 16, 640, 480, {"price": 6, "found": "2026-05-01T10:30:00", "size": "M"}
    )
    assert store.facts.types() == {"price": {"number"}, "found": {"date"}, "size": {"text"}}


def test_attributes_of_many_are_changed_alike_hidden_or_not(store):
    extractor = add(store)
    put(store, *(photo(path, {extractor.id: [1, 2, 3]}, measured={"color": "red"}) for path in ("c", "a", "b", "d")))
    keys, stamp = store.photo_keys().tolist(), store.stamp
    with store.transaction():
        store.merge_attributes("a", {"price": 5, "brand": "Nord"})
        assert store.change_attributes([*keys[:3]], {"price": 5, "brand": None, "color": "blue"}) == 3
        assert store.change_attributes([*keys[1:]], {"price": 5, "color": "blue"}) == 1
    assert (seen(store, "a"), seen(store, "d")) == ({"price": 5, "color": "blue"},) * 2
    assert store.facts.types() == {"price": {"number"}, "color": {"text"}}
    assert (store.facts.texts("color"), store.stamp) == (["blue"], stamp)
    with store.transaction():
        store.hide(keys[:1], MISSING)
        assert store.change_attributes(keys, {"price": None, "color": None, "note": "x"}) == 4
    assert (store.typed(keys[0]), seen(store, "b")) == ({"note": "x"}, {"color": "red", "note": "x"})
    assert {one.name: one.photos for one in store.facts.counts()} == {"color": 3, "note": 3}
    with pytest.raises(ImgsimError), store.transaction():
        store.change_attributes(keys, {"price": 1, "note": float("nan")})
    assert seen(store, "b") == {"color": "red", "note": "x"}


def test_records_come_in_the_order_of_their_keys(store):
    extractor = add(store)
    put(store, *(photo(path, {extractor.id: [1, 2, 3]}) for path in ("c", "a", "b")))
    keys = store.photo_keys().tolist()
    assert [record.path for record in store.records(keys)] == ["a", "b", "c"]
    assert [record.path for record in store.records([keys[2], keys[0], keys[2]], chunk=2)] == ["c", "a", "c"]


def test_a_state_within_a_state_is_the_same(store):
    with store.snapshot():
        with store.snapshot():
            assert store.known() == {}
        assert store.known() == {}
    put(store, photo("a", {add(store).id: [1, 2, 3]}))
    assert list(store.known()) == ["a"]


def cut(path, owner, rows, digest=b"d" * 16):
    """Give a photo that a segmentation cut up: a row of each extractor by the part's name."""
    record = ImageRecord(path, 10, 20, digest, 640, 480)
    keys = next(iter(rows.values()), {})
    features = {key: np.array([one[key] for one in rows.values()], np.float32) for key in keys}
    return MeasuredPhoto(record, features, tuple(rows), owner)


def parts_of(store):
    """Give path, part and whether it is a whole photo, of every row."""
    keys = store.part_keys()
    labels = store.labels(keys.parts.tolist())
    return [(label.path, label.part, bool(whole)) for label, whole in zip(labels, keys.whole, strict=True)]


def test_a_photo_has_parts_in_order_and_is_one_as_a_whole(store):
    key = add(store).id
    put(store, photo("b", {key: [3, 3, 3]}), cut("a", "segments-1", {"coat": {key: [2] * 3}, "bag": {key: [1] * 3}}))
    put(store, cut("b", "alpha", {"": {key: [4] * 3}}))
    expected = [("a", "", True), ("a", "bag", False), ("a", "coat", False), ("b", "", True), ("b", "", False)]
    assert parts_of(store) == expected
    _, photos, whole = store.part_keys()
    assert photos[whole].tolist() == store.photo_keys().tolist()
    assert (photos[0] == photos[:3]).all()
    assert (photos[0] != photos[3:]).all()
    rows, present = rows_of(store, store.extractors()[0])
    assert rows[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert present.tolist() == [False, True, True, True, True]


def test_an_owners_parts_are_replaced_and_others_stay(store):
    first, second = add(store).id, add(store, BITS, 8, binary=True).id
    put(store, photo("a", {first: [1, 2, 3]}), cut("a", "other", {"coat": {first: [9] * 3}}))
    put(store, cut("a", "mine", {"coat": {first: [4] * 3}, "bag": {first: [5] * 3}}))
    put(store, cut("a", "mine", {"coat": {second: [1] * 8}, "hat": {second: [0] * 8}}))
    assert parts_of(store) == [("a", name, name == "") for name in ("", "coat", "hat", "coat")]
    # Of the same content, what was measured of a part stays.
    assert rows_of(store, store.extractors()[0])[0][:, 0].tolist() == [1, 4, 0, 9]
    put(store, cut("a", "mine", {}))
    assert parts_of(store) == [("a", "", True), ("a", "coat", False)]


def test_new_content_drops_everybodys_parts(store):
    key = add(store).id
    put(store, cut("a", "mine", {"coat": {key: [4] * 3}}))
    put(store, photo("a", {key: [1, 2, 3]}, digest=b"e" * 16))
    assert parts_of(store) == [("a", "", True)]
    put(store, cut("a", "mine", {"coat": {key: [4] * 3}}, digest=b"f" * 16))
    assert parts_of(store) == [("a", "", True), ("a", "coat", False)]
    assert rows_of(store, store.extractors()[0])[1].tolist() == [False, True]


def test_what_cuts_photos_is_chosen_and_others_parts_go(store):
    extractor, other = add(store), add(store, BITS, 8, binary=True)
    key = extractor.id
    assert store.cut == ""
    with store.transaction():
        store.choose_cut("mine")
    mine = cut("a", "mine", {"coat": {key: [4] * 3}, "bag": {key: [5] * 3}})
    put(store, photo("a", {key: [1, 2, 3]}), replace(mine, measured={"parts": 2, "area_share": 0.5, "color": "red"}))
    put(store, photo("b", {key: [1, 2, 3]}))
    assert (store.lacking(extractor), store.lacking(other)) == (set(), {"a", "b"})
    assert (store.lacking_parts(extractor), store.lacking_parts(other)) == ({"b"}, {"a", "b"})
    with store.transaction():
        store.forget_features(extractor, store.part_keys().parts[1:2].tolist())
    assert store.lacking_parts(extractor) == {"a", "b"}
    before = store.stamp
    with store.transaction():
        store.choose_cut("other")
    assert store.cut == "other"
    assert store.stamp != before
    assert parts_of(store) == [("a", "", True), ("b", "", True)]
    assert [record.attributes for record in store.records(store.photo_keys().tolist())] == [{"color": "red"}, {}]


def test_keys_are_of_one_dtype_and_stay(store):
    key = add(store).id
    put(store, photo("b", {key: [1, 2, 3]}))
    before = store.photo_key("b")
    put(store, photo("a", {key: [1, 2, 3]}), photo("b", {key: [3, 2, 1]}, digest=b"e" * 16))
    with store.transaction():
        store.place(before, FoundImage("c", 10, 5))
    assert store.photo_key("c") == before
    assert store.photo_key("b") is None
    keys = store.part_keys()
    for array in (keys.parts, keys.photos, store.photo_keys()):
        assert not array.dtype.hasobject
        assert len(set(array.tolist())) == 2


def seen(store, path):
    return next(store.records([store.photo_key(path)])).attributes


def test_what_was_typed_hides_what_was_measured(store):
    key = add(store).id
    measured = {"color": "red", "taken": "2026-05-01"}
    put(store, photo("a", {key: [1, 2, 3]}, measured=measured))
    assert seen(store, "a") == measured
    with store.transaction():
        assert store.merge_attributes("a", {"color": "teal"})
        assert not store.merge_attributes("a", {"color": "teal", "taken": None})
    for _ in range(2):
        assert seen(store, "a") == {"color": "teal", "taken": "2026-05-01"}
        assert store.labels(store.part_keys().parts.tolist())[0].attributes == seen(store, "a")
        assert store.facts.texts("color") == ["teal"]
        put(store, photo("a", {key: [1, 2, 3]}, measured={"color": "blue"}))  # measured again
    put(store, photo("a", {key: [1, 2, 3]}, digest=b"e" * 16))  # new content, of which nothing was measured
    assert seen(store, "a") == {"color": "teal"}
    put(store, photo("a", {key: [1, 2, 3]}, measured={"color": "blue"}, digest=b"e" * 16))
    with store.transaction():
        store.merge_attributes("a", {"color": None})
    assert seen(store, "a") == {"color": "blue"}
    assert store.facts.texts("color") == ["blue"]


def test_typing_what_is_measured_makes_it_typed(store):
    key = add(store).id
    put(store, photo("a", {key: [1, 2, 3]}, measured={"color": "red"}))
    with store.transaction():
        assert store.merge_attributes("a", {"color": "red"})
    put(store, photo("a", {key: [1, 2, 3]}, measured={"color": "blue"}))
    assert seen(store, "a") == {"color": "red"}


def test_objects_are_looked_into_where_they_are_seen(store):
    key = add(store).id
    chances = "color_probabilities"
    put(store, photo("a", {key: [1, 2, 3]}, measured={chances: {"red": 0.5, "blue": 0.5}}))
    put(store, photo("b", {key: [1, 2, 3]}, measured={chances: {"red": 0.25}}))
    with store.transaction():
        store.merge_attributes("a", {chances: {"teal": 1}})
    keys, numbers = store.facts.numbers_within(chances, "red")
    assert (keys.tolist(), numbers.tolist()) == ([store.photo_key("b")], [0.25])
    assert store.facts.names_within(chances) == ["red", "teal"]


def test_calibrations_go_with_any_of_their_extractors_and_no_others(store):
    # The one's name lies within the other's.
    grid = add(store, ExtractorSpec("embedding", (("model", "a phash"),)), 4)
    phash, newer = add(store, BITS, 64, binary=True), add(store, ExtractorSpec("phash", (), 2), 64, binary=True)
    names = {
        "embedding:model=a phash (version 1) by cosine": [grid],
        "phash (version 1) by hamming": [phash],
        "phash (version 2) by hamming": [newer],
        "0.5 of phash (version 1) by hamming + 0.5 of embedding:model=a phash (version 1) by cosine": [phash, grid],
    }
    before = store.stamp
    with store.transaction():
        for distance, extractors in names.items():
            store.keep_calibration(distance, extractors, "an earlier one")
            store.keep_calibration(distance, extractors, f"of {distance}")
    assert store.stamp == before
    assert store.calibrations() == {distance: f"of {distance}" for distance in names}
    with store.transaction():
        store.drop_extractor(phash)
    assert set(store.calibrations()) == {name for name, extractors in names.items() if phash not in extractors}
    with store.transaction():
        store.forget_calibrations()
    assert store.calibrations() == {}


def test_a_calibration_may_change_its_extractors(store):
    one, other = add(store), add(store, BITS, 64, binary=True)
    with store.transaction():
        store.keep_calibration("a distance", [one, one], "first")
        store.keep_calibration("a distance", [other], "second")
        store.drop_extractor(one)
    assert store.calibrations() == {"a distance": "second"}


def test_options_are_kept_beside_the_content(store):
    assert store.options == {}
    before = store.stamp
    for options in ({"exclude": ["private/*", "\u00e9"], "colors": True, "max_megapixels": 80.5}, {"exclude": []}):
        with store.transaction():
            store.set_options(options)
        assert store.options == options
    assert store.stamp == before


def decided(lost, found, state, **changes):
    return DecidedPair(lost * 16, found * 16, state, f"lost {lost!r}", f"found {found!r}", **changes)


def test_pairs_are_kept_beside_the_content_whatever_becomes_of_photos(store):
    put(store, photo("a.png", {}, b"a" * 16), photo("b.png", {}, b"b" * 16))
    before = store.stamp
    pairs = [
        decided(b"a", b"b", "confirmed", who="Kim", decided_ns=7, lost_store="0123456789ab"),
        decided(b"c", b"b", "rejected", decided_ns=2**62 - 1),
        decided(b"a", b"d", "said")._replace(lost_path=os.fsdecode(b"\xff"), found_path="\n"),
    ]
    assert store.pairs() == []
    with store.transaction():
        store.keep_pairs(pairs)
    assert store.stamp == before
    assert sorted(store.pairs()) == sorted(pairs)
    with store.transaction():
        store.remove([store.photo_key("a.png")])
        store.hide([store.photo_key("b.png")], MISSING)
    assert sorted(store.pairs()) == sorted(pairs)
    assert store.pairs(decided=True) == pairs[:2]
    assert [os.fsencode(pair.lost_path) for pair in store.pairs()] == [b"lost b'a'", b"lost b'c'", b"\xff"]


def test_a_decision_takes_the_place_of_another_and_what_was_said_of_none(store):
    said, later = decided(b"a", b"b", "said", decided_ns=1), decided(b"a", b"b", "said", decided_ns=2)
    rejected, confirmed = decided(b"a", b"b", "rejected", who="Kim"), decided(b"a", b"b", "confirmed")
    for kept, expected in ((said, said), (later, said), (rejected, rejected), (said, rejected), (confirmed, confirmed)):
        with store.transaction():
            store.keep_pairs([kept])
        assert store.pairs() == [expected]
    with store.transaction():
        store.forget_pairs([(b"b" * 16, b"a" * 16), (b"a" * 16, b"c" * 16)])
    assert store.pairs() == [confirmed]
    before = store.stamp
    with store.transaction():
        store.forget_pairs([confirmed[:2]])
    assert (store.pairs(), store.stamp) == ([], before)


def test_pairs_of_a_transaction_that_fails_are_not_kept(store):
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.keep_pairs([decided(b"a", b"b", "said")])
        raise ZeroDivisionError
    assert store.pairs() == []


def test_photos_are_found_by_their_content(store):
    put(store, photo("b.png", {}, b"a" * 16), photo("a.png", {}, b"a" * 16), photo("c.png", {}, b"\0" * 16))
    put(store, photo("gone.png", {}, b"g" * 16))
    with store.transaction():
        store.hide([store.photo_key("gone.png")], MISSING)
    found = store.photos_with([b"a" * 16, b"\0" * 16, b"x" * 16, b"g" * 16])
    assert found == {
        b"a" * 16: [store.photo_key("a.png"), store.photo_key("b.png")],
        b"\0" * 16: [store.photo_key("c.png")],
    }
    assert store.photos_with([]) == {}


def test_rules_of_sight_are_kept_beside_the_content(store):
    assert store.sight_rules == []
    before = store.stamp
    for rules in (["status = 'r\u00e9turn\udcff'", "  added < today - 90 days"], ["a = 1", "a = 1"], []):
        with store.transaction():
            store.set_sight_rules(rules)
        assert store.sight_rules == rules
        store.sight_rules.append("not kept")
        assert store.sight_rules == rules
    assert store.stamp == before
    with pytest.raises(KeyError), store.transaction():
        store.set_sight_rules(["price = 5"])
        raise KeyError
    assert store.sight_rules == []


def test_rules_of_sight_outlive_what_becomes_of_photos(store):
    key = add(store).id
    put(store, photo("a", {key: [1, 2, 3]}), photo("b", {key: [1, 2, 3]}))
    with store.transaction():
        store.set_sight_rules(["returned = true"])
        store.hide([store.photo_key("a")], MISSING)
        store.remove([store.photo_key("b")])
        store.drop_extractor(store.extractors()[0])
    assert store.sight_rules == ["returned = true"]


def test_stamps_tell_generations_apart(store):
    key = add(store).id
    stamps = [store.stamp]
    for number in range(12):
        put(store, photo("a", {key: [1, 2, 3]}, digest=bytes([number] * 16)))
        stamps.append(store.stamp)
    assert len({stamp.store for stamp in stamps}) == 1
    assert len(stamps[0].store) >= 12
    generations = [stamp.generation for stamp in stamps]
    assert generations == sorted(set(generations))
    assert store.counts()["generation"] == generations[-1]


def test_colours_are_found_by_name(store):
    key = add(store).id
    for path, red in (("b", 0.75), ("a", 0.75), ("c", 0.5), ("d", 0.9)):
        put(store, photo(path, {key: [1, 2, 3]}, measured={"color_probabilities": {"red": red, "blue": 1 - red}}))
    with store.transaction():
        store.merge_attributes("d", {"color_probabilities": {"blue": 1}})
        store.merge_attributes("b", {"price": 5})
    matches = rank_by_color(store, "red", 2)
    assert [(match.path, match.distance) for match in matches] == [("a", 0.25), ("b", 0.25)]
    assert [match.path for match in rank_by_color(store, "red", 9, ["not price = 5"])] == ["a", "c"]


def test_galleries_hold_every_part_and_know_whole_photos(store, tmp_path):
    key = add(store).id
    put(store, photo("b", {key: [3, 0, 0]}), photo("a", {key: [0, 4, 0]}), photo("c", {key: [0, 4, 5]}))
    put(store, cut("a", "segments-1", {"coat": {key: [1, 0, 0]}}))
    with store.snapshot():
        for _ in range(2):  # built, and mapped
            gallery = load_gallery(str(tmp_path), store, store.extractors()[0], load_metric("euclidean").fit())
    keys = store.part_keys()
    for array, expected in zip((gallery.parts, gallery.photos, gallery.whole), keys, strict=True):
        np.testing.assert_array_equal(array, expected)
    term = Term(gallery, load_metric("euclidean").fit())
    ranked = rank([term], [term.metric.embed(np.array([[1, 0, 0]], np.float32))], 3, excluded={store.photo_key("c")})
    labels = store.labels(gallery.parts[ranked.rows].tolist())
    assert [(label.path, label.part) for label in labels] == [("a", "coat"), ("b", "")]


def test_a_run_over_a_folder_fills_it_and_queries_are_answered(store, make_photos, tmp_path):
    folder = make_photos(5)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    store.root = str(folder)

    def run(*extractors, **options):
        wanted = [load_extractor(text) for text in extractors]
        return Update(str(folder), str(tmp_path), store, Options(jobs=1, **options), Observer()).run(wanted)

    summary = run("histogram:bins=4", "phash", colors=True)
    assert (summary.added, summary.failed) == (5, 1)
    assert run().unchanged == 5
    with store.transaction():
        store.merge_attributes("3.png", {"price": 5})
    (folder / "4.png").rename(folder / "z.png")
    (folder / "0.png").unlink()
    summary = run()
    assert (summary.renamed, summary.missing, summary.unchanged) == (1, 1, 3)
    with store.snapshot():
        distance = choose_distance(str(tmp_path), store, ["histogram", "phash@2"])
        searcher = Searcher(distance, ["price is missing"])
        matches = searcher.search([folder / "1.png"], 9)
        assert {match.path for match in matches} == {"2.png", "z.png"}
        assert all(match.attributes["palette"] for match in matches)
        assert {match.path for match in rank_by_color(store, matches[0].attributes["color"], 9)} == set(store.known())


def test_a_stored_photo_is_told_with_the_part_that_is_the_whole_of_it(store):
    extractor = add(store)
    told = {"ctime_ns": 7, "inode": 8}
    coat = photo("a", {extractor.id: [4, 5, 6]}, parts=("coat",), owner="person", **told)
    put(store, photo("a", {extractor.id: [1, 2, 3]}, **told), coat)
    key = store.photo_key("a")
    stored = store.stored_photo(key)
    assert stored == (store.known()["a"], stored.part, 640, 480)
    assert (stored.known.ctime_ns, stored.known.inode, stored.known.key) == (7, 8, key)
    assert store.rows(extractor, [stored.part]).features.tolist() == [[1, 2, 3]]
    with store.transaction():
        store.hide([key], MISSING)
    assert store.stored_photo(key) is None


def test_parts_without_features_are_absent_rows(store):
    first, second = add(store), add(store, BITS, 8, binary=True)
    put(store, photo("a", {second.id: [1] * 8}), photo("b", {first.id: [1, 2, 3]}))
    rows, present = rows_of(store, first)
    assert present.tolist() == [False, True]
    np.testing.assert_array_equal(rows, [[0, 0, 0], [1, 2, 3]])


def test_a_photo_is_elsewhere_touched_and_removed(store):
    extractor = add(store)
    put(store, photo("a", {extractor.id: [1, 2, 3]}), photo("b", {extractor.id: [4, 5, 6]}))
    with store.transaction():
        store.place(store.photo_key("a"), FoundImage("z", 10, 99, 7, 8))
        store.touch(FoundImage("b", 10, 77, 5, 6))
        store.touch(FoundImage("nowhere", 10, 77, 5, 6))
    digest = b"d" * 16
    assert states(store) == {"z": Known(10, 99, digest, DECODING, 7, 8), "b": Known(10, 77, digest, DECODING, 5, 6)}
    with store.transaction():
        store.remove([store.photo_key("b")])
    np.testing.assert_array_equal(rows_of(store, extractor)[0], [[1, 2, 3]])


def test_a_hidden_photo_is_seen_nowhere_and_comes_back_as_it_was(store):
    first, second = add(store), add(store, BITS, 8, binary=True)
    chances = {"color": "red", "color_probabilities": {"red": 0.75}, "palette": []}
    put(store, photo("a", {first.id: [1, 2, 3]}, measured=chances, ctime_ns=7, inode=8))
    put(store, photo("b", {first.id: [4, 5, 6]}, measured={"palette": []}))
    key = store.photo_key("a")
    with store.transaction():
        store.merge_attributes("a", {"owner": "Ms Kim", "price": 5})
        before = store.stamp
        store.hide([key], MISSING)
    assert store.stamp != before
    assert store.hidden() == [HiddenPhoto("a", MISSING, Known(10, 20, b"d" * 16, DECODING, 7, 8, key))]
    assert store.typed(key) == {"owner": "Ms Kim", "price": 5}
    assert (set(store.known()), store.photo_key("a"), store.photo_keys().tolist()) == (
        {"b"},
        None,
        [store.photo_key("b")],
    )
    assert (store.counts()["photos"], store.counts()["missing"], store.counts()["left_out"]) == (1, 1, 0)
    assert parts_of(store) == [("b", "", True)]
    assert rows_of(store, first)[0].tolist() == [[4, 5, 6]]
    assert (store.count_features(first), store.lacking(second), store.lacking_measured("palette")) == (1, {"b"}, set())
    assert store.facts.counts() == [("palette", ("list",), 1)] or store.facts.types() == {}
    assert store.facts.names_within("color_probabilities") == []
    assert not len(store.facts.numbers_within("color_probabilities", "red")[0])
    asked = check(parse("width = 640"), "width = 640", {})
    assert store.facts.where(asked).tolist() == [store.photo_key("b")]
    with pytest.raises(ImgsimError), store.transaction():
        store.merge_attributes("a", {"price": 6})
    with store.transaction():
        store.hide([key], LEFT_OUT)
        assert store.counts()["left_out"] == 1
        store.place(key, FoundImage("c", 10, 30, 9, 8))
    assert store.hidden() == []
    assert seen(store, "c") == chances | {"owner": "Ms Kim", "price": 5}
    assert store.facts.texts("owner") == ["Ms Kim"]
    assert rows_of(store, first)[0].tolist() == [[4, 5, 6], [1, 2, 3]]
    assert (store.count_features(first), store.lacking(second)) == (2, {"b", "c"})


def test_hidden_photos_share_a_path_with_another(store):
    key = add(store).id
    for number in range(3):
        put(store, photo("a", {key: [number] * 3}, digest=bytes([number] * 16)))
        with store.transaction():
            store.merge_attributes("a", {"number": number})
            store.hide([store.photo_key("a")], MISSING)
    put(store, photo("a", {key: [9] * 3}, digest=b"n" * 16))
    assert [one.known.digest[0] for one in store.hidden()] == [0, 1, 2]
    assert seen(store, "a") == {}
    second = store.hidden()[1].known.key
    with store.transaction():
        store.remove([store.hidden()[0].known.key])
        store.hide([store.photo_key("a")], UNREADABLE)
        store.place(second, FoundImage("a", 10, 20))
    assert seen(store, "a") == {"number": 1}
    assert [one.why for one in store.hidden()] == [MISSING, UNREADABLE]


def test_photos_change_places(store):
    key = add(store).id
    put(store, *(photo(path, {key: [place] * 3}) for place, path in enumerate("abc")))
    with store.transaction():
        for path in "abc":
            store.merge_attributes(path, {"was": path})
        keys = [store.photo_key(path) for path in "abc"]
        store.hide(keys, MISSING)
        for one, path in zip(keys, "bca", strict=True):
            store.place(one, FoundImage(path, 10, 20))
    assert {path: seen(store, path)["was"] for path in "abc"} == {"b": "a", "c": "b", "a": "c"}
    assert rows_of(store, store.extractors()[0])[0][:, 0].tolist() == [2, 0, 1]


def test_hidden_photos_lose_what_all_lose(store):
    first, second = add(store), add(store, BITS, 8, binary=True)
    put(store, photo("a", {first.id: [1, 2, 3], second.id: [1] * 8}, measured={"color": "red", "palette": []}))
    key = store.photo_key("a")
    with store.transaction():
        store.choose_color_measure("one way")
        store.merge_attributes("a", {"color": "teal"})
        store.hide([key], MISSING)
        store.drop_extractor(first)
        store.choose_color_measure("another")
        store.place(key, FoundImage("a", 10, 20))
    assert (store.count_features(second), store.lacking_measured("palette")) == (1, {"a"})
    with store.transaction():
        store.merge_attributes("a", {"color": None})
    assert seen(store, "a") == {}


def test_the_ledger(store):
    extractor = add(store)
    failures = [
        Failure("b", 1, 2, "truncated", 5, 6, {"decoders": "pillow", "limits": {"max_megapixels": 2.5}}),
        Failure(os.fsdecode(b"\xff\n"), 3, 4, "empty"),
    ]
    with store.transaction():
        for failure in failures:
            store.fail(failure)
    assert store.failures() == failures
    put(store, photo("b", {extractor.id: [1, 2, 3]}))
    assert store.failures() == failures[1:]
    with store.transaction():
        store.forget_failures([failures[1].path])
    assert store.failures() == []


def test_which_pictures_imgsim_drew(store):
    assert store.drawn() == {}
    stamp = store.stamp
    drawn = {os.fsdecode(b"\xff\n.png"): FileState(3, 2**63 - 1), "b": FileState(0, -5)}
    with store.transaction():
        store.keep_drawn(drawn)
    assert store.drawn() == drawn
    with store.transaction():
        store.keep_drawn({})
    assert store.drawn() == {}
    assert store.stamp == stamp


def test_statistics_are_pinned(store, rng):
    extractor = add(store)
    assert store.statistics(extractor) is None
    assert not store.is_pinned(extractor)
    statistics = measure_statistics(rng.random((9, 3)).astype(np.float32))
    with store.transaction():
        store.pin_statistics(extractor, statistics)
    pinned = store.statistics(extractor)
    assert store.is_pinned(extractor)
    assert pinned.count == 9
    for field in ("mean", "variance", "covariance", "sample"):
        np.testing.assert_array_equal(getattr(pinned, field), getattr(statistics, field))


def test_only_changes_of_photos_or_features_make_a_new_stamp(store):
    extractor = add(store)
    put(store, photo("a", {extractor.id: [1, 2, 3]}))
    before = store.stamp
    with store.transaction():
        store.touch(FoundImage("a", 10, 21))
        store.fail(Failure("x", 0, 0, "empty"))
        store.merge_attributes("a", {"price": 5})
    assert store.stamp == before
    put(store, photo("b", {extractor.id: [1, 2, 3]}))
    assert store.stamp != before


def test_a_transaction_that_fails_writes_nothing(store):
    extractor = add(store)
    before = store.stamp
    with pytest.raises(RuntimeError, match="stop"), store.transaction():
        store.put(photo("a", {extractor.id: [1, 2, 3]}))
        raise RuntimeError("stop")
    assert store.known() == {}
    assert store.stamp == before


def test_a_transaction_within_another_is_part_of_it(store):
    extractor = add(store)
    before = store.stamp
    with pytest.raises(RuntimeError, match="stop"), store.transaction():
        put(store, photo("a", {extractor.id: [1, 2, 3]}))
        raise RuntimeError("stop")
    assert (store.known(), store.stamp) == ({}, before)
    with store.transaction():
        put(store, photo("a", {extractor.id: [1, 2, 3]}))
        put(store, photo("b", {extractor.id: [1, 2, 3]}))
    assert set(store.known()) == {"a", "b"}
    assert store.stamp != before
