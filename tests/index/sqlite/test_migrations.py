"""Indexes of earlier formats are read as they are and brought to the present format by a writer."""

import json
import shutil
import sqlite3
import subprocess
import sys
import unicodedata
from contextlib import closing
from pathlib import Path

import pytest

from imgsim.errors import IndexFormatError
from imgsim.index.index import open_index
from imgsim.index.index_writer import IndexWriter
from imgsim.index.options import Options
from imgsim.index.sqlite.connection import DATABASE
from imgsim.index.sqlite.known_names import attribute_names
from imgsim.index.sqlite.schema import FORMAT_VERSION
from imgsim.index.sqlite.sqlite_store import SqliteStore
from imgsim.index.store.pair_store import DecidedPair
from imgsim.index.update import update_index

FORMAT2 = Path(__file__).parents[2] / "fixtures" / "format2"
FORMAT3 = FORMAT2.with_name("format3")
FORMAT4 = FORMAT2.with_name("format4")


@pytest.fixture
def format2(tmp_path, monkeypatch):
    """A folder of photos whose index is of format 2, and the models that it was made with."""
    monkeypatch.setenv("IMGSIM_MODELS", str(shutil.copytree(FORMAT2 / "models", tmp_path / "models")))
    folder = Path(shutil.copytree(FORMAT2 / "photos", tmp_path / "photos"))
    shutil.copytree(FORMAT2 / "index", folder / ".imgsim")
    return folder


@pytest.fixture
def old(format2):
    """One of format 1, of phash alone; one photo has attributes."""
    with closing(sqlite3.connect(format2 / ".imgsim" / DATABASE)) as database, database:
        database.execute("PRAGMA foreign_keys = ON")
        database.executescript("DROP TABLE facts; DROP TABLE kinds; PRAGMA user_version = 1;")
        database.execute("DELETE FROM extractors WHERE id != 2")
        database.execute("DELETE FROM meta WHERE key IN ('color_measure', 'palettes_by')")
        database.execute("UPDATE images SET attributes = '{}'")
        database.execute(
            """UPDATE images SET attributes = '{"price": 5, "tags": ["x"]}' WHERE path = CAST('a/2.png' AS BLOB)"""
        )
    return format2


def version(folder):
    with closing(sqlite3.connect(folder / ".imgsim" / DATABASE)) as database:
        return database.execute("PRAGMA user_version").fetchone()[0]


def answers(folder):
    with open_index(folder) as index:
        return (
            [match.path for match in index.search(folder / "a" / "0.png", where="price = 5")],
            [record.path for record in index.photos("not tags = 'x'")],
            len(index.search(folder / "a" / "0.png")),
        )


EXPECTED = (["a/2.png"], ["a/0.png", "a/4.png", "b/1.png", "b/3.png", "b/5.png"], 5)


def test_it_is_read_without_being_written(old):
    before = (old / ".imgsim" / DATABASE).read_bytes()
    assert answers(old) == EXPECTED
    assert (old / ".imgsim" / DATABASE).read_bytes() == before
    assert version(old) == 1


def test_a_writer_brings_it_to_the_present_format(old):
    with open_index(old) as index:
        generation = index.counts["generation"]
    assert update_index(old).unchanged == 6
    assert version(old) == FORMAT_VERSION
    assert answers(old) == EXPECTED
    with open_index(old) as index:
        assert index.counts["generation"] == generation


