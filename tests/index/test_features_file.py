"""Rows that another program made: read, stored under a name of their own, compared, and never measured."""

import hashlib
import shutil
import sqlite3
from contextlib import closing

import numpy as np
import PIL.Image
import pytest

from imgsim.errors import ExtractorMismatchError, FileReadError, ImageReadError, ParameterError
from imgsim.features import load_extractor
from imgsim.index.features_file import FeaturesFile
from imgsim.index.index import Index
from imgsim.index.options import Options
from imgsim.index.summary import Observer
from imgsim.index.update import check_index, update_index
from imgsim.metrics.calibration import Calibration
from tests.explained import explains
from tests.photos import draw_photo

PHOTOS = ["0.png", "1.png", "2.png", "3.png"]


class Listener(Observer):
    def __init__(self):
        self.lacking, self.wrong = {}, []

    def lacks_rows(self, extractor, photos):
        self.lacking[extractor] = list(photos)

    def differs(self, of, reason):
        self.wrong.append((of, reason))


@pytest.fixture
def rows(rng):
    return rng.random((4, 3)).astype(np.float32)


@pytest.fixture
def folder(make_photos):
    made = make_photos(4)
    update_index(made, extractors=["histogram:bins=2"])
    return made


@pytest.fixture
def give(folder, tmp_path):
    """Store rows: ``give(rows)`` of all four photos, ``give(rows, names)`` of those, under the name `mine`."""

    def store(rows, names=PHOTOS, name="mine", **options):
        path = tmp_path / f"{name}.npy"
        np.save(path, rows)
        given = Options(features=FeaturesFile(name, str(path), tuple(names)), **options)
        return update_index(folder, options=given)

    return store


def tamper(folder, *lines):
    with closing(sqlite3.connect(folder / ".imgsim" / "index.sqlite")) as database, database:
        for line in lines:
            database.execute(line)


def stamp_of(folder):
    with Index.open(folder) as index:
        return index._store.stamp


def rows_of(folder, text="external:mine"):
    with Index.open(folder) as index:
        return index.features(text)


def test_rows_come_back_and_rank_the_photos(folder, give, rows):
    assert give(rows).imported == 4
    stored, paths = rows_of(folder)
    np.testing.assert_array_equal(stored, rows)
    assert paths == PHOTOS
    with Index.open(folder) as index:
        found = index.search(folder / "2.png", 3, extractors=["external:mine"])
        unit = rows.astype(float) / np.linalg.norm(rows.astype(float), axis=1, keepdims=True)
        assert [match.path for match in found] == [PHOTOS[place] for place in np.argsort(1 - unit @ unit[2])[1:]]
        assert found[0].distance == pytest.approx(np.sort(1 - unit @ unit[2])[1], abs=1e-6)
        assert index.default.extractors[0][0].spec.name == "histogram"


def test_rows_are_of_float64_too_and_of_any_names_of_the_photos(folder, give, rows, monkeypatch):
    monkeypatch.chdir(folder.parent)
    give(rows.astype(">f8")[::-1], ["photos/3.png", "./2.png", str(folder / "1.png"), "0.png"])
    np.testing.assert_array_equal(rows_of(folder)[0], rows)


def test_the_spec_tells_from_which_file_rows_came(folder, give, rows):
    give(rows)
    digest = hashlib.sha256((folder.parent / "mine.npy").read_bytes()).hexdigest()
    with Index.open(folder) as index:
        text = str(index.find_extractor("external:mine").spec)
        assert text == f"external:mine:sha256={digest[:12]}"
        assert index.find_extractor(f"{text}@0.5") == index.find_extractor("external:mine")
        assert index.distance(["external:mine@3", "histogram"]).texts[0] == f"{text}@3"
        with pytest.raises(ExtractorMismatchError, match="no features of external:mine:sha256=0"):
            index.find_extractor("external:mine:sha256=0")


def test_rows_under_the_same_name_replace_the_earlier_ones(folder, give, rows):
    give(rows, default="external:mine")
    again = give(rows[:2] + 1, PHOTOS[:2])
    assert (again.imported, again.replaced) == (2, 2)
    stored, paths = rows_of(folder)
    assert paths == PHOTOS[:2]
    np.testing.assert_array_equal(stored, rows[:2] + 1)
    with Index.open(folder) as index:
        assert [one.spec.name for one in index.extractors] == ["histogram", "external:mine"]
        assert index.default.extractors[0][0].spec.name == "external:mine"


