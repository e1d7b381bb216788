"""`imgsim evaluate classifier`, beside `imgsim evaluate FOLDER`, which goes on as it was."""

import csv
import json

import numpy as np
import pytest
from sklearn.metrics import classification_report

from imgsim.cli.commands.evaluate_classifier import PARTS
from imgsim.evaluation.class_judgement import judge_classes
from imgsim.features.classifier import load_classifier
from imgsim.features.measure import measure_all
from imgsim.training import split_file
from tests.learned import probe, write_model
from tests.photos import draw_photo

LABELS = ("class0", "class1", "class2")


@pytest.fixture(autouse=True)
def things(model_cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for code in range(3):
        for place in range(10):
            draw_photo(tmp_path / "things" / f"class{code}" / f"{place}.png", 5000 + 100 * code + place)
    write_model(tmp_path / "m.onnx", probe("phash", LABELS, seed=4))
    return tmp_path / "things"


def drawn(photos=80, classes=4):
    rng = np.random.default_rng(3)
    truth = rng.integers(classes, size=photos)
    logits = rng.normal(0, 1, (photos, classes)) + 1.5 * np.eye(classes)[truth]
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), truth


def test_what_is_told_of_classes_is_what_scikit_learn_says():
    probabilities, truth = drawn()
    judged = judge_classes(probabilities, truth, list("abcd"))
    report = classification_report(truth, probabilities.argmax(1), target_names=list("abcd"), output_dict=True)
    for row in judged.class_rows():
        theirs = report[row["class"]]
        assert [row["precision"], row["recall"], row["f1"]] == pytest.approx(
            [theirs["precision"], theirs["recall"], theirs["f1-score"]], abs=1e-4
        )
        assert row["photos"] == theirs["support"]
        assert row["recall_low"] < row["recall"] < row["recall_high"]
    said, sure = probabilities.argmax(1), probabilities.max(1)
    bins = [np.flatnonzero((sure * 15).astype(int) == b) for b in range(15)]
    gaps = [len(one) * abs((said[one] == truth[one]).mean() - sure[one].mean()) for one in bins if len(one)]
    assert judged.to_row()["ece"] == pytest.approx(sum(gaps) / len(truth), abs=1e-4)


def test_a_class_without_photos_and_one_that_is_never_said_have_no_figures_of_that():
    rows = judge_classes(np.array([[0.8, 0.1, 0.1], [0.7, 0.2, 0.1]]), np.array([0, 1]), LABELS).class_rows()
    assert [row["recall"] for row in rows] == [1.0, 0.0, None]
    assert [row["precision"] for row in rows] == [0.5, None, None]
    assert (rows[1]["taken_for"], rows[1]["times"], rows[0]["taken_for"]) == ("class0", 1, "")