def test_it_can_be_read_where_nothing_can_be_written(old, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    assert answers(old) == EXPECTED


def test_cut_off_in_between_it_stays_as_it_was(old, monkeypatch):
    def fail(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("imgsim.index.sqlite.fact_rows.Facts.replace", fail)
        with pytest.raises(KeyboardInterrupt):
            SqliteStore.open_writer(str(old / ".imgsim"), str(old))
    assert version(old) == 1
    assert answers(old) == EXPECTED
    update_index(old)
    assert answers(old) == EXPECTED


def test_without_attributes_there_is_nothing_to_ask(old):
    with closing(sqlite3.connect(old / ".imgsim" / DATABASE)) as database, database:
        database.execute("UPDATE images SET attributes = '{}'")
    with open_index(old) as index:
        assert index.facts.types() == {}
        assert list(index.photos("price = 5")) == []


ASKED = (["haralick"], ["phash"], ["histogram"], ["squeezenet1_1"], ["phash", "haralick"])
FUSED = (
    "0.5 of haralick:aggregate=mean+range,distance=1,levels=64 (version 1) by seuclidean + 0.5 of phash (version 1) "
    "by hamming"
)
CALIBRATED = {FUSED, "phash (version 1) by hamming"}


def lines(name):
    return [json.loads(line) for line in (FORMAT2 / name).read_text().splitlines()]


def assert_answers_as_before(folder):
    """Ask all that the index was asked while its format was the present one."""
    with open_index(folder) as index:
        matches = [match for one in ASKED for match in index.search(folder / "a" / "0.png", 6, extractors=one)]
        photos = list(index.photos())
        assert set(index.calibrations) == CALIBRATED
        assert index._store.lacking_measured("palette") == set()
        assert [match.path for match in index.search_color("purple", 2)] == ["b/3.png", "a/2.png"]
    for match, line in zip(matches, lines("answers.jsonl"), strict=True):
        assert (match.path, match.attributes) == (line["path"], line["attributes"])
        assert match.distance == pytest.approx(line["distance"], rel=1e-5)
        assert match.probability == pytest.approx(line.get("probability"))
    for photo, line in zip(photos, lines("list.jsonl"), strict=True):
        assert {name: getattr(photo, name) for name in line} == line


def reopen(folder):
    SqliteStore.open_writer(str(folder / ".imgsim"), str(folder)).close()


def test_format_2_is_read_without_being_written(format2, monkeypatch):
    before = (format2 / ".imgsim" / DATABASE).read_bytes()
    assert_answers_as_before(format2)
    shutil.rmtree(format2 / ".imgsim" / "cache")
    monkeypatch.setattr("os.access", lambda *_: False)
    assert_answers_as_before(format2)
    assert [path.name for path in (format2 / ".imgsim").iterdir()] == [DATABASE]
    assert (format2 / ".imgsim" / DATABASE).read_bytes() == before


def test_a_writer_brings_format_2_to_the_present_one(format2):
    with open_index(format2) as index:
        before = index._store.stamp
    summary = update_index(format2)
    assert (summary.unchanged, summary.added, summary.changed, summary.failed) == (6, 0, 0, 1)
    assert version(format2) == FORMAT_VERSION
    assert_answers_as_before(format2)
    with open_index(format2) as index, closing(sqlite3.connect(format2 / ".imgsim" / DATABASE)) as database:
        assert index._store.stamp == before
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        described = [sql for (sql,) in database.execute("SELECT sql FROM sqlite_master WHERE name = 'features'")]
        assert "REFERENCES parts (id)" in described[0]


def test_typed_and_measured_attributes_are_told_apart(format2):
    reopen(format2)
    with closing(sqlite3.connect(format2 / ".imgsim" / DATABASE)) as database:
        rows = database.execute("SELECT path, attributes, measured FROM images ORDER BY path").fetchall()
    typed = {path.decode(): json.loads(attributes) for path, attributes, _ in rows}
    assert typed["a/0.png"] == {"price": 5, "place": "Line 2"}
    assert typed["a/2.png"] == {"color": "mauve", "note": "typed by hand"}
    assert typed["b/3.png"] == {}
    for _, _, measured in rows:
        chances = json.loads(measured)["color_probabilities"]
        assert json.loads(measured)["color"] == max(chances, key=chances.get)
    update_index(format2, options=Options(colors=False))
    store = SqliteStore.open_writer(str(format2 / ".imgsim"), str(format2))
    with store.transaction():
        store.merge_attributes("a/2.png", {"color": None})
    assert next(store.records([store.photo_key("a/2.png")])).attributes["color"] == "purple"
    store.close()


def test_text_of_format_2_is_compared_composed_once_it_is_written(format2):
    name = unicodedata.normalize("NFD", "größe")
    with closing(sqlite3.connect(format2 / ".imgsim" / DATABASE)) as database, database:
        attributes = json.dumps({name: name})
        (photo,) = database.execute("SELECT id FROM images WHERE path = CAST('a/2.png' AS BLOB)").fetchone()
        old = json.loads(database.execute("SELECT attributes FROM images WHERE id = ?", (photo,)).fetchone()[0])
        database.execute("DELETE FROM facts WHERE image_id = ?", (photo,))
        database.execute("UPDATE images SET attributes = ? WHERE id = ?", (attributes, photo))
        database.execute("INSERT INTO kinds (name, type) VALUES (?, 'text')", (name,))
        database.execute("INSERT INTO facts SELECT id, ?, ? FROM kinds WHERE name = ?", (name, photo, name))
    assert old
    update_index(format2)
    with open_index(format2) as index, index.writing() as writer:
        assert [(one.path, one.attributes["größe"]) for one in index.photos("größe = 'größe'")] == [("a/2.png", name)]
        writer.set_attributes(str(format2 / "a" / "2.png"), ["größe="])
        assert "größe" not in index.facts.types()
        assert list(index.photos("größe = 'größe'")) == []


def test_dropping_an_extractor_of_format_2_drops_its_calibrations(format2):
    store = SqliteStore.open_writer(str(format2 / ".imgsim"), str(format2))
    for name, left in (("histogram", CALIBRATED), ("haralick", CALIBRATED - {FUSED}), ("phash", set())):
        (extractor,) = (extractor for extractor in store.extractors() if extractor.spec.name == name)
        with store.transaction():
            store.drop_extractor(extractor)
        assert set(store.calibrations()) == left
    store.close()


@pytest.mark.parametrize("step", ["facts.Facts.write", "migrations._give_owners", "migrations.named_extractors"])
def test_a_killed_migration_leaves_format_2(format2, step):
    module, name = step.replace("facts", "fact_rows").split(".", 1)
    program = f"""
import os, sys
from imgsim.index.sqlite import {module}
from imgsim.index.sqlite.sqlite_store import SqliteStore
{module}.{name} = lambda *_: os._exit(9)
SqliteStore.open_writer(sys.argv[1] + "/.imgsim", sys.argv[1])
"""
    killed = subprocess.run([sys.executable, "-c", program, str(format2)], check=False)
    assert killed.returncode == 9
    assert version(format2) == 2
    assert_answers_as_before(format2)
    reopen(format2)
    assert_answers_as_before(format2)
    assert version(format2) == FORMAT_VERSION


def test_a_newer_format_is_refused_in_one_line(format2):
    with closing(sqlite3.connect(format2 / ".imgsim" / DATABASE)) as database, database:
        database.execute(f"PRAGMA user_version = {FORMAT_VERSION + 1}")
    newer = f"index format {FORMAT_VERSION + 1} is newer than {FORMAT_VERSION}, the newest this imgsim knows: update"
    for ask in (lambda: open_index(format2), lambda: update_index(format2)):
        with pytest.raises(IndexFormatError, match=newer) as refused:
            ask()
        assert "\n" not in str(refused.value)


@pytest.fixture
def format3(tmp_path):
    """A folder whose index is of format 3: photos of format 2, two of them with headers, and one that is missing."""
    folder = Path(shutil.copytree(FORMAT3 / "photos", tmp_path / "photos"))
    shutil.copytree(FORMAT3 / "index", folder / ".imgsim")
    return folder


def answers_of_format_3(folder):
    """Ask all that the index was asked while its format was the present one."""
    asked = (["phash"], ["haralick"], ["phash", "haralick"])
    with open_index(folder) as index:
        matches = [match for one in asked for match in index.search(folder / "a" / "0.png", 6, extractors=one)]
        listed = [json.loads(line) for line in (FORMAT3 / "list.jsonl").read_text().splitlines()]
        assert [{name: getattr(photo, name) for name in listed[0]} for photo in index.photos()] == listed
        assert [photo.path for photo in index.photos("price = 5 and taken is missing")] == ["a/0.png"]
        assert index.calibrations == ["phash (version 1) by hamming"]
        assert index.counts == {"photos": 8, "missing": 1, "left_out": 0, "failures": 1, "generation": 4}
        assert list(index.photos("has added")) == []
        assert len(list(index.photos("added is missing and modified >= 2000-01-01"))) == 8
        assert {photo.added for photo in index.photos()} == {None}
        assert len(index._store.lacking_headers(1)) == 8
    expected = [json.loads(line) for line in (FORMAT3 / "answers.jsonl").read_text().splitlines()]
    for match, line in zip(matches, expected, strict=True):
        assert (match.path, match.attributes) == (line["path"], line["attributes"])
        assert match.distance == pytest.approx(line["distance"], rel=1e-5)
        assert match.probability == pytest.approx(line.get("probability"))


def test_format_3_is_read_without_being_written(format3, monkeypatch):
    before = (format3 / ".imgsim" / DATABASE).read_bytes()
    answers_of_format_3(format3)
    shutil.rmtree(format3 / ".imgsim" / "cache")
    monkeypatch.setattr("os.access", lambda *_: False)
    answers_of_format_3(format3)
    assert (format3 / ".imgsim" / DATABASE).read_bytes() == before
    assert version(format3) == 3


def test_a_writer_brings_format_3_to_the_present_one(format3):
    with open_index(format3) as index:
        before = index._store.stamp
    reopen(format3)
    assert version(format3) == FORMAT_VERSION
    answers_of_format_3(format3)
    summary = update_index(format3)
    assert (summary.unchanged, summary.added, summary.missing, summary.failed) == (8, 0, 1, 1)
    answers_of_format_3(format3)
    with open_index(format3) as index:
        assert index._store.stamp == before
        assert index.facts.types()["returned"] == {"boolean"}


def test_a_killed_migration_leaves_format_3(format3):
    program = """
import os, sys
from imgsim.index.sqlite import migrations
from imgsim.index.sqlite.sqlite_store import SqliteStore
whole = migrations._let_photos_be_noted
migrations._let_photos_be_noted = lambda connection: (whole(connection), os._exit(9))
SqliteStore.open_writer(sys.argv[1] + "/.imgsim", sys.argv[1])
"""
    assert subprocess.run([sys.executable, "-c", program, str(format3)], check=False).returncode == 9
    assert version(format3) == 3
    answers_of_format_3(format3)
    reopen(format3)
    answers_of_format_3(format3)


@pytest.fixture
def format4(tmp_path):
    """A folder whose index is of format 4: the photos of format 3, their headers read, and when each was added."""
    folder = Path(shutil.copytree(FORMAT4 / "photos", tmp_path / "photos"))
    shutil.copytree(FORMAT4 / "index", folder / ".imgsim")
    return folder


def answers_of_format_4(folder):
    """Ask all that the index was asked while its format was the present one; it has no pairs."""
    asked = (["phash"], ["haralick"], ["phash", "haralick"])
    with open_index(folder) as index:
        matches = [match for one in asked for match in index.search(folder / "a" / "0.png", 6, extractors=one)]
        listed = [json.loads(line) for line in (FORMAT4 / "list.jsonl").read_text().splitlines()]
        assert [{name: getattr(photo, name) for name in listed[0]} for photo in index.photos()] == listed
        assert [photo.path for photo in index.photos("price = 5 and taken is missing")] == ["a/0.png"]
        assert [photo.path for photo in index.photos("taken < 2010-01-01")] == ["c.jpg"]
        assert index.facts.types()["returned"] == {"boolean"}
        assert index.calibrations == ["phash (version 1) by hamming"]
        assert index.counts == {"photos": 8, "missing": 1, "left_out": 0, "failures": 1, "generation": 4}
        assert index._store.lacking_headers(1) == set()
        assert index.pairs() == []
    expected = [json.loads(line) for line in (FORMAT4 / "answers.jsonl").read_text().splitlines()]
    for match, line in zip(matches, expected, strict=True):
        assert (match.path, match.attributes) == (line["path"], line["attributes"])
        assert match.distance == pytest.approx(line["distance"], rel=1e-5)
        assert match.probability == pytest.approx(line["probability"])


def test_format_4_is_read_without_being_written(format4, monkeypatch):
    before = (format4 / ".imgsim" / DATABASE).read_bytes()
    answers_of_format_4(format4)
    names = ["camera", "color", "note", "place", "price", "returned", "taken"]
    assert attribute_names(str(format4 / ".imgsim")) == names
    shutil.rmtree(format4 / ".imgsim" / "cache")
    monkeypatch.setattr("os.access", lambda *_: False)
    answers_of_format_4(format4)
    assert (format4 / ".imgsim" / DATABASE).read_bytes() == before
    assert version(format4) == 4


def test_a_writer_brings_format_4_to_the_present_one(format4):
    with open_index(format4) as index:
        before = index._store.stamp
    reopen(format4)
    assert version(format4) == FORMAT_VERSION
    answers_of_format_4(format4)
    summary = update_index(format4)
    assert (summary.unchanged, summary.added, summary.missing, summary.failed) == (8, 0, 1, 1)
    answers_of_format_4(format4)
    with open_index(format4) as index:
        assert index._store.stamp == before


def test_a_killed_migration_leaves_format_4(format4):
    program = """
import os, sys
from imgsim.index.sqlite import migrations
from imgsim.index.sqlite.sqlite_store import SqliteStore
whole = migrations._create
migrations._create = lambda *given: (whole(*given), os._exit(9))
SqliteStore.open_writer(sys.argv[1] + "/.imgsim", sys.argv[1])
"""
    assert subprocess.run([sys.executable, "-c", program, str(format4)], check=False).returncode == 9
    assert version(format4) == 4
    answers_of_format_4(format4)
    reopen(format4)
    answers_of_format_4(format4)


@pytest.mark.parametrize("format_", ["old", "format2", "format3", "format4"])
def test_pairs_are_kept_in_an_index_of_any_earlier_format(format_, request):
    folder = request.getfixturevalue(format_)
    with open_index(folder) as index:
        assert index.pairs() == []
        lost, found = (photo for photo in index.photos() if photo.path in ("a/0.png", "b/3.png"))
        with index.writing() as writer:
            store = writer._store.stamp.store
            pair = DecidedPair(lost.digest, found.digest, "confirmed", "once.png", "b/3.png", "Kim", 1, store)
            assert writer.decide([pair]) == [None]
    (folder / "b" / "3.png").rename(folder / "moved.png")
    update_index(folder)
    with open_index(folder) as index:
        assert index.pairs() == [pair._replace(lost_path="a/0.png", found_path="moved.png")]


def test_an_old_index_has_no_rules_of_sight_and_may_get_some(format3):
    with open_index(format3) as index:
        assert (index.sight_rules, index.count_out_of_sight()) == ([], 0)
        everything = {match.path for match in index.search(format3 / "b" / "3.png", 9, extractors=["phash"])}
        priced = {photo.path for photo in index.photos("has price")}
    with IndexWriter(str(format3 / ".imgsim")) as writer:
        assert writer.change_sight("has price").asked == {"has price": True}
    with open_index(format3) as index:
        assert {match.path for match in index.search(format3 / "b" / "3.png", 9, extractors=["phash"])} == (
            everything - priced
        )
        assert index.sight_rules[0].photos == len(priced) > 0
