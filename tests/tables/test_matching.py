"""Which photo a row is about, and when that is not clear."""

import ntpath
import unicodedata
from types import SimpleNamespace

import pytest

from imgsim import paths
from imgsim.errors import ParameterError, TableError, UnknownNameError
from imgsim.tables import photo_names
from imgsim.tables.matching import pair_rows
from imgsim.tables.photo_names import PhotoNames
from imgsim.tables.table import Row, Table

PATHS = ["a.jpg", "in/b.jpg", "in/c.jpg", "out/c.jpg", "in/12_front.jpg", "in/12_back.jpg", "in/120_back.jpg"]


def pair(names, key=None, paths=PATHS, column="file", folder="/photos"):
    rows = [Row(line, {"n": "x"} | ({column: name} if name else {})) for line, name in enumerate(names, start=2)]
    return pair_rows(Table("items.csv", ("n", column), rows, textual=True), PhotoNames("/photos", paths, folder), key)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a.jpg", "a.jpg"),
        ("in/b.jpg", "in/b.jpg"),
        ("./in//b.jpg", "in/b.jpg"),
        ("in\\b.jpg", "in/b.jpg"),
        ("b.jpg", "in/b.jpg"),
        ("/photos/in/b.jpg", "in/b.jpg"),
        ("out/c.jpg", "out/c.jpg"),
    ],
)
def test_a_photo_is_named_by_path_or_by_its_own_name(name, path):
    pairing = pair([name])
    assert (pairing.rows, pairing.lost, pairing.key) == ({path: 0}, [], "file")


def test_paths_may_be_as_seen_from_the_table():
    assert pair(["photos/in/b.jpg"], folder="/").rows == {"in/b.jpg": 0}
    assert pair(["../photos/in/b.jpg"], folder="/tables").rows == {"in/b.jpg": 0}


def test_keys_and_patterns_are_compared_composed():
    composed, decomposed = (unicodedata.normalize(form, "größe") for form in ("NFC", "NFD"))
    assert composed != decomposed
    table = Table("t.csv", (composed,), [Row(2, {composed: "a.jpg"})], textual=True)
    assert pair_rows(table, PhotoNames("/photos", ["a.jpg"], "/photos"), key=decomposed).rows == {"a.jpg": 0}
    names = PhotoNames("/photos", [f"{decomposed}_1.jpg"], "/photos")
    assert list(names.fitting(f"{composed}_{{house}}.jpg", ["1"])) == [(f"{decomposed}_1.jpg", "1")]


def test_an_absolute_name_is_found_however_unicode_writes_the_folder():
    composed, decomposed = (unicodedata.normalize(form, "/für alle") for form in ("NFC", "NFD"))
    for root, name in ((composed, decomposed), (decomposed, composed)):
        assert PhotoNames(root, ["a/b.jpg", "b.jpg"], "/tables").find(f"{name}/b.jpg") == ["b.jpg"]


def test_tables_of_windows_name_photos_on_windows(monkeypatch):
    for module in (photo_names, paths):
        monkeypatch.setattr(module, "os", SimpleNamespace(path=ntpath, sep="\\"))
    names = PhotoNames(r"C:\photos", ["a/b.jpg", "c.jpg", "b.jpg"], r"C:\photos\a")
    assert names.find(r"a\b.jpg") == names.find(r"C:\photos\a\b.jpg") == names.find("C:/photos/a/b.jpg") == ["a/b.jpg"]
    assert names.find(r"..\c.jpg") == names.find(r".\..\c.jpg") == ["c.jpg"]
    assert names.find(r"D:\photos\b.jpg") == names.find(r"\\server\photos\b.jpg") == []


def test_names_are_compared_composed():
    composed, decomposed = (unicodedata.normalize(form, "schön.jpg") for form in ("NFC", "NFD"))
    assert pair([composed], paths=[decomposed]).rows == {decomposed: 0}
    assert pair([decomposed], paths=[composed]).rows == {composed: 0}
    assert pair([composed, decomposed], paths=[composed, decomposed]).rows == {composed: 0, decomposed: 1}


@pytest.mark.parametrize("name", ["in/c.jpg", "x/in/c.jpg", "n/c.jpg", "c.jpg", "elsewhere/b.jpg"])
def test_a_photo_fits_by_whole_folders_from_its_end(name):
    names = PhotoNames("/photos", ["x/in/c.jpg", "out/c.jpg", "on/in/b.jpg"], "/tables")
    fitting = {"in/c.jpg": ["x/in/c.jpg"], "x/in/c.jpg": ["x/in/c.jpg"], "c.jpg": ["x/in/c.jpg", "out/c.jpg"]}
    assert names.find(name) == fitting.get(name, [])


