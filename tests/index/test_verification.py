"""An index is compared with all that it is of, and what is wrong is measured again."""

import json
import os
import sqlite3
import zlib
from contextlib import closing

import numpy as np
import pytest
from click.testing import CliRunner

from imgsim.cli.group import imgsim
from imgsim.index.gallery_folders import CACHE
from imgsim.index.index import open_index
from imgsim.index.options import Options
from imgsim.index.summary import Observer
from imgsim.index.update import update_index
from tests.photos import draw_photo


@pytest.fixture
def folder(make_photos):
    folder = make_photos(6)
    update_index(folder, extractors=["histogram:bins=4", "haralick"])
    return folder


def change(folder, sql, *parameters):
    with closing(sqlite3.connect(folder / ".imgsim" / "index.sqlite")) as database, database:
        assert database.execute(sql, parameters).rowcount > 0


def flip(folder, path, extractor=1, bit=30):
    """Flip a bit of the second value of a stored vector."""
    row = (
        "extractor_id = ? AND part_id = (SELECT parts.id FROM parts JOIN images ON image_id = images.id WHERE path = ?)"
    )
    with closing(sqlite3.connect(folder / ".imgsim" / "index.sqlite")) as database, database:
        find = f"SELECT rowid, vector FROM features WHERE {row}"
        key, vector = database.execute(find, (extractor, path.encode())).fetchone()
        flipped = (int.from_bytes(vector, "little") ^ (1 << (32 + bit))).to_bytes(len(vector), "little")
        database.execute("UPDATE features SET vector = ? WHERE rowid = ?", (flipped, key))


class Heard(Observer):
    def __init__(self):
        self.said = []

    def differs(self, of, reason):
        self.said.append((of, reason))


def verify(folder):
    """Verify an index; give what was found, and how much of it was repaired, and how much was not."""
    heard = Heard()
    summary = update_index(folder, options=Options(verify=True), observer=heard)
    return heard.said, summary.repaired, summary.unrepaired


def answer(folder, **options):
    with open_index(folder) as index:
        return index.search(folder / "0.png", include_self=True, **options)


def gallery(folder, space):
    (found,) = (folder / ".imgsim" / CACHE).glob(f"*-{space}")
    return found


def test_an_index_that_is_right_is_left_as_it_is(folder):
    answer(folder, metric="cityblock")
    before = {path: path.stat().st_mtime_ns for path in (folder / ".imgsim").rglob("*.npy")}
    summary = update_index(folder, options=Options(verify=True))
    assert (summary.verified, summary.unchanged, summary.repaired, summary.unrepaired) == (6, 6, 0, 0)
    assert {path: path.stat().st_mtime_ns for path in (folder / ".imgsim").rglob("*.npy")} == before


def spec(folder, place):
    with open_index(folder) as index:
        return str(index.extractors[place].spec)


def test_damaged_rows_are_measured_again(folder):
    right = answer(folder)
    flip(folder, "3.png")
    flip(folder, "4.png", extractor=2, bit=2)
    said = [
        ("3.png", f"its features by {spec(folder, 0)} are damaged"),
        ("4.png", f"its features by {spec(folder, 1)} are damaged"),
    ]
    assert verify(folder) == (said, 2, 0)
    assert verify(folder) == ([], 0, 0)
    assert answer(folder) == right


def test_a_row_under_another_part_is_damaged(folder):
    change(folder, "UPDATE features SET part_id = 7 - part_id + 1000 WHERE extractor_id = 1 AND part_id IN (3, 4)")
    change(folder, "UPDATE features SET part_id = part_id - 1000 WHERE part_id > 1000")
    said, repaired, left = verify(folder)
    assert ([of for of, _ in said], repaired, left) == (["2.png", "3.png"], 2, 0)


