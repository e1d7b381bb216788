"""Sweeps of classifiers: what the shipped ones ask for, and what seeds come to."""

import json

import numpy as np
import pytest

from imgsim.training.classifiers.classifier_recipe import ClassifierRecipe
from imgsim.training.run_recipe import RecipeError
from imgsim.training.sweep import read_sweep
from tests.training.classifiers.classified import labelled
from tests.training.embeddings.tiny import draw_classes

CONFIG = """
train = "classifier"
epochs = 1
batch = 8
freeze = "2"
views = 2
[grid]
seed = [0, 1]
[[case]]
case = "as it is"
augment = "none"
[[case]]
case = "more of it"
augment = "mean"
smoothing = 0.2
[[published]]
case = "as it is"
figure = 1.5
top-1 = 0.7
top-3 = 0.9
"""


def test_the_lost_property_system_is_shipped_with_its_figures():
    sweep = read_sweep("lost-property", {})
    assert sweep.kind is ClassifierRecipe
    told = [(run.recipe.architecture, run.recipe.optimizer, run.recipe.lr, run.recipe.batch) for run in sweep.runs]
    assert told == [("timm/legacy_xception", "adam", 1e-4, 32)] * 2
    assert [(run.recipe.augment, run.recipe.epochs, run.recipe.test) for run in sweep.runs] == [
        ("none", 10, 0.2),
        ("original", 10, 0.2),
    ]
    assert [(row["figure"], row["top-1"], row["top-3"]) for row in sweep.published] == [
        (1.451, 0.747, 0.892),
        (1.402, 0.642, 0.865),
    ]


def test_the_furniture_shop_is_shipped_with_its_grid():
    runs = read_sweep("furniture", {}).runs
    assert len(runs) == 3 * 3 * 2 * 3
    assert {run.recipe.architecture for run in runs} == {"vgg19", "resnet50", "mobilenet_v3_large"}
    assert {(run.recipe.batch, run.recipe.schedule, run.recipe.dropout) for run in runs} == {
        (batch, schedule, dropout)
        for batch in (64, 128, 256)
        for schedule in ("step", "plateau")
        for dropout in ("none", "dense", "convolutional")
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('train = "classifiers"', "train is 'embedding' or 'classifier', not 'classifiers'"),
        ('train = "classifier"\ndim = 64', "unknown key 'dim'"),
        ('train = "classifier"\n[[published]]\nfigure = 1.0\ntop-2 = 0.5', "did you mean top-3"),
    ],
)
def test_what_no_sweep_of_classifiers_is_told_by_is_one_line(tmp_path, text, told):
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(RecipeError, match=told):
        read_sweep(str(tmp_path / "s.toml"), {})


def test_its_table_says_what_validated_best_beside_what_was_published(tmp_path):
    pytest.importorskip("torch")
    from imgsim.images.limits import LIMITS
    from imgsim.training import sweep_runs
    from imgsim.training.run_means import Decoder, Means

    (tmp_path / "s.toml").write_text(CONFIG)
    photos = labelled(draw_classes(tmp_path / "photos", classes=4, each=8))
    sweep = read_sweep(str(tmp_path / "s.toml"), {})
    means = Means("cpu", 1, 10**8, LIMITS, Decoder())
    rows = sweep_runs.tabulate(sweep, sweep_runs.run_all(sweep, photos, str(tmp_path / "runs"), means, lambda _: None))
    assert [(row["case"], row["part"], row["seeds"], row["published_log-loss"]) for row in rows] == [
        ("as it is", "validation", 2, 1.5),
        ("as it is", "test", 2, 1.5),
        ("more of it", "validation", 2, None),
        ("more of it", "test", 2, None),
    ]
    metrics = [json.loads((tmp_path / "runs" / run.name / "metrics.json").read_text()) for run in sweep.runs]
    loss = [
        next(row["log-loss"] for row in one["outcomes"] if (row["part"], row["rows"]) == ("validation", "network"))
        for one in metrics
    ]
    means_of = [np.mean(loss[:2]), np.mean(loss[2:])]
    assert [row["chosen"] for row in rows[::2]] == ["yes" if mean == min(means_of) else "no" for mean in means_of]
    assert rows[0]["log-loss"] == pytest.approx(means_of[0], abs=1e-4)
    assert rows[0]["log-loss_low"] <= rows[0]["log-loss"] <= rows[0]["log-loss_high"]
    single = read_sweep(str(tmp_path / "s.toml"), {"seed": 0})
    rows = sweep_runs.tabulate(
        single, sweep_runs.run_all(single, photos, str(tmp_path / "runs"), means, lambda _: None)
    )
    (own,) = [row for row in metrics[0]["outcomes"] if (row["part"], row["rows"]) == ("test", "network")]
    assert {key: rows[1][key] for key in ("top-1", "top-1_low", "top-1_high")} == {
        key: own[key] for key in ("top-1", "top-1_low", "top-1_high")
    }


def test_runs_share_what_they_do_alike_and_learn_what_they_would_alone(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    from imgsim.images.limits import LIMITS
    from imgsim.training import sweep_runs
    from imgsim.training.classifiers import baseline_probe, class_feed
    from imgsim.training.run_means import Decoder, Means
    from imgsim.training.shared_work import SharedWork

    modules = {"keep_maps": class_feed, "fit_probe": baseline_probe}
    counts = dict.fromkeys(modules, 0)

    def counted(name, work):
        def count(*args, **more):
            counts[name] += 1
            return work(*args, **more)

        return count

    for name, module in modules.items():
        monkeypatch.setattr(module, name, counted(name, getattr(module, name)))
    (tmp_path / "s.toml").write_text(CONFIG.replace("[grid]", "[grid]\nlr = [0.001, 0.01]"))
    photos = labelled(draw_classes(tmp_path / "photos", classes=4, each=8))
    sweep = read_sweep(str(tmp_path / "s.toml"), {})
    means = Means("cpu", 1, 10**8, LIMITS, Decoder(), shared=SharedWork())
    done = sweep_runs.run_all(sweep, photos, str(tmp_path / "runs"), means, lambda _: None)
    assert len(sweep.runs) == 8
    assert counts == {"keep_maps": 4, "fit_probe": 2}
    lone = Means("cpu", 1, 10**8, LIMITS)
    apart = sweep_runs.run_all(sweep, photos, str(tmp_path / "apart"), lone, lambda _: None)
    assert [metrics for _, metrics in apart] == [metrics for _, metrics in done]
    assert counts == {"keep_maps": 4 + 8, "fit_probe": 2 + 8}