def test_rows_about_no_photo_are_named():
    pairing = pair(["a.jpg", "gone.jpg", None, "c.jpg", "in/gone.jpg"])
    assert pairing.rows == {"a.jpg": 0}
    assert sorted(pairing.lost) == [
        "line 3 (gone.jpg)",
        "line 4 (no file)",
        "line 5 (c.jpg: 2 photos have this name, in/c.jpg and out/c.jpg)",
        "line 6 (in/gone.jpg)",
    ]


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["a.jpg", "x", "a.jpg"], "items.csv: line 2 and line 4 are both about a.jpg$"),
        (["in/b.jpg", "b.jpg"], "line 2 and line 3 are both about in/b.jpg"),
        (["gone", "gone", "gone"], r"line 2 and line 3 are both about gone \(and 1 more such rows\)"),
    ],
)
def test_two_rows_about_one_photo_are_refused(names, reason):
    with pytest.raises(TableError, match=reason):
        pair(names, key="file")


def test_a_row_that_tells_of_another_rows_photo_is_neither_lost_nor_refused():
    columns = ("file", "same_as", "price")
    told = [("a.jpg", ""), ("", "a.jpg"), ("", "a.jpg"), ("", "gone.jpg"), ("", "")]
    rows = [Row(line, {k: v for k, v in zip(columns, cells, strict=False) if v}) for line, cells in enumerate(told, 2)]
    pairing = pair_rows(Table("items.csv", columns, rows, textual=True), PhotoNames("/photos", PATHS, "/"))
    assert (pairing.key, pairing.rows) == ("file", {"a.jpg": 0})
    assert pairing.lost == ["line 5 (no file)", "line 6 (no file)"]


def test_the_column_that_finds_most_photos_names_them():
    rows = [
        Row(2, {"name": "Coat", "id": "a.jpg", "other": "b.jpg"}),
        Row(3, {"name": "a.jpg", "id": "b.jpg"}),
    ]
    table = Table("items.csv", ("name", "other", "id"), rows, textual=True)
    assert pair_rows(table, PhotoNames("/photos", PATHS, "/")).key == "id"
    assert pair_rows(table, PhotoNames("/photos", PATHS, "/"), "other").rows == {"in/b.jpg": 0}
    alike = Table("items.csv", ("id", "Photo"), [Row(2, {"id": "a.jpg", "Photo": "b.jpg"})], textual=True)
    assert pair_rows(alike, PhotoNames("/photos", PATHS, "/")).key == "Photo"


def test_a_pattern_gives_a_row_to_several_photos():
    pairing = pair(["12", "120", "7"], key="{file}_*.jpg")
    assert pairing.rows == {"in/12_front.jpg": 0, "in/12_back.jpg": 0, "in/120_back.jpg": 1}
    assert pairing.lost == ["line 4 (7)"]
    assert pairing.key is None
    assert pair([12.0], key="in/{file}_f*").rows == {"in/12_front.jpg": 0}
    assert pair(["c"], key="{file}.jpg").rows == {"in/c.jpg": 0, "out/c.jpg": 0}
    assert pair(["back"], key="*_{file}.jpg").rows == {"in/12_back.jpg": 0, "in/120_back.jpg": 0}


def test_of_several_values_that_fit_a_pattern_the_longest_counts():
    assert pair(["1", "12"], key="{file}*").rows == dict.fromkeys(PATHS[4:], 1)


@pytest.mark.parametrize(
    ("key", "error", "reason"),
    [
        ("fil", UnknownNameError, "unknown column 'fil': did you mean file"),
        ("{fil}_*", UnknownNameError, "did you mean file"),
        ("{file}_{n}", ParameterError, "one column"),
        (None, TableError, "no column names photos of the folder$"),
    ],
)
def test_keys_that_are_none(key, error, reason):
    with pytest.raises(error, match=reason):
        pair(["gone.jpg"], key=key)


def test_a_table_without_rows_is_about_nothing():
    assert pair([]).rows == {}


def test_a_long_table_may_name_few_photos():
    names = [f"elsewhere/{number}.tif" for number in range(2500)]
    names[1777] = "b.jpg"
    pairing = pair(names)
    assert pairing.rows == {"in/b.jpg": 1777}
    assert len(pairing.lost) == 2499
    with pytest.raises(TableError, match="no column names photos of the folder"):
        pair(names[:1777])


def test_upper_and_lower_case_are_alike_as_a_last_resort():
    pairing = pair(["A.JPG", "IN\\B.jpg", "c.jpg"])
    assert pairing.rows == {"a.jpg": 0, "in/b.jpg": 1}
    assert pairing.regardless == ["line 2 (A.JPG)", "line 3 (IN\\B.jpg)"]
    assert pair(["a.jpg"]).regardless == []


def test_a_name_as_it_stands_comes_first():
    assert pair(["A.JPG"], paths=["a.jpg", "A.JPG"]).rows == {"A.JPG": 0}
    pairing = pair(["A.JPG", "a.jpg"])  # the first row is about a photo that has its own row
    assert (pairing.rows, pairing.lost) == ({"a.jpg": 1}, ["line 2 (A.JPG)"])


def test_what_is_not_clear_but_for_case_is_not_taken():
    (lost,) = pair(["C.jpg", "a.jpg"]).lost
    assert lost == ("line 2 (C.jpg: 2 photos have this name but for upper and lower case, in/c.jpg and out/c.jpg)")
    pairing = pair(["A.JPG", "a.JPG", "b.jpg"])
    assert (pairing.rows, pairing.lost) == ({"in/b.jpg": 2}, ["line 2 (A.JPG)", "line 3 (a.JPG)"])