def test_the_same_file_again_changes_nothing(folder, give, rows):
    give(rows)
    with Index.open(folder) as index, index.writing() as writer:
        ends = Calibration("isotonic", (0.0, 1.0), (0.9, 0.1))
        writer.keep_calibration(index.distance(["external:mine"]), ends)
    before = stamp_of(folder)
    assert give(rows).replaced == 4
    assert stamp_of(folder) == before
    with Index.open(folder) as index:
        assert index.is_calibrated(["external:mine"])


def test_the_same_file_for_other_photos_moves_the_rows(folder, give, rows):
    give(rows[:1], PHOTOS[:1])
    give(rows[:1], PHOTOS[1:2])
    assert rows_of(folder)[1] == ["1.png"]


def test_unknown_photos_are_counted_and_left_out(give, rows):
    summary = give(rows, [*PHOTOS[:3], "nowhere.png"])
    assert (summary.imported, summary.unknown) == (3, 1)


@pytest.mark.parametrize(
    ("rows", "names", "told"),
    [
        (np.ones((2, 3)), PHOTOS[:3], "2 rows, and 3 paths"),
        (np.ones(4), PHOTOS, "an array of 4, in place of photos x values"),
        (np.ones((4, 0)), PHOTOS, "an array of 4 x 0"),
        (np.ones((0, 3)), [], "an array of 0 x 3"),
        (np.float32(1), PHOTOS, "an array of one number"),
        (np.ones((4, 3), int), PHOTOS, "an array of int64: save float32 or float64"),
        (np.ones((4, 3), np.float16), PHOTOS, "an array of float16"),
        (np.array([[1], [np.nan], [1], [np.inf]]), PHOTOS, "row 2, of 1.png, has values that are no finite"),
        (np.array([[1], [1], [1e300], [1]]), PHOTOS, "row 3, of 2.png"),
        (np.array([[{}]] * 4, object), PHOTOS, "not an array as numpy.save writes it"),
        (np.ones((4, 3)), ["0.png", "1.png", "./0.png", "2.png"], "rows 1 and 3 are both of 0.png"),
        (np.ones((2, 3)), ["x.png", "y.png"], "none of its 2 rows is of a photo in .*: x.png, y.png"),
    ],
)
def test_what_is_no_table_of_rows_is_refused_and_changes_nothing(folder, give, rows, names, told):
    draw_photo(folder / "new.png", 99)
    before = stamp_of(folder)
    with pytest.raises(FileReadError, match=told) as raised:
        give(rows, names)
    assert "\n" not in str(raised.value)
    assert stamp_of(folder) == before


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "no such file"),
        (b"PK", "not an array"),
        (b"\x93NUMPY\x01\x00", "not an array"),
        (b"\x93NUMPY\x01\x00\x36\x00{'descr': '<f4', 'fortran_order': False, 'shape': '5, 4), }\n", "not an array"),
    ],
)
def test_what_is_no_file_of_an_array_is_refused(folder, tmp_path, content, told):
    path = tmp_path / "rows.npy"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FileReadError, match=f"rows.npy: {told}"):
        update_index(folder, options=Options(features=FeaturesFile("mine", str(path), ("0.png",))))


def test_archives_and_folders_are_refused(folder, tmp_path):
    np.savez(tmp_path / "rows.npz", a=np.ones((1, 2)))
    for name, told in (("rows.npz", "several arrays"), (".", "not a file")):
        source = FeaturesFile("mine", str(tmp_path / name), ("0.png",))
        with pytest.raises(FileReadError, match=told):
            update_index(folder, options=Options(features=source))


@pytest.mark.parametrize("text", ["rows.npy", "=rows.npy", "mine=", "a:b=rows.npy", "a@b=rows.npy", "-a=r", "a b=r"])
def test_names_that_no_extractor_could_have_are_refused(text):
    with pytest.raises(ParameterError, match="NAME=FILE|a name of features is of letters"):
        FeaturesFile.named(text, ["0.png"])


def test_later_runs_measure_the_others_and_tell_which_photos_lack_a_row(folder, give, rows):
    give(rows)
    draw_photo(folder / "new.png", 99)
    listener = Listener()
    assert update_index(folder, observer=listener).added == 1
    assert listener.lacking == {"external:mine": ["new.png"]}
    assert rows_of(folder)[1] == PHOTOS
    assert rows_of(folder, "histogram")[1] == [*PHOTOS, "new.png"]
    assert check_index(folder) is not None


