"""`imgsim train probe`, and what it makes as a classifier."""

import csv
import json
import tomllib

import numpy as np
import pytest

from imgsim.cli.figure_table import FIGURES
from imgsim.evaluation.label_figures import NAMES
from imgsim.features.classifier import load_classifier
from imgsim.features.measure import measure_all
from imgsim.index.index import open_index
from tests.photos import draw_photo

BASE = "histogram:bins=2"
FILES = ["config.toml", "cross_validation.csv", "metrics.json", "splits.csv"]


@pytest.fixture(autouse=True)
def cache(model_cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def things(tmp_path):
    """Three classes of ten photos each, as folders."""
    for code in range(3):
        for place in range(10):
            draw_photo(tmp_path / "things" / f"class{code}" / f"{place}.png", 5000 + 100 * code + place)
    return tmp_path / "things"


@pytest.fixture
def train(run, things):
    return lambda *more: run("train", "probe", "things", "-o", "shelf.onnx", "-x", BASE, *more)


def test_the_columns_are_those_of_what_is_judged():
    assert FIGURES == NAMES


def test_a_probe_is_learned_and_its_run_told(train, tmp_path):
    trained = train("--format", "csv")
    assert trained.code == 0, trained.err
    rows = list(csv.DictReader(trained.out.splitlines()))
    assert [(row["part"], row["photos"], row["classes"]) for row in rows] == [
        ("validation", "2", "2"),
        ("test", "6", "3"),
    ]
    assert float(rows[1]["top-1_low"]) <= float(rows[1]["top-1"]) <= float(rows[1]["top-1_high"])
    lines = trained.err.splitlines()
    assert "30 photos of 3 classes: 22 train, 2 validation, 6 test" in lines
    assert any(line.startswith("learned from 22 photos: strength ") for line in lines)
    assert lines[-1] == "shelf.onnx: use it by imgsim classify -m shelf.onnx; how it was learned is told in shelf.run"
    folder = tmp_path / "shelf.run"
    assert sorted(path.name for path in folder.iterdir()) == FILES
    config = tomllib.loads((folder / "config.toml").read_text())
    assert (config["kind"], config["folder"], config["seed"]) == ("probe", "things", 0)
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["values"] == 8
    assert metrics["outcomes"][1]["part"] == "test"
    tried = list(csv.DictReader((folder / "cross_validation.csv").read_text().splitlines()))
    assert min(float(row["log-loss"]) for row in tried) == metrics["left_out"]["log-loss"]


def test_the_file_says_of_photos_what_the_figures_are_of(train, tmp_path):
    """And its header tells of how many photos of each class it was learned, and of which."""
    trained = train("--format", "jsonl")
    test = [json.loads(line) for line in trained.out.splitlines()][1]
    rows = csv.DictReader((tmp_path / "shelf.run" / "splits.csv").read_text().splitlines())
    asked = [row for row in rows if row["split"] == "test"]
    classifier = load_classifier("shelf.onnx")
    (said,) = measure_all([tmp_path / "things" / row["path"] for row in asked], [classifier])
    truth = np.array([classifier.labels.index(row["label"]) for row in asked])
    assert round(float((said.argmax(axis=1) == truth).mean()), 4) == test["top-1"]
    assert round(float(-np.log(said[np.arange(len(truth)), truth]).mean()), 4) == pytest.approx(test["log-loss"])
    assert classifier.labels == ("class0", "class1", "class2")
    assert classifier.header.details["counts"] == [8, 7, 7]
    assert classifier.header.details["recipe"]["method"] == "logistic regression"


def test_the_same_again_is_the_same_and_replaces_it_and_another_seed_deals_otherwise(train, tmp_path):
    first = train().out, (tmp_path / "shelf.onnx").read_bytes()
    assert (train().out, (tmp_path / "shelf.onnx").read_bytes()) == first
    splits = (tmp_path / "shelf.run" / "splits.csv").read_text()
    train("--seed", "5")
    assert (tmp_path / "shelf.run" / "splits.csv").read_text() != splits


def test_the_parts_of_another_run_are_taken(train, run, tmp_path):
    train("--seed", "3")
    (tmp_path / "shelf.run" / "splits.csv").rename(tmp_path / "kept.csv")
    trained = run("train", "probe", "things", "-o", "other.onnx", "-x", "phash", "--splits", "kept.csv")
    assert trained.code == 0, trained.err
    assert (tmp_path / "other.run" / "splits.csv").read_text() == (tmp_path / "kept.csv").read_text()
    headers = [load_classifier(name).header for name in ("shelf.onnx", "other.onnx")]
    assert headers[0].parents == headers[1].parents
    assert "leave --labels out" in train("--splits", "kept.csv", "--labels", "folders").err


def test_extractors_are_joined_and_the_index_keeps_its_default(run, things):
    trained = run("train", "probe", "things", "-o", "shelf.onnx", "-x", "hog", "-x", BASE)
    assert trained.code == 0, trained.err
    classifier = load_classifier("shelf.onnx")
    assert [json.loads(base)["name"] for base in classifier.header.details["bases"]] == ["hog", "histogram"]
    assert classifier.extract([np.zeros((40, 40, 3), np.uint8)]).shape == (1, 3)
    with open_index(things) as index:
        assert [one.spec.name for one in index.extractors] == ["hog", "histogram", "phash"]
    assert "leave the weight out" in run("train", "probe", "things", "-o", "b.onnx", "-x", "hog@2").err


def test_without_an_extractor_the_indexs_own_is_taken(run, things):
    run("index", "things", "-x", "lbp")
    trained = run("train", "probe", "things", "-o", "shelf.onnx")
    assert trained.code == 0, trained.err
    assert [json.loads(base)["name"] for base in load_classifier("shelf.onnx").header.details["bases"]] == ["lbp"]


def test_classes_come_from_a_table_and_a_photo_that_cannot_be_read_is_ledgered(run, things, tmp_path):
    (things / "class0" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    lines = [f"class{code}/{place}.png,{'ab'[code % 2]}" for code in range(3) for place in range(10)]
    (tmp_path / "kinds.csv").write_text("\n".join(["path,kind", *lines, "class0/bad.png,a"]))
    trained = run("train", "probe", "things", "-o", "shelf.onnx", "-x", BASE, "--labels", "kinds.csv:kind")
    assert trained.code == 0, trained.err
    assert load_classifier("shelf.onnx").labels == ("a", "b")
    assert "class0/bad.png" in run("failures", "--index", "things").out
    strict = run("train", "probe", "things", "-o", "s.onnx", "-x", BASE, "--labels", "kinds.csv:kind", "--strict")
    assert strict.code == 2
    assert "cannot be read" in strict.err


def test_copies_of_a_photo_are_in_one_part_and_count_once(run, things, tmp_path):
    for place in range(10):
        copy = things / "class1" / f"copy{place}.png"
        copy.write_bytes((things / "class1" / f"{place}.png").read_bytes())
    trained = run("train", "probe", "things", "-o", "shelf.onnx", "-x", BASE)
    assert trained.code == 0, trained.err
    rows = list(csv.DictReader((tmp_path / "shelf.run" / "splits.csv").read_text().splitlines()))
    parts = {row["path"]: row["split"] for row in rows}
    assert all(parts[f"class1/{place}.png"] == parts[f"class1/copy{place}.png"] for place in range(10))
    assert sum(load_classifier("shelf.onnx").header.details["counts"]) == 22


def test_folders_that_nothing_can_be_learned_from_are_told_in_a_line(run, tmp_path):
    (tmp_path / "none").mkdir()
    draw_photo(tmp_path / "one" / "class" / "0.png", 1)
    draw_photo(tmp_path / "one" / "class" / "1.png", 2)
    draw_photo(tmp_path / "loose" / "0.png", 1)
    for folder, told in (
        ("none", "no photos in this folder"),
        ("one", "a classifier tells classes apart, and there is one (class): give two or more"),
        ("loose", "and there are none: give two or more"),
        ("gone", "gone"),
    ):
        done = run("train", "probe", folder, "-o", "m.onnx", "-x", BASE)
        assert done.code == 2
        assert told in done.err.splitlines()[-1]
        assert not (tmp_path / "m.onnx").exists()


def test_a_class_that_is_only_tested_is_told(train, run, tmp_path):
    train()
    splits = tmp_path / "shelf.run" / "splits.csv"
    text = splits.read_text().splitlines()
    moved = [line.replace(",train,", ",test,") if "class2" in line else line for line in text]
    (tmp_path / "moved.csv").write_text("\n".join(moved) + "\n")
    done = run("train", "probe", "things", "-o", "b.onnx", "-x", BASE, "--splits", "moved.csv")
    assert done.code == 2
    assert "1 class has no photo to learn from, only such as validate or test (class2)" in done.err


def test_nothing_but_a_classifier_is_written_over(train, tmp_path):
    (tmp_path / "shelf.onnx").write_text("mine")
    done = train()
    assert done.code == 2
    assert done.err.splitlines()[-1] == "imgsim: shelf.onnx: there already, and no model that was learned here"
    (tmp_path / "shelf.onnx").unlink()
    (tmp_path / "shelf.run").mkdir()
    (tmp_path / "shelf.run" / "mine.txt").write_text("mine")
    assert "there already, and not the run of a probe" in train().err
    assert "name it shelf.onnx" in train("-o", "shelf").err
