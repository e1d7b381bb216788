"""An imgsim that decodes some photos otherwise measures those again, and only those; what people typed stays."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from imgsim.images.formats import DECODING
from imgsim.index.index import Index
from imgsim.index.options import Options
from imgsim.index.sqlite.feature_rows import checksum
from imgsim.index.summary import Observer
from imgsim.index.update import update_index
from imgsim.metrics.calibration import Calibration

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "format2"


class Listener(Observer):
    def __init__(self):
        self.otherwise = []

    def decoded_otherwise(self, photos):
        self.otherwise.append(photos)


def decodings(folder):
    with closing(sqlite3.connect(folder / ".imgsim" / "index.sqlite")) as database:
        return {path.decode(): by for path, by in database.execute("SELECT path, decoding FROM images")}


@pytest.fixture
def old(make_photos):
    """A folder of three photos, one of them transparent, whose features were measured by an imgsim of before."""
    folder = make_photos(2)
    drawing = np.zeros((64, 64, 4), np.uint8)
    drawing[16:48, 16:48] = 255
    PIL.Image.fromarray(drawing).save(folder / "drawing.png")
    update_index(folder, extractors=["histogram:bins=2"])
    with Index.open(folder) as index, index.writing() as writer:
        writer.set_attributes(folder / "drawing.png", ["price=5"])
        ends = Calibration("isotonic", (0.0, 1.0), (0.9, 0.1))
        writer.keep_calibration(index.distance(), ends)
    with closing(sqlite3.connect(folder / ".imgsim" / "index.sqlite")) as database, database:
        white = np.eye(8, dtype="<f4")[7].tobytes()
        database.create_function("checksum", 2, checksum)
        # As if each had lain on white.
        database.execute("UPDATE features SET vector = ?1, checksum = checksum(?1, part_id)", (white,))
        database.execute("UPDATE images SET decoding = 1")
        database.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
    return folder


def test_photos_that_may_differ_are_measured_again_and_no_others(old):
    listener = Listener()
    summary = update_index(old, observer=listener)
    assert listener.otherwise == [1]
    assert (summary.unchanged, summary.added, summary.changed, summary.failed) == (3, 0, 0, 0)
    with Index.open(old) as index:
        rows, paths = index.features("histogram")
        again = dict(zip(paths, rows, strict=True))
        assert again["drawing.png"][7] < 1  # white on a darker ground now
        assert again["0.png"][7] == again["1.png"][7] == 1  # left as they were
        assert [record.attributes for record in index if record.path == "drawing.png"] == [{"price": 5}]
    assert set(decodings(old).values()) == {DECODING}


def test_it_is_asked_once(old):
    update_index(old)
    listener = Listener()
    update_index(old, observer=listener)
    assert listener.otherwise == []


def test_calibrations_are_stale_until_fitted_anew(old):
    with Index.open(old) as index:
        assert (len(index.calibrations), index.stale_calibrations) == (1, set())
    update_index(old)
    with Index.open(old) as index:
        assert index.stale_calibrations == set(index.calibrations)
        with index.writing() as writer:
            writer.keep_calibration(index.distance(), Calibration("isotonic", (0.0, 1.0), (0.8, 0.2)))
    with Index.open(old) as index:
        assert index.stale_calibrations == set()


def test_one_that_fails_keeps_its_old_features_and_is_not_tried_at_each_run(old):
    update_index(old, options=Options(max_megapixels=1e-6))
    assert decodings(old) == {"0.png": DECODING, "1.png": DECODING, "drawing.png": 1}
    listener = Listener()
    assert update_index(old, observer=listener).unchanged == 3
    assert listener.otherwise == []
    update_index(old, options=Options(max_megapixels=100, retry_failed=True), observer=listener)
    assert listener.otherwise == [1]
    assert set(decodings(old).values()) == {DECODING}


def test_an_index_of_format_2_is_asked_about_all_of_its_photos(tmp_path, monkeypatch):
    shutil.copytree(FIXTURE / "photos", tmp_path / "photos")
    shutil.copytree(FIXTURE / "index", tmp_path / "photos" / ".imgsim")
    monkeypatch.setenv("IMGSIM_MODELS", str(FIXTURE / "models"))
    listener = Listener()
    assert update_index(tmp_path / "photos", observer=listener).unchanged == 6
    assert listener.otherwise == []  # plain RGB
    assert set(decodings(tmp_path / "photos").values()) == {DECODING}
