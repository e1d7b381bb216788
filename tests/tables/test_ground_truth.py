"""Labels and scores, from folders and tables; what does not fit is said by name and count."""

import unicodedata

import numpy as np
import pytest

from imgsim.errors import ParameterError, TableError, UnknownNameError
from imgsim.tables.ground_truth import read_labels, read_scores

PATHS = ["bags/a.jpg", "bags/b.jpg", "coats/c.jpg", "loose.jpg"]


@pytest.fixture
def table(tmp_path):
    def write(text, encoding="utf-8", name="labels.csv"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return f"{path}:kind"

    return write


def named(labels):
    return [labels.names[code] if code >= 0 else None for code in labels.codes]


def test_a_photo_is_what_its_folder_is_called(tmp_path):
    labels = read_labels("folders", str(tmp_path), [*PATHS, "shelf/bags/d.jpg"])
    assert named(labels) == ["bags", "bags", "coats", None, "shelf/bags"]
    assert labels.names == ("bags", "coats", "shelf/bags")
    assert labels.remarks == ["1 photos lie in no sub-folder and have no label: loose.jpg"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_says_what_each_photo_is(tmp_path, table, encoding):
    source = table("file,kind\na.jpg,Täsche\nbags/b.jpg,Täsche\ncoats/c.jpg,007\n", encoding)
    labels = read_labels(source, str(tmp_path), PATHS)
    assert named(labels) == ["Täsche", "Täsche", "007", None]
    assert labels.remarks == ["1 photos have no label: loose.jpg"]


def test_another_encoding_has_to_be_named(tmp_path, table):
    source = table("file,kind\na.jpg,Täsche\n", "cp1252")
    with pytest.raises(TableError, match="line 2 is not UTF-8") as caught:
        read_labels(source, str(tmp_path), PATHS)
    assert caught.value.remedy == "name-encoding"
    assert named(read_labels(source, str(tmp_path), PATHS, encoding="cp1252"))[0] == "Täsche"


def test_rows_that_do_not_fit_are_counted_and_named(tmp_path, table):
    source = table("file,kind\na.jpg,bag\na.jpg,bag\nb.jpg,bag\nb.jpg,coat\nghost.jpg,bag\nc.jpg,coat\nloose.jpg,\n")
    labels = read_labels(source, str(tmp_path), PATHS)
    assert named(labels) == ["bag", None, "coat", None]
    repeated, torn, lost, without = labels.remarks
    assert repeated == "1 rows repeat an earlier one: line 3 (bags/a.jpg)"
    assert torn == "1 photos have several values of kind and are left out: bags/b.jpg (bag, coat)"
    assert lost.startswith("1 rows name no photo: ")
    assert "ghost.jpg" in lost
    assert without == "2 photos have no label: bags/b.jpg, loose.jpg"


def test_long_lists_are_cut(tmp_path, table):
    source = table("file,kind\na.jpg,bag\nb.jpg,coat\n" + "".join(f"ghost{n}.jpg,bag\n" for n in range(9)))
    (lost, _) = read_labels(source, str(tmp_path), PATHS).remarks
    assert lost.startswith("9 rows name no photo: ")
    assert lost.endswith(" and 6 more")


def test_a_pattern_may_say_which_photo(tmp_path, table):
    source = table("shelf,kind\nbags,x\ncoats,y\n")
    assert named(read_labels(source, str(tmp_path), PATHS, key="{shelf}/*")) == ["x", "x", "y", None]


@pytest.mark.parametrize(
    ("source", "error"), [("labels.csv", ParameterError), (":kind", ParameterError), ("labels.csv:", ParameterError)]
)
def test_the_form_is_explained(tmp_path, source, error):
    with pytest.raises(error, match="write FILE:COLUMN"):
        read_labels(source, str(tmp_path), PATHS)


def test_an_unknown_column_is_named_with_the_nearest(tmp_path, table):
    source = table("file,kinds\na.jpg,bag\n")
    with pytest.raises(UnknownNameError, match="did you mean kinds"):
        read_labels(source, str(tmp_path), PATHS)


def test_scores_beyond_all_floats_are_no_numbers(tmp_path, table):
    source = table(f'{{"file": "a.jpg", "kind": 1{"0" * 400}}}\n{{"file": "b.jpg", "kind": 2}}\n', name="scores.jsonl")
    np.testing.assert_array_equal(read_scores(source, str(tmp_path), PATHS).values, [np.nan, 2, np.nan, np.nan])


def test_a_class_is_one_however_unicode_writes_it(tmp_path, table):
    decomposed = unicodedata.normalize("NFD", "Täsche")
    paths = ["Täsche/a.jpg", f"{decomposed}/b.jpg"]
    assert named(read_labels("folders", str(tmp_path), paths)) == ["Täsche", "Täsche"]
    source = table(f"file,kind\na.jpg,{decomposed}\nb.jpg,Täsche\n")
    assert named(read_labels(source, str(tmp_path), paths)) == ["Täsche", "Täsche"]


def test_scores_are_finite_numbers(tmp_path, table):
    source = table("file,kind\na.jpg,1.5\nb.jpg,nan\nc.jpg,-2\nloose.jpg,many\n")
    scores = read_scores(source, str(tmp_path), PATHS)
    np.testing.assert_array_equal(scores.values, [1.5, np.nan, -2, np.nan])
    (odd,) = scores.remarks
    assert odd.startswith("2 scores are not finite numbers and are left out: bags/b.jpg (nan), loose.jpg (many)")


def test_the_end_of_a_path_is_enough_where_one_photo_has_it(tmp_path, table):
    source = table("file,kind\nbags/a.jpg,bag\nold/b.jpg,coat\n")
    labels = read_labels(source, str(tmp_path), ["x/bags/a.jpg", "x/old/b.jpg", "y/old/b.jpg", "y/cold/b.jpg"])
    assert named(labels) == ["bag", None, None, None]
    assert "2 photos have this name" in labels.remarks[0]


def test_a_photo_named_in_two_ways_is_one(tmp_path, table):
    source = table("file,kind\nbags/a.jpg,bag\n./bags/a.jpg,bag\na.jpg,bag\nb.jpg,bag\nbags//b.jpg,coat\nc.jpg,coat\n")
    labels = read_labels(source, str(tmp_path), PATHS)
    assert named(labels) == ["bag", None, "coat", None]
    assert labels.remarks[:2] == [
        "2 rows repeat an earlier one: line 3 (bags/a.jpg), line 4 (bags/a.jpg)",
        "1 photos have several values of kind and are left out: bags/b.jpg (bag, coat)",
    ]


def test_rows_that_a_pattern_makes_the_same_are_one(tmp_path, table):
    source = table("shelf,kind\nbags,1\nbags,1\ncoats,2\ncoats,3\nhats,2\n")
    scores = read_scores(source, str(tmp_path), PATHS, key="{shelf}/*")
    np.testing.assert_array_equal(scores.values, [1, 1, np.nan, np.nan])
    repeated, torn, lost, _ = scores.remarks
    assert repeated == "1 rows repeat an earlier one: line 3 (bags)"
    assert torn == "1 values of shelf have several values of kind and are left out: coats (2, 3)"
    assert lost == "1 rows name no photo: line 6 (hats)"


def test_an_empty_cell_beside_a_full_one_is_said_readably(tmp_path, table):
    source = table("file,kind\na.jpg,\na.jpg,bag\nb.jpg,bag\nc.jpg,coat\n")
    torn, _ = read_labels(source, str(tmp_path), PATHS).remarks
    assert torn == "1 photos have several values of kind and are left out: bags/a.jpg (no value, bag)"


@pytest.mark.parametrize("read", [read_labels, read_scores])
def test_lists_and_objects_are_no_labels(tmp_path, table, read):
    lines = ['{"file": "a.jpg", "kind": ["x", "y"]}', '{"file": "b.jpg", "kind": 1}']
    lines += ['{"file": "c.jpg", "kind": {"x": 1}}', '{"file": "loose.jpg", "kind": 2}']
    source = table("\n".join(lines), name="labels.jsonl")
    found = read(source, str(tmp_path), PATHS)
    file = source.removesuffix(":kind")
    odd, without = found.remarks
    assert odd == f"2 rows of {file} have a list or an object for kind and are left out: line 1, line 3"
    assert without.startswith("2 photos have no ")


def test_nan_is_no_label(tmp_path, table):
    rows = '{"file": "a.jpg", "kind": NaN}\n{"file": "b.jpg", "kind": 1.0}\n{"file": "c.jpg", "kind": 2.0}\n'
    labels = read_labels(table(rows, name="labels.jsonl"), str(tmp_path), PATHS)
    assert (labels.names, named(labels)) == (("1", "2"), [None, "1", "2", None])
    assert labels.remarks == ["2 photos have no label: bags/a.jpg, loose.jpg"]


def test_nan_in_parquet_is_no_label(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {"file": ["a.jpg", "b.jpg", "c.jpg"], "kind": [float("nan"), 1.0, 2.0]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "labels.parquet")
    labels = read_labels(f"{tmp_path}/labels.parquet:kind", str(tmp_path), PATHS)
    assert (labels.names, named(labels)) == (("1", "2"), [None, "1", "2", None])


def test_one_class_is_said_by_name_and_count(tmp_path, table):
    labels = read_labels(table("file,kind\na.jpg,bag\nb.jpg,bag\n"), str(tmp_path), PATHS)
    assert labels.remarks[-1].startswith("the 2 photos with a label are all of one class, bag: ")
    folders = read_labels("folders", str(tmp_path), PATHS[:2])
    assert folders.remarks[-1].startswith("the 2 photos with a label are all of one class, bags: ")
    assert read_labels("folders", str(tmp_path), PATHS[:3]).remarks == []


@pytest.mark.parametrize(
    ("cells", "values", "said"),
    [
        (["12,5", "1.299,00", "7"], [12.5, 1299, 7], ["scores are read with a decimal comma"]),
        (["€ 5", "6.50 EUR", "7"], [5, 6.5, 7], ["scores are read, currencies left out"]),
        (["€ 5", "$ 5", "7"], [np.nan, np.nan, 7], ["2 scores are not finite numbers and are left out"]),
        (["30,000", "5,000", "7"], [np.nan, np.nan, 7], ["2 scores are not finite numbers and are left out"]),
        (["12,5", "n/a", "7"], [np.nan, np.nan, 7], ["2 scores are not finite numbers and are left out"]),
    ],
)
def test_scores_as_people_write_them(tmp_path, table, cells, values, said):
    rows = "".join(f"{path};{cell}\n" for path, cell in zip(PATHS, cells, strict=False))
    scores = read_scores(table(f"file;kind\n{rows}"), str(tmp_path), PATHS)
    np.testing.assert_array_equal(scores.values, [*values, np.nan])
    assert [remark.partition(":")[0] for remark in scores.remarks] == [*said, "1 photos have no score"]


def test_labels_are_found_in_other_upper_and_lower_case(tmp_path, table):
    labels = read_labels(table("file,kind\nA.JPG,bag\nb.jpg,coat\n"), str(tmp_path), PATHS)
    assert named(labels) == ["bag", "coat", None, None]
    assert labels.remarks[0] == "1 rows name their photo in other upper and lower case: line 2 (A.JPG)"
    exact = read_labels(table("file,kind\nA.JPG,bag\na.jpg,coat\n"), str(tmp_path), PATHS)
    assert named(exact) == ["coat", None, None, None]
