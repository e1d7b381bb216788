"""What every store promises; a new one joins `STORES`."""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgsim.core import ExtractorSpec, ImageRecord
from imgsim.index.sqlite.sqlite_store import SqliteStore
from imgsim.index.store import DefaultQuery, Failure, Known, MeasuredPhoto
from imgsim.metrics import measure_statistics

SPEC = ExtractorSpec("histogram", (("bins", 8),), 1)
BITS = ExtractorSpec("phash", (), 1)


def open_sqlite(folder):
    return SqliteStore.open_writer(str(folder), str(folder.parent))


STORES = {"sqlite": open_sqlite}

# Any bytes but NUL, as Linux allows them: newlines, emoji, broken UTF-8.
names = st.binary(min_size=1, max_size=20).filter(lambda name: b"\0" not in name).map(os.fsdecode)


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


def rows_of(store, extractor):
    chunks = list(store.features(extractor))
    if not chunks:
        return np.zeros((0, extractor.dim)), np.zeros(0, bool)
    return tuple(np.concatenate(arrays) for arrays in zip(*chunks, strict=True))


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
    assert store.known() == dict.fromkeys(paths, Known(10, 20, b"d" * 16))
    store.close()


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


def test_a_photo_has_parts_in_order(store):
    extractor = add(store)
    record = ImageRecord("a", 1, 2, b"1" * 16, 3, 4)
    put(store, MeasuredPhoto(record, {extractor.id: np.array([[2, 2, 2], [1, 1, 1]], np.float32)}, ("coat", "bag")))
    parts, photos, _ = store.part_keys()
    assert [label.part for label in store.labels(parts.tolist())] == ["bag", "coat"]
    assert photos[0] == photos[1]
    np.testing.assert_array_equal(rows_of(store, extractor)[0][:, 0], [1, 2])


def test_parts_without_features_are_absent_rows(store):
    first, second = add(store), add(store, BITS, 8, binary=True)
    put(store, photo("a", {second.id: [1] * 8}), photo("b", {first.id: [1, 2, 3]}))
    rows, present = rows_of(store, first)
    assert present.tolist() == [False, True]
    np.testing.assert_array_equal(rows, [[0, 0, 0], [1, 2, 3]])


def test_rename_touch_and_remove(store):
    extractor = add(store)
    put(store, photo("a", {extractor.id: [1, 2, 3]}), photo("b", {extractor.id: [4, 5, 6]}))
    with store.transaction():
        store.rename("a", "z", 99)
        store.touch("b", 10, 77)
    assert store.known() == {"z": Known(10, 99, b"d" * 16), "b": Known(10, 77, b"d" * 16)}
    with store.transaction():
        store.remove(["b"])
    np.testing.assert_array_equal(rows_of(store, extractor)[0], [[1, 2, 3]])


def test_the_ledger(store):
    extractor = add(store)
    failures = [Failure("b", 1, 2, "truncated"), Failure(os.fsdecode(b"\xff\n"), 3, 4, "empty")]
    with store.transaction():
        for failure in failures:
            store.fail(failure)
    assert store.failures() == failures
    put(store, photo("b", {extractor.id: [1, 2, 3]}))
    assert store.failures() == failures[1:]
    with store.transaction():
        store.forget_failures([failures[1].path])
    assert store.failures() == []


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
        store.touch("a", 10, 21)
        store.fail(Failure("x", 0, 0, "empty"))
        store.remove(["nothing"])
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
