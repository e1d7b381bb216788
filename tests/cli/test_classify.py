"""`imgsim classify`."""

import csv
import io
import json
import shutil

import pytest

from imgsim.cli.commands.classify import COLUMNS
from imgsim.features.office_categories import office_categories
from tests.cli.test_general import imported_by
from tests.learned import LABELS, probe, write_model
from tests.photos import draw_photo


@pytest.fixture
def folder(model_cache, tmp_path, monkeypatch):
    """Two photos and a file that is none, seen from their folder."""
    for seed, name in enumerate(("a.png", "b c.png")):
        draw_photo(tmp_path / name, seed, (320, 240))
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows_of(result):
    return [line.split("\t") for line in result.out.splitlines()]


def test_a_row_a_rank(run, folder):
    result = run("classify", "a.png", "b c.png")
    assert (result.code, result.err) == (0, "")
    assert [row[:2] for row in rows_of(result)] == [
        [path, str(rank)] for path in ("a.png", "b c.png") for rank in (1, 2, 3)
    ]
    names = {category.english for category in office_categories()} | {"other"}
    for _, _, label, probability in rows_of(result):
        assert label in names
        assert 0 <= float(probability) <= 1


def test_every_format_says_the_same(run, folder):
    tsv = rows_of(run("classify", "a.png", "-k", "2"))
    jsonl = [json.loads(line) for line in run("classify", "a.png", "-k", "2", "--format", "jsonl").out.splitlines()]
    listed = json.loads(run("classify", "a.png", "-k", "2", "--format", "json").out)
    comma = list(csv.reader(io.StringIO(run("classify", "a.png", "-k", "2", "--format", "csv").out)))
    assert comma == [list(COLUMNS), *tsv]
    assert listed == jsonl
    assert [[str(row[name]) for name in COLUMNS] for row in jsonl] == tsv
    assert "probability" in run("classify", "a.png", "--format", "table").out.splitlines()[0]


def test_all_kinds_sum_to_one_and_those_of_an_office_too(run, folder):
    for kinds, count in (("office", 27), ("imagenet", 1000)):
        rows = rows_of(run("classify", "a.png", "--kinds", kinds, "-k", "2000"))
        assert len(rows) == count
        assert sum(float(row[3]) for row in rows) == pytest.approx(1, abs=1e-3)


def test_names_are_korean_where_that_is_asked_for(run, folder):
    english, korean = (rows_of(run("classify", "a.png", "-k", "27", "--language", one)) for one in ("en", "ko"))
    names = {category.english: category.korean for category in office_categories()} | {"other": "기타"}
    assert [[*row[:2], names[row[2]], row[3]] for row in english] == korean


def test_labels_are_listed_and_which_need_training(run):
    result = run("classify", "--labels", "--format", "jsonl")
    listed = {row["label"]: row["kinds"] for row in map(json.loads, result.out.splitlines())}
    assert listed == {category.english: list(category.kinds) for category in office_categories()} | {"other": []}
    assert result.err.startswith("securities, certificates, card, cash: none of the 1,000 kinds is filed there")
    assert len(run("classify", "--labels", "--kinds", "imagenet").out.splitlines()) == 1000


def test_paths_come_from_stdin_and_leave_as_they_came(run, folder):
    assert rows_of(run("classify", "-", stdin=b"a.png\0b c.png\0")) == rows_of(run("classify", "a.png", "b c.png"))
    assert rows_of(run("classify", "-", stdin=(folder / "a.png").read_bytes()))[0][0] == "-"
    assert run("classify", "a.png", "b c.png", "-0").out == "./a.png\0./b c.png\0"
    assert run("classify", "a.png", "--format", "paths").out == "./a.png\n"


def test_a_folder_stands_for_its_photos(run, folder):
    shutil.move("broken.jpg", "broken.txt")
    assert [row[0] for row in rows_of(run("classify", ".", "-k", "1"))] == ["./a.png", "./b c.png"]


def test_a_photo_that_cannot_be_read_stops_no_other(run, folder):
    result = run("classify", "a.png", "broken.jpg", "gone.png", "b c.png", "-k", "1")
    assert result.code == 2
    assert [row[0] for row in rows_of(result)] == ["a.png", "b c.png"]
    assert [line.split(": ")[:2] for line in result.err.splitlines()] == [
        ["imgsim", "broken.jpg"],
        ["imgsim", "gone.png"],
    ]


def test_only_some_labels_are_wanted(run, folder):
    (path, _, label, _), (_, _, other, _) = rows_of(run("classify", "a.png", "-k", "2"))
    assert run("classify", "a.png", "--only", label, "--format", "paths").out == f"./{path}\n"
    assert run("classify", "a.png", "--only", other)[:2] == (1, "")
    result = run("classify", "a.png", "--only", "walet")
    assert (result.code, result.err) == (2, "imgsim: unknown label 'walet': did you mean wallet?\n")


def test_by_a_model_that_was_trained(run, folder):
    write_model(folder / "things.onnx", probe())
    by_file = run("classify", "a.png", "-m", "things.onnx")
    assert by_file.code == 0
    assert {row[2] for row in rows_of(by_file)} == set(LABELS)
    assert run("classify", "--labels", "-m", "things.onnx").out.splitlines() == list(LABELS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'PHOTO...'"),
        (["a.png", "-0", "--format", "csv"], "-0 writes paths"),
        (["a.png", "-m", "gone.onnx"], "gone.onnx: no such file, and no model was imported under that name"),
        (["a.png", "-m", "x", "--kinds", "office"], "leave out -m"),
        (["a.png", "--kinds", "imagenet", "--language", "ko"], "have English names"),
        (["--labels", "-0"], "--labels writes labels"),
        (["a.png", "-k", "0"], "-k"),
    ],
)
def test_mistakes_are_one_line(run, folder, arguments, message):
    result = run("classify", *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err.splitlines()[-1]


def test_torch_is_not_imported(folder):
    imported = imported_by("classify", "a.png")
    assert "onnxruntime" in imported
    assert not imported & {"torch", "torchvision", "scipy", "sklearn", "sqlite3", "rich"}
