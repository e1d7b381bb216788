"""Indexes of format 1, which had no facts, are read as they are and brought to the present format by a writer."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from imgsim.errors import UnknownNameError
from imgsim.index.index import open_index
from imgsim.index.sqlite.connection import DATABASE
from imgsim.index.sqlite.schema import FORMAT_VERSION
from imgsim.index.sqlite.sqlite_store import SqliteStore
from imgsim.index.update import update_index

FORMAT2 = Path(__file__).parent.parent / "fixtures" / "format2"


@pytest.fixture
def format2(tmp_path):
    """A folder of photos whose index is of format 2."""
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
    with open_index(old) as index, pytest.raises(UnknownNameError, match="unknown attribute 'price'"):
        list(index.photos("price = 5"))
