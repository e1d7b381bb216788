"""What a program calls gives what the command of the same job says."""

import csv
import json
import tomllib

import numpy as np
import PIL.Image
import pytest

import imgsim
from imgsim.errors import EvaluationError, ImgsimError, ParameterError
from imgsim.index.index_matches import match_indexes
from imgsim.index.update import update_index
from imgsim.segment.part_finder import PartFinder
from imgsim.training.classifiers.probe_run import train_probe
from imgsim.training.embeddings.linear.linear_run import train_linear
from tests.photos import draw_photo


def lines(told):
    assert told.code == 0, told.err
    return [json.loads(line) for line in told.out.splitlines()]


@pytest.fixture(autouse=True)
def place(model_cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def things(tmp_path):
    """Three classes of eight photos each, as folders, and two of them twice; indexed by two extractors."""
    for code in range(3):
        for number in range(8):
            draw_photo(tmp_path / "things" / f"class{code}" / f"{number}.png", 7000 + 100 * code + number)
    for number in range(2):
        draw_photo(tmp_path / "things" / "class0" / f"copy{number}.png", 7000 + number)
    update_index("things", extractors=["histogram:bins=2", "phash"])


def test_classify(run, make_photos):
    photos = sorted(make_photos(3).iterdir())
    rows = lines(run("classify", *photos, "--format", "jsonl", "-k", 3))
    said = [label for labels in imgsim.classify(photos) for label in labels]
    assert [(row["rank"], row["label"], row["probability"]) for row in rows] == said


def test_find_parts(run, tmp_path):
    pixels = np.full((90, 140, 3), 210, np.uint8)
    pixels[25:70, 40:110] = 160, 30, 60
    PIL.Image.fromarray(pixels).save("thing.png")
    (row,) = lines(run("segment", "thing.png", "-o", "out", "--format", "jsonl"))
    found = PartFinder.of_text("grabcut").find("thing.png")
    (part,) = found.parts
    assert row == {"path": "thing.png", "part": part.name, **part.box._asdict(), "area_share": part.area_share}
    assert np.array_equal(found.labels, np.asarray(PIL.Image.open(tmp_path / "out" / "thing-mask.png")))


@pytest.fixture
def desk(make_photos):
    """Two lost and five found things, one of which was photographed twice."""
    update_index(make_photos("1.png", "4.png", folder="lost"), extractors=["histogram", "phash"])
    update_index(make_photos(5, folder="found"), extractors=["histogram", "phash"])
    with imgsim.open_index("found") as index, index.writing() as writer:
        writer.set_attributes("found/0.png", ["item=A", "day=2026-11-02"])
        writer.set_attributes("found/1.png", ["item=A", "day=2026-11-02"])
        writer.set_attributes("found/3.png", ["day=2026-10-01"])
    with imgsim.open_index("lost") as index, index.writing() as writer:
        writer.set_attributes("lost/1.png", ["day=2026-11-01"])


@pytest.mark.parametrize(
    ("options", "choices"),
    [
        ([], {}),
        (["-k", 2, "-x", "phash", "--max-distance", "30b"], {"k": 2, "extractors": "phash", "max_distance": "30b"}),
        (["--thing", "item", "--assign"], {"thing": "item", "one_to_one": True}),
        (["--on", "found.day >= lost.day"], {"on": "found.day >= lost.day"}),
        (["--lost", "has day", "--found", "path < '3'"], {"lost_where": "has day", "found_where": "path < '3'"}),
        (["--rerank", "k_reciprocal"], {"rerank": "k_reciprocal"}),
    ],
    ids=lambda given: " ".join(map(str, given)) if isinstance(given, list) else "",
)
def test_match(run, desk, options, choices):
    rows = lines(run("match", "lost", "found", *options, "--format", "jsonl"))
    with imgsim.open_index("lost") as lost, imgsim.open_index("found") as found:
        matches = match_indexes(lost, found, **choices)
    assert [(row["lost"], row["found"], row["rank"], row["mutual"]) for row in rows] == [
        (one.lost.path, one.match.path, one.match.rank, one.mutual) for one in matches
    ]
    assert [row["distance"] for row in rows] == pytest.approx([one.match.distance for one in matches])
    assert [row.get("assigned", False) for row in rows] == [one.assigned for one in matches]


def test_match_within_one_index(run, desk):
    sides = "path < '2'", "path >= '2'"
    rows = lines(run("match", "--index", "found", "--lost", sides[0], "--found", sides[1], "--format", "jsonl"))
    with imgsim.open_index("found") as one, imgsim.open_index("found") as again:
        matches = match_indexes(one, again, lost_where=sides[0], found_where=sides[1])
        with pytest.raises(ImgsimError, match="lost and found are the same 5 photos"):
            match_indexes(one, one)
    assert [(row["lost"], row["found"]) for row in rows] == [(one.lost.path, one.match.path) for one in matches]
    assert len(matches) == 2 * 3


def test_train_probe_takes_no_weights(things):
    with (
        imgsim.open_index("things") as index,
        pytest.raises(ParameterError, match="histogram:bins=2@3: what"),
    ):
        train_probe(index, "made.onnx", extractors=["phash", "histogram:bins=2@3"])


def test_train_probe(run, things, tmp_path):
    said = run("train", "probe", "things", "-x", "histogram:bins=2", "-o", "told.onnx", "--format", "csv")
    assert said.code == 0, said.err
    heard = []
    with imgsim.open_index("things") as index:
        learned = train_probe(index, tmp_path / "made.onnx", extractors="histogram:bins=2", said=heard.append)
    assert (tmp_path / "made.onnx").read_bytes() == (tmp_path / "told.onnx").read_bytes()
    assert [row["part"] for row in csv.DictReader(said.out.splitlines())] == [row["part"] for row in learned.outcomes]
    assert set(heard) <= set(said.err.splitlines())
    told, made = (tomllib.loads((tmp_path / f"{name}.run" / "config.toml").read_text()) for name in ("told", "made"))
    assert {**made, "folder": "things", "index": None} == {**told, "index": None}


def test_train_linear(run, things, tmp_path):
    said = run("train", "linear", "things", "-x", "histogram:bins=2", "-o", "told.onnx", "--method", "lda")
    assert said.code == 0, said.err
    heard = []
    with imgsim.open_index("things") as index:
        choices = {"extractor": "histogram:bins=2", "method": "lda", "said": heard.append}
        learned = train_linear(index, tmp_path / "made.onnx", **choices)
    assert (tmp_path / "made.onnx").read_bytes() == (tmp_path / "told.onnx").read_bytes()
    assert json.loads((tmp_path / "told.run" / "metrics.json").read_text())["held_out"] == learned.figures()
    assert any("2 photos are copies" in line for line in heard)
    assert set(heard) <= set(said.err.splitlines())


def test_classes_may_be_told_by_path(things, tmp_path):
    """As seen from here, or within the folder; what is None has none, and what is not there is said."""
    labels = {f"things/class{code}/{number}.png": f"class{code}" for code in range(3) for number in range(8)}
    within = {path.removeprefix("things/"): label for path, label in labels.items()}
    heard, figures = [], []
    with imgsim.open_index("things") as index:
        for place, told in enumerate((labels, within, {**within, "class0/copy0.png": None, "gone.png": "class9"})):
            made = train_linear(index, f"{place}.onnx", told, extractor="histogram:bins=2", said=heard.append)
            figures.append(made.figures())
        with pytest.raises(EvaluationError, match=r"none of the 1 photos that are named is here: gone\.png"):
            train_linear(index, "none.onnx", {"gone.png": "class9"}, extractor="histogram:bins=2")
        with pytest.raises(ImgsimError, match="no attribute 'kind'|kind"):
            train_linear(index, "none.onnx", "attribute:kind", extractor="histogram:bins=2")
    assert figures[0] == figures[1] == figures[2]
    assert "1 named photos are not here: gone.png" in heard
    assert not (tmp_path / "none.onnx").exists()


def test_what_stands_there_is_not_written_over(things, tmp_path):
    (tmp_path / "mine.onnx").write_text("mine")
    with imgsim.open_index("things") as index:
        for train in (train_linear, train_probe):
            with pytest.raises(ImgsimError, match="there already, and no model"):
                train(index, "mine.onnx")
    assert (tmp_path / "mine.onnx").read_text() == "mine"