def test_rows_of_no_numbers_that_older_versions_stored_are_found(folder, monkeypatch):
    vector = np.full(64, np.nan, "<f4").tobytes()
    sql = "UPDATE features SET vector = ?, checksum = ? WHERE extractor_id = 1 AND part_id = 2"
    change(folder, sql, vector, zlib.crc32(vector, 2))
    said, repaired, left = verify(folder)
    assert ([of for of, _ in said], repaired, left) == (["1.png"], 1, 0)


def test_content_that_changed_behind_size_and_time_is_measured_again(folder):
    change(folder, """UPDATE images SET attributes = '{"price": 5}' WHERE path = CAST('2.png' AS BLOB)""")
    file = folder / "2.png"
    at, size = file.stat(), file.stat().st_size
    draw_photo(file, 77)
    file.write_bytes(file.read_bytes()[:size].ljust(size, b"\0"))
    os.utime(file, ns=(at.st_atime_ns, at.st_mtime_ns))
    with open_index(folder) as index:
        before = index.features("histogram")[0][2]
    said, repaired, left = verify(folder)
    assert ([of for of, _ in said], repaired, left) == (["2.png"], 1, 0)
    with open_index(folder) as index:
        assert not np.array_equal(index.features("histogram")[0][2], before)
        assert [photo.path for photo in index.photos()] == [f"{place}.png" for place in range(6)]
        assert list(index)[2].attributes == {"price": 5}
    assert verify(folder) == ([], 0, 0)


def test_what_cannot_be_measured_again_is_not_repaired(folder):
    file = folder / "2.png"
    at = file.stat()
    file.write_bytes(bytes(at.st_size))
    os.utime(file, ns=(at.st_atime_ns, at.st_mtime_ns))
    flip(folder, "2.png")
    said, repaired, left = verify(folder)
    assert {of for of, _ in said} == {"2.png"}
    assert (repaired, left) == (0, len(said))


@pytest.mark.parametrize("name", ["rows", "squared_norms", "present", "parts", "photos"])
def test_a_cache_that_differs_goes(folder, name):
    right = answer(folder)
    file = gallery(folder, "hellinger") / f"{name}.npy"
    content = bytearray(file.read_bytes())
    content[-1 if name in ("rows", "squared_norms") else -8] ^= 0x41
    file.write_bytes(content)
    assert verify(folder) == ([(f"cache/{file.parent.name}", "it differs from the index")], 1, 0)
    assert answer(folder) == right
    assert verify(folder) == ([], 0, 0)


def test_damaged_statistics_are_made_anew(folder):
    right = answer(folder, extractors=["haralick"])
    change(folder, "UPDATE extractors SET statistics = substr(statistics, 1, 400)")
    assert [of for of, _ in verify(folder)[0]] == [spec(folder, 0), spec(folder, 1)]
    assert answer(folder, extractors=["haralick"]) == right


def test_rows_of_what_is_not_there_are_a_fault_of_the_database(folder):
    change(folder, "UPDATE features SET part_id = 99 WHERE extractor_id = 1 AND part_id = 2")
    said, repaired, left = verify(folder)
    assert said[0] == ("the database", "features holds rows of what is not there")
    assert [of.split("/")[0] for of, _ in said[1:]] == ["cache"]  # which has a row more
    assert (repaired, left) == (1, 1)


def test_the_shell_says_what_was_wrong_and_whether_it_is_right_now(folder):
    def run():
        ran = CliRunner().invoke(imgsim, ["index", str(folder), "--verify", "--format", "json"])
        return ran.exit_code, json.loads(ran.stdout), ran.stderr.splitlines()

    flip(folder, "3.png")
    code, summary, said = run()
    assert (code, summary["verified"], summary["repaired"], summary["unrepaired"]) == (0, 6, 1, 0)
    assert said[0] == f"imgsim: 3.png: its features by {spec(folder, 0)} are damaged"
    assert "6 verified, 1 repaired" in said[1]
    change(folder, "UPDATE features SET part_id = 99 WHERE extractor_id = 1 AND part_id = 2")
    code, summary, said = run()
    assert (code, summary["unrepaired"]) == (2, 1)
    assert "1 unrepaired" in said[-1]
