"""The door to an index."""

import numpy as np
import pytest

from imgsim.errors import ExtractorMismatchError, ImgsimError, IndexLockedError, IndexNotFoundError
from imgsim.features import load_extractor
from imgsim.images.read import read_image
from imgsim.index.distance import choose_distance
from imgsim.index.index import Index, remembered_at
from imgsim.index.index_writer import IndexWriter
from imgsim.index.options import Options, Remembered
from imgsim.index.update import update_index
from imgsim.metrics.calibration import Calibration

NAMES = ["a b.png", "a.png", "c.png", "sub/d.png"]
LINE = Calibration("isotonic", (0.0, 1.0), (1.0, 0.0))


@pytest.fixture
def folder(make_photos):
    folder = make_photos(*NAMES)
    update_index(folder, extractors=["histogram:bins=4", "phash"])
    return folder


def test_an_index_is_its_photos_in_order(folder):
    with Index.open(folder) as index:
        assert len(index) == len(NAMES)
        assert index.paths == [record.path for record in index] == NAMES
        assert [str(one.spec) for one in index.extractors] == ["histogram:bins=4,grid=1,space=rgb", "phash"]
        assert (index.failures, index.calibrations, index.options) == ([], [], Remembered())


def test_features_are_rows_of_the_photos_that_have_them(folder, lose_features):
    lose_features(folder, "a.png", 2)
    with Index.open(folder) as index:
        rows, paths = index.features("phash")
        everywhere, all_paths = index.features("histogram")
    assert (paths, all_paths) == (["a b.png", "c.png", "sub/d.png"], NAMES)
    phash = load_extractor("phash")
    expected = phash.extract([read_image(folder / path, scale=phash.scale) for path in paths])
    np.testing.assert_array_equal(rows, expected)
    assert everywhere.shape == (4, 64)


def test_an_empty_index_has_features_of_no_photo(tmp_path):
    update_index(tmp_path, extractors=["phash"])
    with Index.open(tmp_path) as index:
        rows, paths = index.features("phash")
    assert (rows.shape, paths) == ((0, 64), [])


@pytest.mark.parametrize("place", ["{}", "{}/.imgsim", "file://{}", "file://localhost{}", "file://{}/%2eimgsim"])
def test_a_path_or_a_file_url_opens_it(folder, place):
    with Index.open(place.format(folder)) as index:
        assert index.root == str(folder)


@pytest.mark.parametrize("url", ["postgresql://host/photos", "postgresql+psycopg://host", "https://host/x"])
def test_another_engine_is_refused_in_one_line(folder, monkeypatch, url):
    monkeypatch.chdir(folder)
    scheme = url.split(":", maxsplit=1)[0]
    for ask in (lambda: Index.open(url), lambda: update_index(folder, index=url)):
        with pytest.raises(IndexNotFoundError) as raised:
            ask()
        expected = f"{url}: no engine for {scheme}: there is none but SQLite yet, which takes a path"
        assert str(raised.value) == expected
    assert not [path for path in folder.iterdir() if ":" in path.name]


def test_whoever_reads_goes_on_while_another_writes(folder):
    with Index.open(folder) as index, index.writing() as writer:
        with pytest.raises(IndexLockedError), index.writing():
            pass
        writer.set_default(["phash@2", "histogram"], "cosine")
        writer.keep_calibration(writer.distance(["phash"]), LINE)
        assert [(str(one.spec).split(":")[0], weight) for one, weight in index.default.extractors] == [
            ("phash", 2.0),
            ("histogram", 1.0),
        ]
        assert index.is_calibrated(["phash"])
        assert not index.is_calibrated()


def test_changes_of_a_transaction_are_one(folder):
    with Index.open(folder) as index, index.writing() as writer:
        with pytest.raises(ImgsimError, match="no such file"), writer.transaction():
            writer.set_attributes("a.png", ["price=5"])
            writer.set_attributes("gone.png", ["price=5"])
        assert index.facts.types() == {}
        with writer.transaction():
            writer.set_attributes("a.png", ["price=5"])
            writer.set_attributes("c.png", ["price=6"])
            assert index.facts.types() == {}
        assert [record.path for record in index.photos("price > 4")] == ["a.png", "c.png"]


def test_whether_a_distance_is_calibrated_is_told_of_one_state(folder, monkeypatch):
    """Between choosing the default and looking for its calibration, another takes its place and the old one goes."""
    with IndexWriter(str(folder / ".imgsim")) as writer:
        writer.keep_calibration(writer.distance(), LINE)

    def interrupted(directory, store, *arguments):
        monkeypatch.undo()
        chosen = choose_distance(directory, store, *arguments)
        with IndexWriter(directory) as writer:
            writer.set_default(["phash"])
            writer.drop_extractor(writer.find_extractor("histogram"))
        return chosen

    monkeypatch.setattr("imgsim.index.distance.choose_distance", interrupted)
    with Index.open(folder) as index:
        assert index.is_calibrated()
        assert not index.is_calibrated()
        assert len(index.extractors) == 1


def test_a_query_searches_the_state_that_its_columns_are_of(folder):
    with Index.open(folder) as index:
        with index.snapshot():
            before = index.distance()
            with index.writing() as writer:
                writer.set_default(["phash"])
                writer.drop_extractor(writer.find_extractor("histogram"))
            assert index.distance().name == before.name
            assert before.terms()[0].gallery.present.all()
        with pytest.raises(ExtractorMismatchError, match="no features of histogram"):
            index.distance(["histogram"])


def test_where_no_index_is_nothing_is_remembered(folder, tmp_path):
    assert remembered_at(tmp_path) == Remembered()
    update_index(folder, options=Options(include=["*.png"], exclude=["sub/", ""]))
    assert remembered_at(folder) == Remembered(("*.png",), ("sub/",))
