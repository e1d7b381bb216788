"""Colours as attributes: measured with the features, renewed with the content, and never in others' way."""

import numpy as np
import PIL.Image
import pytest

from imgsim.colors.dominant import color_attributes, find_colors, measure_identity
from imgsim.core import ImageRecord, Scale
from imgsim.features.measure import Measurer
from imgsim.images.read import read_image
from imgsim.index.index import open_index
from imgsim.index.options import Options
from imgsim.index.sqlite.sqlite_store import SqliteStore
from imgsim.index.store.photo_store import MeasuredPhoto
from imgsim.index.update import update_index
from tests.index.test_store_conformance import add

KEYS = {"color", "color_probabilities", "palette"}
COLORS = {"color": "red", "color_probabilities": {"red": 1.0}, "palette": [{"hex": "#ff0000"}]}


def index(folder, extractors=("histogram:bins=4",), **options):
    return update_index(folder, extractors=extractors, options=Options(**options))


def attributes_of(folder):
    with open_index(folder) as opened:
        store = opened._store
        return {label.path: dict(label.attributes) for label in store.labels(store.part_keys()[0].tolist())}


def write_attributes(folder, path, **attributes):
    store = SqliteStore.open_writer(str(folder / ".imgsim"), str(folder))
    with store.transaction():
        store.merge_attributes(path, attributes)
    store.close()


@pytest.fixture
def measured(monkeypatch):
    """Paths whose colours were measured, and those measured by extractors, in this process."""
    seen = {"colors": [], "features": []}
    original = Measurer.__call__

    def measure(self, task):
        seen["colors"] += [task.name] if task.steps else []
        seen["features"] += [task.name] if task.extractors else []
        return original(self, task)

    monkeypatch.setattr(Measurer, "__call__", measure)
    return seen


def paint(path, color):
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(np.full((40, 40, 3), color, np.uint8)).save(path)


def test_colours_are_those_of_the_photo(make_photos):
    folder = make_photos("a.png", "sub/b.jpg")
    index(folder, colors=True)
    for path, attributes in attributes_of(folder).items():
        assert attributes == color_attributes(find_colors(read_image(folder / path, scale=Scale())))


def test_they_do_not_depend_on_extractors_or_processes(make_photos):
    folder, other = make_photos(40), make_photos(40, folder="other")
    index(folder, colors=True, jobs=1)
    index(other, ["phash", "lbp"], colors=True, jobs=2)
    assert attributes_of(folder) == attributes_of(other)


def test_without_being_asked_for_there_are_none(make_photos):
    folder = make_photos(2)
    index(folder)
    assert attributes_of(folder) == {"0.png": {}, "1.png": {}}


def test_photos_indexed_before_get_them_without_their_features_anew(make_photos, measured):
    folder = make_photos(3)
    index(folder)
    measured["features"].clear()
    assert index(folder, [], colors=True).unchanged == 3
    assert measured == {"colors": ["0.png", "1.png", "2.png"], "features": []}
    assert all(set(attributes) == KEYS for attributes in attributes_of(folder).values())


def test_later_runs_go_on_until_told_to_stop(make_photos, measured):
    folder = make_photos(2)
    index(folder, colors=True)
    measured["colors"].clear()
    index(folder)
    assert measured["colors"] == []
    paint(folder / "new.png", (220, 20, 30))
    index(folder)
    assert measured["colors"] == ["new.png"]
    assert attributes_of(folder)["new.png"]["color"] == "red"
    index(folder, colors=False)
    paint(folder / "newer.png", (220, 20, 30))
    index(folder)
    assert attributes_of(folder)["newer.png"] == {}
    assert attributes_of(folder)["new.png"]["color"] == "red"
    index(folder, colors=True)
    assert measured["colors"] == ["new.png", "newer.png"]


def test_changed_content_has_its_colours_renewed_and_other_attributes_kept(make_photos):
    folder = make_photos(3)
    paint(folder / "0.png", (220, 20, 30))
    index(folder, colors=True)
    write_attributes(folder, "0.png", price=5, brand="Häagen")
    paint(folder / "0.png", (20, 40, 200))
    index(folder)
    attributes = attributes_of(folder)["0.png"]
    assert (attributes["color"], attributes["price"], attributes["brand"]) == ("blue", 5, "Häagen")


def test_changed_content_loses_measured_colours_when_they_are_no_longer_measured(make_photos):
    folder = make_photos(3)
    index(folder, colors=True)
    index(folder, colors=False)
    write_attributes(folder, "0.png", place="Line 2")
    paint(folder / "0.png", (20, 40, 200))
    index(folder)
    assert attributes_of(folder)["0.png"] == {"place": "Line 2"}
    assert set(attributes_of(folder)["1.png"]) == KEYS


