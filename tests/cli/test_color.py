"""`imgsim color` and `imgsim index --colors`."""

import csv
import io
import json
import sys

import numpy as np
import PIL.Image
import pytest

from imgsim.index.index import open_index
from tests.cli.test_general import imported_by


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Photos of plain things on white, and a file that is none."""
    for name, color in {"red": (200, 20, 30), "blue": (20, 40, 160)}.items():
        image = np.full((90, 90, 3), 250, np.uint8)
        image[25:65, 25:65] = color
        PIL.Image.fromarray(image).save(tmp_path / f"{name}.png")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines(text):
    return [line.split("\t") for line in text.splitlines()]


def test_colours_are_named_in_three_columns(run):
    result = run("color", "name", "200,20,30", "#1428a0", "20,20,25")
    assert result.code == 0
    assert [line[:2] for line in lines(result.out)] == [
        ["200,20,30", "red"],
        ["20,40,160", "blue"],
        ["20,20,25", "black"],
    ]
    assert all(0.5 < float(line[2]) <= 1 for line in lines(result.out))


def test_one_colour_a_line_from_stdin(run, shell, tmp_path):
    named = run("color", "name", "1,2,3", "-", "#ffffff", stdin=b"255,0,0\r\n\n 0, 0,255 \n")
    assert [line[:2] for line in lines(named.out)] == [
        ["1,2,3", "black"],
        ["255,0,0", "red"],
        ["0,0,255", "blue"],
        ["255,255,255", "white"],
    ]
    piped = shell("printf '255,0,0\\n0,0,255' | imgsim color name - | cut -f2", tmp_path)
    assert piped.stdout == b"red\nblue\n"
    assert run("color", "name", "-", stdin=b"").out == ""


def test_formats_hold_the_same(run):
    as_jsonl = json.loads(run("color", "name", "200,20,30", "--format", "jsonl").out)
    header, as_csv = csv.reader(io.StringIO(run("color", "name", "200,20,30", "--format", "csv").out))
    assert header == list(as_jsonl) == ["color", "name", "probability"]
    assert as_csv == [str(value) for value in as_jsonl.values()]
    assert run("color", "name", "200,20,30", "--format", "table").out.split()[:5] == [*header, "200,20,30", "red"]


def test_the_reference_names_no_black(run):
    assert lines(run("color", "name", "0,0,0", "--model", "rgb").out)[0][1] != "black"


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (["1,2,3", "1,2"], None, "imgsim: colour 2: '1,2' is no colour: R,G,B of 0 to 255 each, #rrggbb or #rgb\n"),
        (["300,0,0"], None, "imgsim: colour 1: '300,0,0' is no colour"),
        (["-"], b"1,2,3\n\nred\n", "imgsim: stdin, line 3: 'red' is no colour"),
        (["1,2,3", "--model", "lag"], None, "imgsim: unknown colour-name model 'lag': did you mean lab?\n"),
        (["1,2,3", "--model", "gone.onnx"], None, "imgsim: gone.onnx: No such file"),
    ],
)
def test_a_bad_colour_is_one_line_with_its_place(run, tmp_path, monkeypatch, arguments, stdin, message):
    monkeypatch.chdir(tmp_path)
    result = run("color", "name", *arguments, stdin=stdin)
    assert result.code == 2
    assert result.err.startswith(message)
    assert result.err.count("\n") == 1


def test_naming_imports_little(tmp_path):
    imported = imported_by("color", "name", "1,2,3")
    assert "onnxruntime" in imported
    assert not imported & {"torch", "scipy", "sklearn", "cv2", "PIL", "rich", "mahotas", "sqlite3"}


def test_photos_are_labelled(run, photos):
    result = run("color", "label", "red.png", "blue.png")
    assert result.code == 0
    assert [(line[0], line[3]) for line in lines(result.out)] == [("red.png", "red"), ("blue.png", "blue")]
    _, share, color, _, probability = lines(result.out)[0]
    assert float(share) == 1
    assert color == "#c8141e"
    assert 0.5 < float(probability) <= 1


def test_an_unreadable_photo_is_told_and_the_rest_goes_on(run, photos):
    result = run("color", "label", "red.png", "bad.png", "blue.png", "--format", "jsonl")
    assert result.code == 2
    assert result.err == "imgsim: bad.png: not a picture that imgsim reads\n"
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [row["path"] for row in rows] == ["red.png", "blue.png"]
    assert list(rows[0]) == ["path", "share", "hex", "name", "probability"]


def test_a_table_of_all_photos_has_one_header(run, photos):
    table = run("color", "label", "red.png", "blue.png", "--format", "table").out.splitlines()
    assert [line.split()[0] for line in table] == ["path", "red.png", "blue.png"]


def test_paths_and_a_picture_come_through_stdin(run, photos):
    assert lines(run("color", "label", "-", stdin=b"red.png\0blue.png\0").out)[1][3] == "blue"
    assert lines(run("color", "label", "-", stdin=(photos / "red.png").read_bytes()).out)[0][::3] == ["-", "red"]


def test_a_grid_shows_each_photo_what_counts_and_its_colours(run, photos):
    result = run("color", "label", "red.png", "bad.png", "blue.png", "--grid", "grid.png")
    assert result.code == 2
    with PIL.Image.open("grid.png") as grid:
        pixels = np.asarray(grid)
    for color in ((200, 20, 30), (20, 40, 160)):
        bar = (pixels == color).all(axis=2)
        assert bar.sum() > 200 * 200  # the thing, what counts, and a bar of its own as wide and high as a cell
    assert run("color", "label", "red.png", "--grid", "grid.jpg").code == 2
    one = run("color", "label", "bad.png", "--grid", "none.png")
    assert one.code == 2
    assert not (photos / "none.png").exists()


def test_index_with_colours_says_so_and_keeps_them(run, photos):
    assert run("index", ".", "-x", "phash", "--colors", "-q").code == 0
    with open_index(photos) as index:
        labels = index._store.labels(index._store.part_keys()[0].tolist())
        assert {label.path: label.attributes["color"] for label in labels} == {"red.png": "red", "blue.png": "blue"}
    assert json.loads(run("info", ".", "--format", "json").out)["colors"].startswith("lab-")
    run("index", ".", "--no-colors", "-q")
    assert "colors: not measured\n" in run("info", ".").out


def test_a_model_is_trained_judged_and_used(run, tmp_path, monkeypatch, color_data):
    pytest.importorskip("torch", reason="the extra deep is not installed")
    monkeypatch.chdir(tmp_path)
    result = run("color", "train", color_data, "-a", "rgb", "-o", "own.onnx")
    assert result.code == 0
    assert result.out == ""
    assert result.err.startswith("own.onnx: accuracy 0.")
    assert "# The colour-name model `rgb`" in (tmp_path / "own.md").read_text()
    judged = run("color", "evaluate", color_data, "--model", "own.onnx", "--format", "json")
    report = json.loads(judged.out)
    assert report["names"] == ["blue", "green", "red"]
    assert report["answers"]["count"] == 60
    assert f"accuracy {report['answers']['accuracy']:.4f} on 60 rows held out" in result.err
    assert judged.err == "60 of 600 rows, held out when own.onnx was trained; --all takes all\n"
    table = run("color", "evaluate", color_data, "--model", "own.onnx").out
    assert f"{report['answers']['accuracy']:.4f}" in table
    assert f"{len(report['contributors'])} contributors" in table
    everything = json.loads(
        run("color", "evaluate", color_data, "--model", "own.onnx", "--all", "--format", "json").out
    )
    assert everything["answers"]["count"] == 600
    assert lines(run("color", "name", "250,3,4", "--model", "own.onnx").out)[0][1] == "red"


def test_other_rows_are_all_taken(run, color_data):
    result = run("color", "evaluate", color_data, "--format", "json")
    assert result.err == "all 600 rows: lab was trained on others\n"
    report = json.loads(result.out)
    assert report["answers"]["count"] == 600
    low, high = report["answers"]["interval"]
    assert low < report["answers"]["accuracy"] < high
    assert len(report["answers"]["confusion"]) == len(report["names"]) == 11
    assert sum(one["rows"] for one in report["contributors"]) == 600


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "gone.json", "-o", "m.onnx"], "imgsim: gone.json: No such file"),
        (["train", "rows.json", "-o", "m.pth"], "name it m.pth.onnx"),
        (["train", "rows.json", "-o", "m.onnx"], "imgsim: rows.json: row 1: not an object with r, g, b and label"),
        (["evaluate", "rows.json"], "imgsim: rows.json: row 1: not an object"),
        (["evaluate"], "Missing argument"),
        (["train", "rows.json"], "--output"),
    ],
)
def test_mistakes_of_training_are_told(run, tmp_path, monkeypatch, arguments, message):
    (tmp_path / "rows.json").write_text("[1]")
    monkeypatch.chdir(tmp_path)
    result = run("color", *arguments)
    assert result.code == 2
    assert message in result.err
    assert result.out == ""


def test_a_missing_torch_names_its_extra(shell, tmp_path, color_data):
    (tmp_path / "torch.py").write_text("raise ImportError('none here')")
    line = f"PYTHONPATH=.:$PYTHONPATH {sys.executable} -m imgsim color train {color_data} -o m.onnx"
    result = shell(line, tmp_path)
    assert result.returncode == 2
    assert result.stderr == b"imgsim: torch is not installed: pip install 'imgsim[deep]'\n"
