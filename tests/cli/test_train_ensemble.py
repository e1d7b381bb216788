"""`imgsim train ensemble`: members of any kind, their vote, and what cannot vote together."""

import csv
import json
import tomllib

import numpy as np
import pytest

from imgsim.features.classifier import load_classifier
from imgsim.features.measure import measure_all
from tests.learned import ensemble, probe, tiny_classifier, write_model
from tests.photos import draw_photo


@pytest.fixture(autouse=True)
def cache(model_cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def things(tmp_path):
    """Three classes of twelve photos each, as folders."""
    for code in range(3):
        for place in range(12):
            draw_photo(tmp_path / "things" / f"class{code}" / f"{place}.png", 5000 + 100 * code + place)
    return tmp_path / "things"


@pytest.fixture
def members(run, things):
    for name in ("histogram:bins=2", "hog"):
        done = run("train", "probe", "things", "-o", f"{name[:3]}.onnx", "-x", name)
        assert done.code == 0, done.err
    return ["his.onnx", "hog.onnx"]


def test_a_vote_is_fitted_judged_and_told(run, members, tmp_path):
    done = run("train", "ensemble", *members, "-o", "vote.onnx", "--photos", "things", "--format", "csv")
    assert done.code == 0, done.err
    rows = list(csv.DictReader(done.out.splitlines()))
    assert [(row["part"], row["model"]) for row in rows] == [
        (part, model) for part in ("validation", "test") for model in ("his.onnx", "hog.onnx", "mean", "vote")
    ]
    assert "hog.onnx: temperature" in done.err
    assert "which validates best: log loss lower by" in done.err
    assert "learned from other photos" not in done.err
    folder = tmp_path / "vote.run"
    assert sorted(path.name for path in folder.iterdir()) == ["config.toml", "metrics.json", "splits.csv"]
    assert (folder / "splits.csv").read_text() == (tmp_path / "his.run" / "splits.csv").read_text()
    config = tomllib.loads((folder / "config.toml").read_text())
    assert (config["kind"], config["models"], config["vote"]) == ("ensemble", members, "mean")
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["gain"]["over"] in members
    listed = list(csv.DictReader((folder / "splits.csv").read_text().splitlines()))
    once = {row["copies"]: row for row in reversed(listed)}.values()
    asked = [row for row in once if row["split"] == "test"]
    classifier = load_classifier("vote.onnx")
    (said,) = measure_all([tmp_path / "things" / row["path"] for row in asked], [classifier])
    truth = np.array([classifier.labels.index(row["label"]) for row in asked])
    assert round(float(-np.log(said[np.arange(len(truth)), truth]).mean()), 4) == pytest.approx(
        float(rows[-1]["log-loss"]), abs=2e-4
    )


def test_without_photos_it_is_the_plain_mean(run, members, tmp_path):
    done = run("train", "ensemble", *members, "-o", "vote.onnx")
    assert (done.code, done.out) == (0, "")
    photo = [tmp_path / "things" / "class1" / "3.png"]
    said = measure_all(photo, [load_classifier(name) for name in (*members, "vote.onnx")])
    assert np.allclose(said[2], (said[0] + said[1]) / 2, atol=1e-6)
    for option in ("--labels", "--splits", "--key"):
        told = run("train", "ensemble", *members, "-o", "b.onnx", option, "folders").err
        assert "say by --photos which" in told or "only go" in told or "only goes" in told


def test_networks_of_several_sizes_vote_beside_a_probe(run, things, tmp_path):
    pytest.importorskip("onnx", reason="the extra deep is not installed")
    labels = ("class0", "class1", "class2")
    write_model(tmp_path / "small.onnx", tiny_classifier(crop="squash", labels=labels))
    write_model(tmp_path / "large.onnx", tiny_classifier(crop="letterbox", labels=labels, side=64, seed=2))
    write_model(tmp_path / "bits.onnx", probe("phash", labels))
    names = ["small.onnx", "large.onnx", "bits.onnx"]
    done = run("train", "ensemble", *names, "-o", "vote.onnx", "--photos", "things", "--vote", "weighted")
    assert done.code == 0, done.err
    assert "small.onnx, large.onnx, bits.onnx: learned from other photos than those that train here" in done.err
    kinds = [one["weight"] for one in load_classifier("vote.onnx").header.details["members"]]
    assert sum(kinds) == pytest.approx(1)


def test_a_configuration_names_members_and_options_come_first(run, members, tmp_path):
    (tmp_path / "vote.toml").write_text('models = ["his.onnx", "hog.onnx"]\nvote = "weighted"\nseed = 2\n')
    done = run("train", "ensemble", "-o", "vote.onnx", "--config", "vote.toml", "--temperature", "none")
    assert done.code == 0, done.err
    recipe = load_classifier("vote.onnx").header.details["recipe"]
    assert (recipe["vote"], recipe["fit"], recipe["seed"]) == ("weighted", "none", 2)
    for text, told in (
        ('model = ["a"]', "unknown option 'model': did you mean models?"),
        ('vote = "loud"', "vote is one of mean, weighted, not 'loud'"),
        ("seed = -1", "seed is a whole number"),
        ("models = 5", "models is a list of files or names"),
        ("a b", "not TOML"),
    ):
        (tmp_path / "bad.toml").write_text(text)
        done = run("train", "ensemble", *members, "-o", "b.onnx", "--config", "bad.toml")
        assert done.code == 2
        assert told in done.err.splitlines()[-1]
    shipped = run("train", "ensemble", "-o", "shop.onnx", "--config", "furniture-vote")
    assert "classifier:vgg19.onnx: no such file" in shipped.err


def test_what_cannot_vote_together_is_told_in_a_line(run, tmp_path):
    write_model(tmp_path / "a.onnx", probe("phash", ("bag", "coat", "hat")))
    write_model(tmp_path / "b.onnx", probe("phash", ("bag", "coat", "shoe", "tie")))
    write_model(tmp_path / "c.onnx", probe("phash", ("coat", "bag", "hat")))
    write_model(tmp_path / "v.onnx", ensemble(probe("phash"), probe("hog")))
    (tmp_path / "text.onnx").write_text("no model")
    for names, told in (
        (["a.onnx", "b.onnx"], "were trained on other classes: only a.onnx knows hat; only b.onnx knows shoe, tie"),
        (["a.onnx", "c.onnx"], "a.onnx and c.onnx have their classes in another order"),
        (["a.onnx", "a.onnx"], "a.onnx: the same model as one before: name each once"),
        (["a.onnx"], "an ensemble has 2 to 64 members, not 1"),
        (["a.onnx", "v.onnx"], "v.onnx: an ensemble itself: name its members"),
        (["a.onnx", "gone"], "classifier:gone: no such file, and no model was imported under that name"),
        (["a.onnx", "text.onnx"], "text.onnx: not a model that imgsim exported"),
        ([], "Missing argument 'MODEL...'"),
    ):  # fmt: skip
        done = run("train", "ensemble", *names, "-o", "vote.onnx")
        assert done.code == 2
        assert told in done.err.splitlines()[-1]
        assert not (tmp_path / "vote.onnx").exists()


def test_photos_of_other_classes_are_named_and_left_out(run, members, things, tmp_path):
    for place in range(8):
        draw_photo(things / "strange" / f"{place}.png", 9000 + place)
    done = run("train", "ensemble", *members, "-o", "vote.onnx", "--photos", "things")
    assert done.code == 0, done.err
    assert "photos of classes that the model does not know: strange" in done.err
    (tmp_path / "empty").mkdir()
    none = run("train", "ensemble", *members, "-o", "b.onnx", "--photos", "empty")
    assert (none.code, none.err.splitlines()[-1]) == (2, "imgsim: empty: no photos in this folder")


def test_a_photo_that_cannot_be_read_is_passed_over_and_named(run, members, things):
    (things / "class0" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    done = run("train", "ensemble", *members, "-o", "vote.onnx", "--photos", "things")
    assert done.code == 0, done.err
    assert "skipped class0/bad.png: " in done.err
    assert run("train", "ensemble", *members, "-o", "b.onnx", "--photos", "things", "--strict").code == 2
