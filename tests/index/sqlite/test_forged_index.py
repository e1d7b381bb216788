"""A file that holds more than an index does, or values that no index holds, is refused in a line that names it."""

import io
import json
import os
import shutil
import sqlite3
import zipfile
from contextlib import closing, suppress

import numpy as np
import pytest

from imgsim.errors import ImgsimError, IndexFormatError
from imgsim.index.index import open_index
from imgsim.index.options import Options
from imgsim.index.sqlite.schema import FORMAT_VERSION
from imgsim.index.sqlite.schema_forms import find_foreign
from imgsim.index.sqlite.sqlite_store import SqliteStore
from imgsim.index.update import update_index
from tests.explained import explains
from tests.photos import draw_photo

DATABASE = "index.sqlite"
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, i AS image_id FROM n"


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound") / "photos"
    folder.mkdir()
    for seed in range(3):
        draw_photo(folder / f"{seed}.png", seed)
    update_index(folder, extractors=["haralick"], options=Options(colors=True))
    return folder


@pytest.fixture
def folder(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "photos", ignore=shutil.ignore_patterns("cache"))


def execute(folder, *statements):
    with closing(sqlite3.connect(folder / ".imgsim" / DATABASE)) as database, database:
        for statement in statements:
            database.execute(*([statement] if isinstance(statement, str) else statement))


def ask_all(folder):
    with open_index(folder) as index:
        index.search(folder / "0.png")
        list(index.photos("width > 1 or not color = 'red'"))
        for read in ("default", "extractors", "failures", "options", "root", "calibrations", "counts", "paths"):
            getattr(index, read)
        index.pairs()


SCHEMAS = {
    "an endless view": ("DROP TABLE parts", f"CREATE VIEW parts AS {ENDLESS}"),
    "a view more": ("CREATE VIEW mine AS SELECT 1",),
    "a trigger": ("CREATE TRIGGER t AFTER INSERT ON failures BEGIN DELETE FROM images; END",),
    "a table more": ("CREATE TABLE mine (x)",),
    "a virtual table": ("DROP TABLE kinds", "CREATE VIRTUAL TABLE kinds USING fts5(id, name, type)"),
    "an index on an expression": ("CREATE INDEX mine ON images (abs(size))",),
    "a column more": ("ALTER TABLE images ADD COLUMN mine",),
    "a generated column": ("ALTER TABLE images ADD COLUMN mine AS (zeroblob(1000000000))",),
    "a check": (
        "DROP TABLE failures",
        "CREATE TABLE failures (path CHECK (length(randomblob(1e9))), size, mtime_ns, reason)",
    ),
    "no table of features": ("DROP TABLE features",),
    "no index of parts": ("DROP INDEX features_of_part",),
}


@pytest.mark.parametrize("statements", SCHEMAS.values(), ids=SCHEMAS)
def test_a_schema_that_is_not_an_indexs(folder, statements):
    execute(folder, *statements)
    for use in (lambda: open_index(folder), lambda: update_index(folder)):
        with pytest.raises(
            IndexFormatError, match=r"photos/\.imgsim: the index is damaged \((a|an|no) .*\); delete it"
        ):
            use()


def test_what_sqlite_adds_by_itself_is_no_damage(folder):
    execute(folder, "ANALYZE")
    ask_all(folder)


def test_both_ways_in_which_an_index_comes_about_have_one_schema(folder, tmp_path):
    with closing(sqlite3.connect(folder / ".imgsim" / DATABASE)) as database:
        assert find_foreign(database, FORMAT_VERSION) is None
        assert "that is not" in find_foreign(database, 2)


