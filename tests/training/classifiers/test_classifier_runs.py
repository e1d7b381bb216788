"""Runs of classifiers: what is learned follows from the recipe alone; a killed one goes on to the same numbers."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from imgsim.errors import EvaluationError, ImageReadError, ParameterError
from imgsim.training.classifiers.classifier_recipe import ClassifierRecipe
from tests.training.classifiers.classified import QUICK, Killed, labelled, train
from tests.training.embeddings.tiny import draw_classes

torch = pytest.importorskip("torch")
FROZEN = replace(QUICK, freeze="2", views=2, start="regression")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Five classes: 10 photos each but for the last two, of 3 and of 6."""
    folder = draw_classes(tmp_path_factory.mktemp("photos"), classes=5, each=10)
    for path in [*sorted((folder / "class3").iterdir())[3:], *sorted((folder / "class4").iterdir())[6:]]:
        path.unlink()
    return folder


def curve(trained):
    return [(one.epoch, str(one.loss), one.rate, one.figures, one.best) for one in trained.log]


@pytest.mark.parametrize(
    "recipe",
    [
        QUICK,
        replace(QUICK, augment="original", schedule="plateau", step_epochs=1, dropout="convolutional", optimizer="sgd"),
        FROZEN,
        replace(FROZEN, augment="original", unfreeze="2:1", class_weights="balanced", smoothing=0.1),
        replace(FROZEN, freeze="all", normalise="centred", crop="letterbox", average=0.9),
    ],
)
def test_a_run_that_was_killed_comes_to_the_same_numbers(drawn, tmp_path, recipe):
    whole = train(drawn, tmp_path / "whole", recipe)
    with pytest.raises(Killed):
        train(drawn, tmp_path / "killed", recipe, kill_after=2)
    on = train(drawn, tmp_path / "killed", recipe, resumed=True)
    assert curve(on) == curve(whole)
    assert on.data == whole.data
    assert [one.to_row() for one in on.outcomes] == [one.to_row() for one in whole.outcomes]
    assert whole.log[-1].epoch == 3


def test_so_does_one_whose_classes_are_not_in_the_order_of_their_names(drawn, tmp_path, monkeypatch):
    from tests.training.classifiers import classified

    def turned(folder):
        photos = labelled(folder)
        return photos._replace(names=photos.names[::-1], codes=len(photos.names) - 1 - photos.codes)

    monkeypatch.setattr(classified, "labelled", turned)
    whole = train(drawn, tmp_path / "whole")
    with pytest.raises(Killed):
        train(drawn, tmp_path / "killed", kill_after=1)
    assert train(drawn, tmp_path / "killed", resumed=True).data == whole.data


def test_memory_and_threads_change_nothing(drawn, tmp_path):
    recipe = replace(QUICK, epochs=1)
    assert curve(train(drawn, tmp_path / "little", recipe, most_bytes=10_000, jobs=3)) == curve(
        train(drawn, tmp_path / "much", recipe)
    )


def test_the_folder_tells_what_was_done(drawn, tmp_path):
    said = []
    trained = train(drawn, tmp_path / "run", said=said.append)
    folder = tmp_path / "run"
    assert ClassifierRecipe.make(ClassifierRecipe.read(str(folder / "config.toml"))) == QUICK
    log = list(csv.DictReader((folder / "log.csv").read_text().splitlines()))
    assert [float(row["log-loss"]) for row in log] == [epoch.figures["log-loss"] for epoch in trained.log]
    metrics = json.loads((folder / "metrics.json").read_text())
    assert [(row["part"], row["rows"]) for row in metrics["outcomes"]] == [
        (part, rows) for part in ("validation", "test") for rows in ("network", "regression")
    ]
    photos = {row["label"]: row["photos"] for row in metrics["counts"]}
    split = list(csv.DictReader((folder / "splits.csv").read_text().splitlines()))
    assert photos == {
        label: sum(row["label"] == label and row["split"] == "train" for row in split) for label in photos
    }
    mean = round(np.mean(list(photos.values())))
    assert {row["label"]: row["pictures"] for row in metrics["counts"]} == {
        label: max(count, mean) for label, count in photos.items()
    }
    assert f"class3: learned from 2 photos, {mean - 2} pictures made of them: {mean}" in said
    classes = list(csv.DictReader((folder / "classes.csv").read_text().splitlines()))
    assert [int(row["train"]) for row in classes] == list(photos.values())
    assert (folder / "samples.png").read_bytes().startswith(b"\x89PNG")


def test_the_model_says_what_was_judged(drawn, tmp_path, monkeypatch):
    from imgsim.evaluation.label_figures import judge_labels
    from imgsim.features.classifier import load_classifier
    from imgsim.features.measure import measure_all
    from imgsim.training.split_file import read_splits

    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "models"))
    for crop in ("whole", "letterbox", "center", "squash"):
        trained = train(drawn, tmp_path / crop, replace(FROZEN, crop=crop, epochs=1))
        (tmp_path / "m.onnx").write_bytes(trained.data)
        model = load_classifier(str(tmp_path / "m.onnx"))
        assert model.labels == tuple(f"class{number}" for number in range(5))
        split = read_splits(str(tmp_path / crop / "splits.csv"))
        places = split.asked("test")
        (rows,) = measure_all([drawn / split.paths[place] for place in places], [model])
        assert np.allclose(rows.sum(axis=1), 1, atol=1e-5)
        (outcome,) = [one for one in trained.outcomes if (one.part, one.rows) == ("test", "network")]
        judged = judge_labels(rows, split.labels[places])
        assert judged.top_1 == outcome.figures.top_1
        assert judged.log_loss.value == pytest.approx(outcome.figures.log_loss.value, abs=1e-4)


