"""Sweeps: which runs a configuration asks for, what of them is done again, and what seeds come to."""

import json

import numpy as np
import pytest

from imgsim.errors import ImgsimError
from imgsim.training.run_recipe import RecipeError
from imgsim.training.sweep import read_sweep
from tests.training.embeddings.tiny import draw_classes, tiny_backbone

CONFIG = """
epochs = 1
dim = 64
batch = 8
lr = 0.01
[grid]
seed = [0, 1]
[[case]]
case = "triplet, hard"
loss = "triplet"
miner = "hard"
[[case]]
case = "contrastive"
loss = "contrastive"
[[published]]
case = "contrastive"
dim = 64
figure = 0.75
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "s.toml").write_text(CONFIG)
    return str(tmp_path / "s.toml")


def drawn_photos(tmp_path):
    from imgsim.training.run_means import ClassedPhotos

    folder = draw_classes(tmp_path / "photos", classes=8, each=4)
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    names, codes = np.unique([path.partition("/")[0] for path in paths], return_inverse=True)
    return ClassedPhotos(str(folder), paths, names.tolist(), codes)


def test_each_case_is_run_at_each_point_of_the_grid(config):
    runs = read_sweep(config, {}).runs
    names = ["triplet-hard_seed=0", "triplet-hard_seed=1", "contrastive_seed=0", "contrastive_seed=1"]
    assert [run.name for run in runs] == names
    assert [(run.recipe.loss, run.recipe.miner, run.recipe.seed) for run in runs[1:3]] == [
        ("triplet", "hard", 1),
        ("contrastive", "", 0),
    ]
    assert all(run.recipe.epochs == 1 for run in runs)


def test_what_is_given_holds_for_all_runs_which_are_then_fewer(config):
    runs = read_sweep(config, {"seed": 7, "epochs": 2}).runs
    assert [(run.name, run.recipe.epochs) for run in runs] == [("triplet-hard_seed=7", 2), ("contrastive_seed=7", 2)]


def test_the_shipped_sweep_has_the_grid_that_was_published():
    sweep = read_sweep("sop", {})
    assert len(sweep.runs) == 4 * 3 * 5
    assert {run.recipe.architecture for run in sweep.runs} == {"resnet50"}
    assert (
        {run.recipe.split for run in sweep.runs} == {row["split"] for row in sweep.published} == {"products-one-query"}
    )
    rates = [round(sweep.runs[0].recipe.lr * sweep.runs[0].recipe.rate_at(epoch), 10) for epoch in (0, 29, 30, 39)]
    assert rates == [1e-5, 1e-5, 3e-6, 3e-6]
    figures = {(row["case"], row["dim"]): row["figure"] for row in sweep.published}
    assert len(figures) == 12
    assert figures["margin, distance-weighted", 512] == 0.7993


def test_the_shipped_sweep_of_scores_has_the_margins_that_were_published():
    pytest.importorskip("torch", reason="the extra deep is not installed")
    from imgsim.training.embeddings.spelled_recipe import spelled

    sweep = read_sweep("streets", {})
    assert len(sweep.runs) == 3 * 5
    recipe = sweep.runs[0].recipe
    assert (recipe.architecture, recipe.optimizer, recipe.lr, recipe.batch) == ("resnet50", "sgd", 0.001, 64)
    assert (recipe.epochs, recipe.kind, recipe.widths, recipe.sampler) == (300, "scores", "5:30", "scores")
    assert {spelled(run.recipe).loss for run in sweep.runs} == {
        f"triplet:margin={margin},distance=cosine" for margin in (0.3, 0.5, 1.0)
    }
    for row in sweep.published:
        assert 2 * row["figure"] / (1 + row["figure"]) == pytest.approx(row["f1"], abs=1e-4)
    assert sweep.published[0] == {"case": "margin 1.0", "figure": 0.8447, "f1": 0.9158}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[grid]\ndims = [64]", r"unknown key 'dims': did you mean dim\?"),
        ("[grid]\ndim = 64", r"\[grid\] has lists of values"),
        ("[grid]\ndim = ['64']", "dim is a whole number"),
        ("[[case]]\nloss = 'triplet'", r"each \[\[case\]\] has a name"),
        ("[[case]]\ncase = 'a'\nlos = 'triplet'", "did you mean loss"),
        ("[[published]]\ncase = 'a'", r"each \[\[published\]\] has a number"),
        ("[[case]]\ncase='a'\nlr=1.0\n[[case]]\ncase='a'\nlr=2.0", "cases of one name, which differ"),
        ("[grid]\nseed = [" + "1,2,3,4,5,6,7,8,9,10," * 110 + "]\nbatch = [2,4,6,8,10,12,14,16,18,20]", "11,000 runs"),
    ],
)
def test_what_no_sweep_is_told_by_is_one_line(tmp_path, text, told):
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(RecipeError, match=told) as raised:
        read_sweep(str(tmp_path / "s.toml"), {})
    assert "\n" not in str(raised.value)


def test_runs_are_done_once_and_their_seeds_put_together(config, tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    from imgsim.images.limits import LIMITS
    from imgsim.training import run_means, run_setup, sweep_runs
    from imgsim.training.run_means import Decoder, Means

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.setattr(run_setup, "load_backbone", lambda *_: tiny_backbone())
    decoded, decode = [], run_means.decode_photos
    monkeypatch.setattr(run_means, "decode_photos", lambda *args, **more: decoded.append(1) or decode(*args, **more))
    photos = drawn_photos(tmp_path)
    sweep, said = read_sweep(config, {}), []
    sweep = sweep._replace(runs=sweep.runs[2:])
    means = Means("cpu", 1, 10**8, LIMITS, Decoder())
    done = sweep_runs.run_all(sweep, photos, str(tmp_path / "runs"), means, said.append)
    rows = sweep_runs.tabulate(sweep, done)
    assert len(decoded) == 1
    assert [(row["case"], row["part"], row["seeds"], row["published"]) for row in rows] == [
        ("contrastive", "validation", 2, 0.75),
        ("contrastive", "test", 2, 0.75),
    ]
    told = [json.loads((tmp_path / "runs" / run.name / "metrics.json").read_text()) for run in sweep.runs]
    recalls = [row["recall@1"] for one in told for row in one["outcomes"] if row["part"] == "test"][::3]
    assert rows[1]["recall@1"] == round(float(np.mean(recalls)), 4)
    assert rows[1]["low"] <= rows[1]["recall@1"] <= rows[1]["high"]
    again = sweep_runs.run_all(sweep, photos, str(tmp_path / "runs"), means._replace(decoder=None), said.append)
    assert [metrics for _, metrics in again] == [metrics for _, metrics in done]
    assert len(decoded) == 1
    torch.set_num_threads(threads)
    with pytest.raises(ImgsimError, match="begun with other options"):
        sweep_runs.run_all(read_sweep(config, {"lr": 0.5}), photos, str(tmp_path / "runs"), means, said.append)


def test_runs_of_one_split_follow_one_another_and_share_what_they_do_alike(config, tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    from imgsim.images.limits import LIMITS
    from imgsim.training import run_setup, sweep_runs
    from imgsim.training.embeddings import baseline_rows, training_crops
    from imgsim.training.run_means import Decoder, Means
    from imgsim.training.shared_work import SharedWork

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.setattr(run_setup, "load_backbone", lambda *_: tiny_backbone())
    shared = {"view_photos": training_crops, "learn_map": baseline_rows}
    counts = dict.fromkeys(shared, 0)

    def counted(name, work):
        def count(*args, **more):
            counts[name] += 1
            return work(*args, **more)

        return count

    for name, module in shared.items():
        monkeypatch.setattr(module, name, counted(name, getattr(module, name)))
    photos, said = drawn_photos(tmp_path), []
    sweep = read_sweep(config, {"views": 2, "freeze": "1"})
    means = Means("cpu", 1, 10**8, LIMITS, Decoder(), shared=SharedWork())
    done = sweep_runs.run_all(sweep, photos, str(tmp_path / "runs"), means, said.append)
    assert counts == {"view_photos": 2, "learn_map": 2}
    assert [line.partition(": ")[2] for line in said] == [
        f"{case}_seed={seed}" for seed in (0, 1) for case in ("triplet-hard", "contrastive")
    ]
    assert [run for run, _ in done] == sweep.runs
    lone = Means("cpu", 1, 10**8, LIMITS)
    apart = sweep_runs.run_all(sweep, photos, str(tmp_path / "apart"), lone, said.append)
    torch.set_num_threads(threads)
    assert [metrics for _, metrics in apart] == [metrics for _, metrics in done]
    assert counts == {"view_photos": 6, "learn_map": 6}