def archive(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def bomb():
    """An archive of a few kilobytes that unpacks to a gigabyte."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as members, members.open("mean.npy", "w") as member:
        np.lib.format.write_array_header_1_0(member, {"descr": "<f8", "fortran_order": False, "shape": (1 << 27,)})
        for _ in range(1 << 10):
            member.write(bytes(1 << 20))
    return stream.getvalue()


def header_bomb():
    """An array of which nothing but the shape is there."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (1 << 50,)})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as members:
        members.writestr("mean.npy", stream.getvalue())
    return packed.getvalue()


STATISTICS = {
    "none of the arrays": archive(),
    "text": "mean",
    "of other rows": archive(count=3, mean=np.zeros(2), variance=np.zeros(2), sample=np.zeros((1, 2), np.float32)),
    "no numbers": archive(
        count=3, mean=np.full(26, np.nan), variance=np.ones(26), sample=np.zeros((1, 26), np.float32)
    ),
    "Python objects": archive(count=3, mean=np.array([None] * 26), variance=np.ones(26)),
    "a bomb": bomb(),
    "the header of a bomb": header_bomb(),
}


@pytest.mark.parametrize("statistics", STATISTICS.values(), ids=STATISTICS)
def test_statistics_that_are_none(folder, statistics):
    execute(folder, ("UPDATE extractors SET statistics = ?", (statistics,)))
    with explains(
        IndexFormatError, r"damaged \(the statistics of haralick.*\): `imgsim index FOLDER --refit` makes them"
    ):
        ask_all(folder)
    update_index(folder, options=Options(refit=True))
    ask_all(folder)


REMEMBER = "INSERT OR REPLACE INTO meta VALUES"
DEEP = "[" * 100_000
VALUES = {
    "a path that leads out": "UPDATE images SET path = CAST('../2.png' AS BLOB) WHERE path = CAST('2.png' AS BLOB)",
    "a path that leads out further on": "UPDATE images SET path = CAST('a/../../2.png' AS BLOB) WHERE id = 2",
    "an absolute path": "UPDATE images SET path = CAST('/etc/passwd' AS BLOB) WHERE path = CAST('2.png' AS BLOB)",
    "no path": "UPDATE images SET path = x'' WHERE path = CAST('2.png' AS BLOB)",
    "deep attributes": f"UPDATE images SET attributes = '{DEEP}'",
    "a list of attributes": "UPDATE images SET attributes = '[]'",
    "attributes that are bytes": "UPDATE images SET attributes = x'7b7d'",
    "a deep spec": f"UPDATE extractors SET spec = '{DEEP}'",
    "a spec of lists": """UPDATE extractors SET spec = '{"name": "hog", "params": {"bins": [1]}, "version": 1}'""",
    "a spec without a version": """UPDATE extractors SET spec = '{"name": "haralick", "params": {}}'""",
    "an absurd number of values": "UPDATE extractors SET dim = 1 << 60",
    "another number of values": "UPDATE extractors SET dim = 27",
    "bits that are none": "UPDATE extractors SET binary = 2",
    "an absurd digest": "UPDATE images SET digest = 5",
    "an extractor that there is not": """UPDATE extractors SET spec = '{"name": "x", "params": {}, "version": 1}'""",
    "a default of words": f"""{REMEMBER} ('default_query', '{{"extractors": [["a", "b"]], "metric": 1}}')""",
    "a default of no weight": f"""{REMEMBER} ('default_query', '{{"extractors": [[1, NaN]], "metric": null}}')""",
    "options of words": """INSERT OR REPLACE INTO meta VALUES ('options', '{"include": "*"}')""",
    "an infinite limit": """INSERT OR REPLACE INTO meta VALUES ('options', '{"max_megapixels": Infinity}')""",
    "a time below 0": """INSERT OR REPLACE INTO meta VALUES ('options', '{"max_seconds": -1}')""",
    "memory in words": """INSERT OR REPLACE INTO meta VALUES ('options', '{"max_memory": "much"}')""",
    "a decimal mark of none": """INSERT OR REPLACE INTO meta VALUES ('options', '{"forms": {"decimal": 5}}')""",
    "types in a list": """INSERT OR REPLACE INTO meta VALUES ('options', '{"forms": {"types": ["price"]}}')""",
    "forms of another kind": """INSERT OR REPLACE INTO meta VALUES ('options', '{"forms": {"colour": "red"}}')""",
    "an encoding of words": """INSERT OR REPLACE INTO meta VALUES ('options', '{"encoding": ["utf-8"]}')""",
    "rules of numbers": f"""{REMEMBER} ('sight', '{{"rules": [5]}}')""",
    "rules that are none": f"{REMEMBER} ('sight', '[]')",
    "a name that is a path": "UPDATE meta SET value = '../../x' WHERE key = 'store'",
    "no name": "DELETE FROM meta WHERE key = 'store'",
    "a negative generation": "UPDATE meta SET value = -1 WHERE key = 'generation'",
    "a root that is none": "INSERT OR REPLACE INTO meta VALUES ('root', 'photos')",
    "a calibration of bytes": "INSERT INTO calibrations VALUES ('a', x'00', 0)",
    "a pair of another state": "INSERT INTO pairs VALUES (x'61', x'62', 'sold', x'61', x'62', '', '', 1)",
    "a pair that leads out": "INSERT INTO pairs VALUES (x'61', x'62', 'said', CAST('../a' AS BLOB), x'62', '', '', 1)",
    "a pair of nobody": "INSERT INTO pairs VALUES (x'61', x'62', 'said', x'61', x'62', '', x'00', 1)",
    "a pair of another age": "INSERT INTO pairs VALUES (x'61', x'62', 'said', x'61', x'62', '', '', -1)",
    "a pair of no time": "INSERT INTO pairs VALUES (x'61', x'62', 'said', x'61', x'62', '', '', 'now')",
    "a failure of bytes": "INSERT INTO failures (path, size, mtime_ns, reason) VALUES (x'61', 1, 1, x'00')",
    "an attribute of no type": "UPDATE kinds SET type = 'x'",
}


@pytest.mark.parametrize("statement", VALUES.values(), ids=VALUES)
def test_values_that_no_index_holds(folder, statement):
    execute(folder, statement)
    with explains(
        ImgsimError, r"photos/\.imgsim: .*(damaged|not what this imgsim makes).*(delete it|`imgsim index)|drop it"
    ):
        ask_all(folder)


def test_a_photo_is_not_stored_under_a_path_that_leads_out(tmp_path):
    from tests.stores import put_described

    with closing(SqliteStore.open_writer(str(tmp_path), str(tmp_path))) as store:
        for path in ("/etc/passwd", "../a.png", "a/../../b.png"):
            with pytest.raises(ImgsimError, match="leads out of the indexed folder"):
                put_described(store, {path: {}})
        put_described(store, {"a/..b/c..png": {}})
        assert list(store.known()) == ["a/..b/c..png"]


def test_pages_of_garbage_are_damage_whoever_asks(folder):
    file = folder / ".imgsim" / DATABASE
    content = bytearray(file.read_bytes())
    for start in range(8192, len(content) - 4096, 4096):
        content[start : start + 200] = os.urandom(200)
    file.write_bytes(content)
    with pytest.raises(IndexFormatError, match=r"photos/\.imgsim: "):
        ask_all(folder)
    with open_index(folder) as index:
        for ask in (lambda: index.extractors, lambda: index.failures, lambda: len(index), lambda: list(index)):
            with suppress(ImgsimError):  # and nothing else
                ask()


def test_a_calibration_that_is_none_names_the_index(folder):
    with open_index(folder) as index:
        name = index.distance().name
    execute(folder, ("INSERT INTO calibrations VALUES (?, ?, 0)", (name, json.dumps({"kind": "isotonic"}))))
    with explains(IndexFormatError, r"photos/\.imgsim: damaged calibration.*fit it again by `imgsim calibrate`"):
        ask_all(folder)
