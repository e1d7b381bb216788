"""Values and tables of an index that are damaged are said to be, by every command that meets them."""

import re
import shutil

import pytest

from imgsim.index.update import update_index
from tests.cases.databases import change, drop, remember

EXTRACTORS, FEATURES, PHOTOS = "spec dim", "vector extractor_id", "path mtime_ns digest"
UNKNOWN = '{"name": "histogram", "params": {"zz": 1}, "version": 1}'
BY_HARALICK = ("query", "0.png", "-x", "haralick")
DEFAULT = ("query", "0.png")

DAMAGES = {
    "statistics cut short": (
        lambda its: change(its, "UPDATE {of} SET statistics = substr(statistics, 1, 400)", of="statistics spec"),
        BY_HARALICK,
    ),
    "statistics that are no archive": (
        lambda its: change(its, "UPDATE {of} SET statistics = x'00'", of="statistics spec"),
        BY_HARALICK,
    ),
    "features cut short": (
        lambda its: change(its, "UPDATE {of} SET vector = substr(vector, 1, 7)", of=FEATURES),
        BY_HARALICK,
    ),
    "attributes that are no JSON, while indexing": (
        lambda its: change(its, "UPDATE {of} SET attributes = '{{'", of=f"{PHOTOS} attributes"),
        ("index", "-x", "hog"),
    ),
    "attributes that are no JSON, in an answer": (
        lambda its: change(its, "UPDATE {of} SET attributes = '{{'", of=f"{PHOTOS} attributes"),
        DEFAULT,
    ),
    "a spec that is no JSON": (
        lambda its: change(its, "UPDATE {of} SET spec = '{{' || rowid", of=EXTRACTORS),
        DEFAULT,
    ),
    "a spec with a parameter that there is not": (
        lambda its: change(
            its, "UPDATE {of} SET spec = ? WHERE rowid = (SELECT min(rowid) FROM {of})", (UNKNOWN,), of=EXTRACTORS
        ),
        DEFAULT,
    ),
    "a negative number of values": (lambda its: change(its, "UPDATE {of} SET dim = -1", of=EXTRACTORS), DEFAULT),
    "a default that is no JSON": (lambda its: remember(its, "default_query", "{"), DEFAULT),
    "a default that is no object": (lambda its: remember(its, "default_query", "[]"), ("info",)),
    "a zero byte in a path": (
        lambda its: change(its, "UPDATE {of} SET path = x'610062' WHERE path = CAST('2.png' AS BLOB)", of=PHOTOS),
        DEFAULT,
    ),
    "a path that is a number": (
        lambda its: change(its, "UPDATE {of} SET path = 5 WHERE path = CAST('2.png' AS BLOB)", of=PHOTOS),
        ("list",),
    ),
    "sizes and times that are words": (
        lambda its: change(its, "UPDATE {of} SET mtime_ns = 'x', size = 'y'", of=PHOTOS),
        ("index",),
    ),
    "no table of parts": (lambda its: drop(its, of="image_id name"), ("index", "-x", "hog")),
    "a generation that is a word": (lambda its: remember(its, "generation", "x"), ("index", "-x", "hog")),
}


@pytest.fixture
def sound(make_photos, run):
    """A folder of eight photos with two extractors, a default and colours."""
    folder = make_photos(8, folder="sound")
    update_index(folder, extractors=["haralick", "phash"])
    if run("index", folder, "--colors", "--default", "haralick").code != 0:
        raise LookupError("the index is not sound to begin with")
    return folder


def test_damage_is_explained(sound, tmp_path, run, monkeypatch):
    unexplained = {}
    for name, (damage, (command, *arguments)) in DAMAGES.items():
        shelf = tmp_path / name
        shutil.copytree(sound, shelf, ignore=shutil.ignore_patterns("cache"))
        damage(shelf)
        monkeypatch.chdir(shelf)
        ran = run(command, *arguments, *(["."] if command != "query" else []))
        named = str(shelf) in ran.err or "imgsim: ./.imgsim: " in ran.err
        advised = named and re.search(
            "delete it and index again|`imgsim index .*--(refit|verify|drop [a-z]+)`", ran.err
        )
        if not ran.is_explained or ran.code != 2 or ran.err.count("\n") != 1 or not advised:
            unexplained[name] = ran
    assert unexplained == {}