def test_changed_content_loses_its_row_and_moved_and_copied_content_keeps_it(folder, give, rows):
    give(rows)
    draw_photo(folder / "0.png", 99)
    (folder / "1.png").rename(folder / "elsewhere.png")
    shutil.copy(folder / "2.png", folder / "copy.png")
    listener = Listener()
    update_index(folder, observer=listener)
    assert listener.lacking == {"external:mine": ["0.png"]}
    stored, paths = rows_of(folder)
    assert paths == ["2.png", "3.png", "copy.png", "elsewhere.png"]
    np.testing.assert_array_equal(stored, rows[[2, 3, 2, 1]])


def test_pixels_that_this_imgsim_decodes_otherwise_cost_no_row(folder, give, rows):
    drawing = np.zeros((64, 64, 4), np.uint8)
    drawing[16:48, 16:48] = 255
    PIL.Image.fromarray(drawing).save(folder / "0.png")
    update_index(folder)
    give(rows)
    tamper(folder, "UPDATE images SET decoding = 1")
    tamper(folder, "UPDATE meta SET value = value + 1 WHERE key = 'generation'")
    update_index(folder)
    np.testing.assert_array_equal(rows_of(folder)[0], rows)


def test_a_photo_is_known_by_its_content_wherever_it_lies(folder, give, rows, tmp_path):
    give(rows)
    elsewhere = shutil.copy(folder / "1.png", tmp_path / "elsewhere.png")
    with Index.open(folder) as index:
        for photo in (elsewhere, (folder / "1.png").read_bytes()):
            (best, *_) = index.search(photo, 1, extractors=["external:mine"])
            assert (best.path, best.distance) == ("1.png", pytest.approx(0, abs=1e-6))


def test_photos_without_a_row_are_refused_in_one_line(folder, give, rows, tmp_path):
    give(rows[:3], PHOTOS[:3])
    draw_photo(tmp_path / "other.png", 99)
    pixels = np.asarray(PIL.Image.open(folder / "0.png").convert("RGB"))
    remedy = "by external:mine, .*; `imgsim index FOLDER --features mine=FILE.npy --paths FILE` adds rows$"
    with Index.open(folder) as index:
        for photo in (tmp_path / "other.png", folder / "3.png", pixels):
            with explains(ImageReadError, remedy):
                index.search(photo, 1, extractors=["external:mine", "histogram"])


def test_nothing_measures_a_photo_by_rows_from_a_file():
    with explains(ParameterError, "^external:mine: its rows come from a file, .*--features mine=FILE.npy"):
        load_extractor("external:mine")


def test_an_index_is_asked_for_what_it_has_before_anything_is_changed(folder, tmp_path):
    before = stamp_of(folder)
    draw_photo(folder / "new.png", 99)
    with explains(ExtractorMismatchError, "no features of external:mine, it has histogram.*--features mine=FILE"):
        update_index(folder, extractors=["external:mine"])
    assert stamp_of(folder) == before


def test_verifying_drops_a_damaged_row_and_says_that_it_cannot_be_measured(folder, give, rows):
    give(rows)
    with Index.open(folder) as index:
        key = index.find_extractor("external:mine").id
    tamper(
        folder,
        f"UPDATE features SET checksum = 0 WHERE rowid = (SELECT max(rowid) FROM features WHERE extractor_id = {key})",
    )
    listener = Listener()
    summary = update_index(folder, options=Options(verify=True), observer=listener)
    assert summary.unrepaired == 1
    assert "nothing but their file gives again" in listener.wrong[0][1]
    assert len(listener.lacking["external:mine"]) == 1
    assert update_index(folder, options=Options(verify=True)).unrepaired == 0


def test_a_new_index_has_an_extractor_for_new_photos_beside_the_rows(make_photos, rows, tmp_path):
    folder = make_photos(4, folder="fresh")
    np.save(tmp_path / "rows.npy", rows)
    source = FeaturesFile("mine", str(tmp_path / "rows.npy"), tuple(PHOTOS))
    summary = update_index(folder, extractors=["histogram:bins=2"], options=Options(features=source))
    assert (summary.added, summary.imported) == (4, 4)
    with Index.open(folder) as index:
        assert [one.spec.name for one in index.extractors] == ["histogram", "external:mine"]
        assert index._store.is_pinned(index.extractors[1])