def test_a_colour_that_somebody_typed_stays_with_changed_content(make_photos):
    folder = make_photos(3)
    index(folder)
    write_attributes(folder, "0.png", color="teal")
    paint(folder / "0.png", (20, 40, 200))
    index(folder)
    assert attributes_of(folder)["0.png"] == {"color": "teal"}


def test_a_colour_that_somebody_typed_is_never_measured_over(make_photos):
    folder = make_photos(3)
    paint(folder / "0.png", (220, 20, 30))
    index(folder)
    write_attributes(folder, "0.png", color="teal")
    for colors in (True, False, True):
        index(folder, colors=colors)
        assert attributes_of(folder)["0.png"]["color"] == "teal"
        assert attributes_of(folder)["0.png"]["color_probabilities"]["red"] > 0.9
    paint(folder / "0.png", (20, 40, 200))
    index(folder)
    assert attributes_of(folder)["0.png"]["color"] == "teal"
    write_attributes(folder, "0.png", color=None)
    assert attributes_of(folder)["0.png"]["color"] == "blue"


def test_a_renamed_photo_keeps_its_colours_unmeasured(make_photos, measured):
    folder = make_photos(3)
    index(folder, colors=True)
    before = attributes_of(folder)["1.png"]
    measured["colors"].clear()
    (folder / "1.png").rename(folder / "z.png")
    index(folder)
    assert measured["colors"] == []
    assert attributes_of(folder)["z.png"] == before


def test_another_way_to_measure_measures_all_anew(make_photos, measured, monkeypatch):
    folder = make_photos(2)
    index(folder, colors=True)
    write_attributes(folder, "0.png", price=5)
    measured["colors"].clear()
    monkeypatch.setattr("imgsim.colors.dominant.measure_identity", lambda: "lab-newer")
    index(folder)
    assert measured["colors"] == ["0.png", "1.png"]
    assert attributes_of(folder)["0.png"]["price"] == 5
    with open_index(folder) as opened:
        assert opened.options.colors == "lab-newer"


def test_an_unreadable_photo_has_no_colours_and_changes_no_other(make_photos):
    folder = make_photos(3)
    (folder / "1a.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    assert index(folder, colors=True).failed == 1
    assert all(set(attributes) == KEYS for attributes in attributes_of(folder).values())
    assert len(attributes_of(folder)) == 3


def put(store, path, digest=b"d" * 16, **given):
    extractor = add(store)
    with store.transaction():
        record = ImageRecord(path, 1, 2, digest, 3, 4, given.pop("attributes", {}))
        store.put(MeasuredPhoto(record, {extractor.id: np.ones((1, 3), np.float32)}, **given))


def stored(store):
    return {label.path: dict(label.attributes) for label in store.labels(store.part_keys()[0].tolist())}


def test_merging_sets_removes_and_leaves(store):
    put(store, "a", attributes={"price": 5, "brand": "x"})
    put(store, "b", attributes={"price": 7})
    with store.transaction():
        store.merge_attributes("a", {"price": None, "place": "Line 2", "tags": ["1", {"k": None}]})
    assert stored(store) == {"a": {"brand": "x", "place": "Line 2", "tags": ["1", {"k": None}]}, "b": {"price": 7}}


def test_attributes_do_not_make_a_new_stamp(store):
    put(store, "a")
    before = store.stamp
    with store.transaction():
        store.merge_attributes("a", {"price": 5})
    assert store.stamp == before


def test_photos_without_a_palette_lack_colours(store):
    put(store, "a", measured=COLORS)
    put(store, "b", attributes={"color": "red"})
    assert store.lacking_measured("palette") == {"b"}
    put(store, "a")
    assert stored(store)["a"] == COLORS
    put(store, "a", digest=b"e" * 16)
    assert store.lacking_measured("palette") == {"a", "b"}


def test_choosing_another_measure_forgets_what_the_last_one_said(store):
    assert store.color_measure is None
    put(store, "a", measured=COLORS, attributes={"price": 1})
    for measure, known in ((measure_identity(), False), (None, False), (measure_identity(), False)):
        with store.transaction():
            store.choose_color_measure(measure)
        assert store.color_measure == measure
        assert ("palette" in stored(store)["a"]) == known
    put(store, "a", measured=COLORS)
    with store.transaction():
        store.choose_color_measure(None)
        store.choose_color_measure(measure_identity())
    assert stored(store)["a"] == COLORS | {"price": 1}
    with store.transaction():
        store.choose_color_measure("another")
    assert stored(store)["a"] == {"price": 1}
