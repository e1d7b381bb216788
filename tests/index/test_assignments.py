"""Attributes by hand."""

import unicodedata

import pytest

from imgsim.errors import ImgsimError, IndexLockedError, ParameterError
from imgsim.index.assignments import parse_assignment
from imgsim.index.index import open_index
from imgsim.index.sqlite.sqlite_store import SqliteStore
from imgsim.index.update import update_index

TYPES = {"size": {"text"}, "price": {"number"}, "sold": {"boolean"}, "found": {"date"}, "x": {"number", "text"}}
TYPES |= {"tags": {"list", "text"}, "colors": {"object"}, "y": {"number", "date"}}


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("price=38", "price", 38),
        ("size=38", "size", "38"),
        ("sold=TRUE", "sold", True),
        ("found=2026-05-01 10:30", "found", "2026-05-01T10:30:00"),
        ("new=2026-05-01", "new", "2026-05-01"),
        ("new=007", "new", "007"),
        ("new=a=b", "new", "a=b"),
        (" new = Line 2 ", "new", "Line 2"),
        ('price="38"', "price", "38"),
        ('new="a \\"b\\" \\\\"', "new", 'a "b" \\'),
        ('new="', "new", '"'),
        ("price=", "price", None),
        ("x=5", "x", "5"),
        ("tags=wet", "tags", "wet"),
        ("colors=5", "colors", 5),
        ("y=2026-05-01", "y", "2026-05-01"),
    ],
)
def test_a_value_has_the_type_that_the_attribute_has(text, name, value):
    assert parse_assignment(text, TYPES) == (name, value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("price", "write NAME=VALUE"),
        ("=5", "write NAME=VALUE"),
        ("price=cheap", "on other photos price is a number; 'price=\"cheap\"' makes it text"),
        ("sold=1", "sold is true or false"),
        ("y=x", "y is a date or a number"),
        ('new="a"b"', "a double quote or a backslash within text"),
    ],
)
def test_what_is_no_assignment(text, reason):
    with pytest.raises(ParameterError, match=reason):
        parse_assignment(text, TYPES)


@pytest.fixture
def folder(make_photos):
    folder = make_photos("a.png", "in/b.png")
    update_index(folder, extractors=["phash"])
    return folder


def edit(folder, photo, assignments):
    with open_index(folder) as index, index.writing() as writer:
        return writer.set_attributes(photo, assignments)


def attributes(folder, path):
    with open_index(folder) as index:
        return next(record.attributes for record in index.photos() if record.path == path)


def test_one_photo_is_changed(folder, monkeypatch):
    assert edit(folder, str(folder / "in" / "b.png"), ["price=5", "place=Line 2"]) == {
        "price": 5,
        "place": "Line 2",
    }
    edit(folder, str(folder / "in" / "b.png"), ["price=", "sold=true"])
    assert attributes(folder, "in/b.png") == {"place": "Line 2", "sold": True}
    assert attributes(folder, "a.png") == {}
    monkeypatch.chdir(folder / "in")
    edit(folder, "b.png", ["place="])
    edit(folder, "a.png", ["place=Line 3"])  # within the indexed folder, since it is not here
    assert attributes(folder, "in/b.png") == {"sold": True}
    assert attributes(folder, "a.png") == {"place": "Line 3"}


def test_a_link_stands_for_its_photo(folder, tmp_path):
    (tmp_path / "link.png").symlink_to(folder / "a.png")
    edit(folder, str(tmp_path / "link.png"), ["price=5"])
    assert attributes(folder, "a.png") == {"price": 5}


def test_a_hard_link_stands_for_its_photo(folder, tmp_path):
    for place in (folder / "z.png", tmp_path / "hard.png"):
        place.hardlink_to(folder / "in" / "b.png")
        edit(folder, str(place), [f"price={len(place.name)}"])
        assert attributes(folder, "in/b.png") == {"price": len(place.name)}


def test_a_name_stands_for_the_photo_however_unicode_writes_it(folder):
    composed, decomposed = (unicodedata.normalize(form, "für.png") for form in ("NFC", "NFD"))
    (folder / "a.png").rename(folder / decomposed)
    update_index(folder)
    edit(folder, str(folder / composed), ["price=5"])
    edit(folder, composed, ["größe=6", unicodedata.normalize("NFD", "Größe") + "=7"])
    assert attributes(folder, decomposed) == {"price": 5, "größe": 6, "Größe": 7}
    edit(folder, str(folder / decomposed), [unicodedata.normalize("NFD", "größe") + "="])
    assert attributes(folder, decomposed) == {"price": 5, "Größe": 7}


@pytest.mark.parametrize(
    ("photo", "assignments", "reason"),
    [
        ("gone.png", ["price=5"], "gone.png: no such file"),
        ("new.png", ["price=5"], "new.png: not in the index of "),
        ("a.png", ["price=5", "price=6"], "price is given twice"),
        ("a.png", ["price=5", "sold"], "write NAME=VALUE"),
    ],
)
def test_mistakes_change_nothing(folder, monkeypatch, photo, assignments, reason):
    (folder / "new.png").write_bytes((folder / "a.png").read_bytes())
    monkeypatch.chdir(folder)
    with pytest.raises(ImgsimError, match=reason):
        edit(folder, photo, assignments)
    assert attributes(folder, "a.png") == {}


def test_a_file_here_is_not_taken_for_another_there(folder, tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(b"another")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ImgsimError, match="a.png: not in the index"):
        edit(folder, "a.png", ["price=5"])


def test_there_is_one_writer(folder):
    store = SqliteStore.open_writer(str(folder / ".imgsim"), str(folder))
    with pytest.raises(IndexLockedError):
        edit(folder, str(folder / "a.png"), ["price=5"])
    store.close()