def test_a_classifier_is_judged_on_a_folder_and_drawn(run, things, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    done = run("evaluate", "classifier", "m.onnx", "things", "--format", "json", "--plots", "drawn")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    paths = sorted(things.rglob("*.png"))
    (said,) = measure_all(paths, [load_classifier("m.onnx")])
    truth = np.array([LABELS.index(path.parent.name) for path in paths])
    judged = judge_classes(said, truth, LABELS)
    assert told["confusion"] == judged.confusion.tolist()
    assert told["by_class"] == judged.class_rows()
    assert {name: told[name] for name in judged.to_row()} == judged.to_row()
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == ["confidence.png", "confusion.png"]


def test_rows_are_of_the_whole_or_of_classes_and_a_table_has_both(run):
    whole = list(csv.DictReader(run("evaluate", "classifier", "m.onnx", "things", "--format", "csv").out.splitlines()))
    assert (len(whole), whole[0]["model"], whole[0]["photos"]) == (1, "m.onnx", "30")
    by_class = run("evaluate", "classifier", "m.onnx", "things", "--format", "csv", "--by-class").out
    assert [row["class"] for row in csv.DictReader(by_class.splitlines())] == list(LABELS)
    table = run("evaluate", "classifier", "m.onnx", "things", "--format", "table").out
    assert "macro-f1" in table
    assert "taken_for" in table


def test_photos_that_it_learned_from_are_told_and_left_out_by_splits(run, tmp_path):
    assert tuple(split_file.PARTS) == PARTS
    assert run("train", "probe", "things", "-o", "p.onnx", "-x", "hog").code == 0
    known = run("evaluate", "classifier", "p.onnx", "things", "--format", "json")
    assert "p.onnx learned from 22 of these 30 photos, which flatters it: --splits p.run/splits.csv" in known.err
    tested = run("evaluate", "classifier", "p.onnx", "things", "--splits", "p.run/splits.csv", "--format", "json")
    metrics = json.loads((tmp_path / "p.run" / "metrics.json").read_text())["outcomes"][1]
    told = json.loads(tested.out)
    assert {name: told[name] for name in ("photos", "log-loss", "top-1", "macro-f1")} == {
        name: metrics[name] for name in ("photos", "log-loss", "top-1", "macro-f1")
    }
    part = run("evaluate", "classifier", "p.onnx", "things", "--splits", "p.run/splits.csv", "--part", "validation")
    assert part.out.split("\t")[1] == "2"


def test_what_cannot_be_judged_is_told_in_a_line(run, things, tmp_path):
    (tmp_path / "empty").mkdir()
    draw_photo(tmp_path / "other" / "strange" / "0.png", 1)
    (tmp_path / "bad" / "class0").mkdir(parents=True)
    (tmp_path / "bad" / "class0" / "0.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    for arguments, told in (
        (["m.onnx", "empty"], "empty: no photos in this folder"),
        (["m.onnx", "other"], "no photo is of a class that the model knows: it knows class0, class1, class2"),
        (["m.onnx", "bad"], "bad: no photo can be read: class0/0.png"),
        (["gone.onnx", "things"], "classifier:gone.onnx: no such file, and no model was imported under that name"),
        (["m.onnx", "things", "--part", "test"], "--part is of --splits: give that, too"),
        (["m.onnx", "things", "--splits", "gone.csv"], "gone.csv: No such file or directory"),
        (["m.onnx"], "Missing argument 'FOLDER'"),
    ):
        done = run("evaluate", "classifier", *arguments)
        assert done.code == 2
        assert told in done.err.splitlines()[-1]


def test_classes_that_it_does_not_know_are_named_and_left_out_and_so_is_what_cannot_be_read(run, things):
    draw_photo(things / "strange" / "0.png", 1)
    (things / "class0" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    done = run("evaluate", "classifier", "m.onnx", "things", "--format", "json")
    assert json.loads(done.out)["photos"] == 30
    assert "left out 1 photo of classes that the model does not know: strange" in done.err
    assert "skipped class0/bad.png" in done.err
    assert run("evaluate", "classifier", "m.onnx", "things", "--strict").code == 2


def test_a_folder_of_that_name_is_judged_as_any_other(run, tmp_path):
    for code in range(2):
        for place in range(4):
            draw_photo(tmp_path / "classifier" / f"class{code}" / f"{place}.png", 5000 + 100 * code + place)
    for arguments in (["classifier", "-x", "phash"], ["./classifier", "-x", "phash"], ["things", "-x", "phash"]):
        done = run("evaluate", *arguments, "--retrieval-only", "--format", "csv")
        assert done.code == 0, done.err
        assert done.out.startswith("extractor,")
    assert run("evaluate", "classifier", "m.onnx", "classifier", "--format", "json").code == 0
    help_ = run("evaluate", "--help").out
    assert "classifier  Judge a classifier on the photos in FOLDER." in help_
    assert run("evaluate", "classifier", "--help").out.startswith("Usage: imgsim evaluate classifier [OPTIONS] MODEL")