def test_a_network_that_begins_as_a_regression_is_one_until_an_epoch_is_better(drawn, tmp_path):
    trained = train(drawn, tmp_path / "run", replace(FROZEN, lr=30.0, head_lr=30.0, epochs=1))
    assert [epoch.epoch for epoch in trained.log] == [0, 1]
    figures = {(one.part, one.rows): one.figures for one in trained.outcomes}
    assert trained.best.epoch == 0
    for part in ("validation", "test"):
        network, regression = figures[part, "network"], figures[part, "regression"]
        assert network.top_1 == regression.top_1
        assert network.log_loss.value == pytest.approx(regression.log_loss.value, abs=1e-4)


def test_stages_learn_from_the_epoch_that_unfreezes_them(drawn, tmp_path):
    recipe = replace(QUICK, freeze="3", unfreeze="2:2,3:0", epochs=3)
    changed, before = [], {}

    def heard(_):
        state = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["network"]
        now = {name: tensor for name, tensor in state.items() if name.endswith("0.weight") and "stages" in name}
        changed.append([name.split(".")[1] for name in now if before and not torch.equal(now[name], before[name])])
        before.update({name: tensor.clone() for name, tensor in now.items()})

    train(drawn, tmp_path / "run", recipe, heard=heard)
    assert changed == [[], ["2"], ["0", "1", "2"]]


def learned(folder):
    """Read how many photos of each class a run learned from."""
    return json.loads((folder / "metrics.json").read_text())["counts"]


def test_photos_that_cannot_be_read_are_kept_in_the_ledger_and_the_others_learned_from(drawn, tmp_path):
    photos = draw_classes(tmp_path / "photos", classes=3, each=6)
    (photos / "class0" / "0.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    said = []
    train(photos, tmp_path / "run", replace(QUICK, epochs=1), said=said.append)
    assert [row["label"] for row in learned(tmp_path / "run")] == ["class0", "class1", "class2"]
    rows = list(csv.DictReader((tmp_path / "run" / "failures.csv").read_text().splitlines()))
    assert [row["path"] for row in rows] == ["class0/0.png"]
    assert any(line.startswith("skipped class0/0.png: ") for line in said)
    split = list(csv.DictReader((tmp_path / "run" / "splits.csv").read_text().splitlines()))
    assert len(split) == 17
    assert all(row["path"].startswith(row["label"]) for row in split)


def test_a_class_that_ends_empty_is_named(tmp_path):
    photos = draw_classes(tmp_path / "photos", classes=3, each=3)
    for path in (photos / "class1").iterdir():
        path.write_bytes(b"\x89PNG\r\n\x1a\n broken")
    with pytest.raises(
        EvaluationError, match=r"^1 class has no photo left, since none of theirs can be read \(class1\)"
    ):
        train(photos, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_all_photos_can_train(tmp_path):
    photos = draw_classes(tmp_path / "photos", classes=3, each=3)
    for recipe in (replace(QUICK, test=0.0, validation=0.0), replace(FROZEN, test=0.0, validation=0.0)):
        trained = train(photos, tmp_path / recipe.start, recipe)
        assert [row["photos"] for row in learned(tmp_path / recipe.start)] == [3, 3, 3]
        assert (trained.outcomes, trained.best.epoch) == ([], recipe.epochs)


def test_what_cannot_be_learned_is_told_before_a_folder_is_made(drawn, tmp_path):
    one = draw_classes(tmp_path / "one", classes=1, each=4)
    with pytest.raises(EvaluationError, match=r"there is one \(class0\): give two or more"):
        train(one, tmp_path / "run")
    with pytest.raises(ParameterError, match="views are what frozen stages are given"):
        train(drawn, tmp_path / "run", replace(QUICK, views=2))
    with pytest.raises(ParameterError, match="after freeze 2 it freezes fewer and fewer"):
        train(drawn, tmp_path / "run", replace(QUICK, freeze="2", unfreeze="2:2"))
    assert not (tmp_path / "run").exists()


def test_a_photo_that_is_gone_is_told_when_a_run_goes_on(tmp_path):
    photos = draw_classes(tmp_path / "photos", classes=3, each=4)
    with pytest.raises(Killed):
        train(photos, tmp_path / "run", kill_after=1)
    (photos / "class0" / "0.png").unlink()
    with pytest.raises(ImageReadError, match=r"class0/0\.png"):
        train(photos, tmp_path / "run", resumed=True)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"unfreeze": "3"}, r"^unfreeze '3': EPOCH:STAGES"),
        ({"unfreeze": "1:2"}, "epochs from 2 on"),
        ({"unfreeze": "3:2,3:1"}, "epochs from 2 on"),
        ({"smoothing": 1.0}, "^smoothing is a share, 0 or above, less than 1, not 1.0"),
        ({"augment": "all"}, "^augment is none or mean or original, not all"),
    ],
)
def test_what_is_no_recipe_is_one_line(change, told):
    with pytest.raises(ParameterError, match=told):
        replace(QUICK, **change)


def test_what_chooses_an_epoch_is_a_figure():
    from imgsim.evaluation.label_figures import NAMES

    assert ClassifierRecipe.choices["by"] == NAMES
    assert QUICK.judged({"log-loss": 0.5}) > QUICK.judged({"log-loss": 0.6})
    assert replace(QUICK, by="top-1").judged({"top-1": 0.6}) > replace(QUICK, by="top-1").judged({"top-1": 0.5})
