"""Grids of runs: what a file says, and what becomes of figures."""

import math

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from imgsim.training.embeddings.sweep_grid import SweepError, read_sweep, shipped_sweeps
from imgsim.training.embeddings.sweep_outcomes import estimate_over_seeds, sweep_rows

GRID = """
kind = "sweep"
title = "Two losses"
protocol = "published: elsewhere"
seeds = [3, 4]
[run]
epochs = 2
loss = "supcon"
[axes]
method = [{ name = "triplet, hard", loss = "triplet", miner = "hard" }, { name = "SupCon", batch = 8 }]
dim = [64, 128]
[[published]]
method = "SupCon"
dim = 64
"recall@1" = 0.5
"""


@pytest.fixture
def read(tmp_path):
    def make(text):
        (tmp_path / "grid.toml").write_text(text)
        return read_sweep(str(tmp_path / "grid.toml"))

    return make


def test_runs_are_all_points_with_each_seed(read):
    sweep = read(GRID)
    assert sweep.axes == ("method", "dim")
    assert [run.name for run in sweep.runs()] == [
        f"{method}_{dim}_seed{seed}" for seed in (3, 4) for method in ("triplet-hard", "SupCon") for dim in (64, 128)
    ]
    first, *_, last = sweep.runs()
    assert first.options == {"epochs": 2, "loss": "triplet", "miner": "hard", "dim": 64, "seed": 3}
    assert last.options == {"epochs": 2, "loss": "supcon", "batch": 8, "dim": 128, "seed": 4}
    assert [sweep.published_at(point) for point in sweep.points] == [{}, {}, {"recall@1": 0.5}, {}]


def test_rows_have_means_over_the_seeds_that_are_done(read):
    sweep = read(GRID)
    figures = {"SupCon_64_seed3": 0.4, "SupCon_64_seed4": 0.6, "SupCon_128_seed4": 1.0}
    done = {name: {"recall@1": figure} for name, figure in figures.items()}
    rows = sweep_rows(sweep, done, ["recall@1"])
    assert [row["seeds"] for row in rows] == [0, 0, 2, 1]
    assert [row["recall@1"] for row in rows] == [None, None, 0.5, 1]
    assert rows[2]["recall@1_low"] == pytest.approx(0.5 - 12.706 * 0.1, abs=1e-3)
    assert rows[2]["recall@1_published"] == 0.5
    assert rows[3]["recall@1_low"] is None
    unknown = dict.fromkeys(["recall@1", "recall@1_low", "recall@1_high"])
    assert rows[0] == {"method": "triplet, hard", "dim": "64", "seeds": 0, **unknown}


def test_the_interval_is_students(rng):
    values = rng.normal(0.7, 0.02, 5)
    interval = ttest_1samp(values, 0).confidence_interval(0.95)
    found = estimate_over_seeds(values.tolist())
    np.testing.assert_allclose([found.value, found.low, found.high], [values.mean(), *interval])
    assert math.isnan(estimate_over_seeds([]).value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "sweep"', "", 'not a grid of runs, which begins with kind = "sweep"'),
        ("seeds =", "seed =", "unknown key 'seed': did you mean seeds?"),
        ("[3, 4]", "[3, 3]", "seeds is a list of different whole numbers, not [3, 3]"),
        ("[3, 4]", "3", "seeds is a list of different whole numbers, not 3"),
        ("[3, 4]", "[true]", "seeds is a list of different whole numbers, not [True]"),
        ("dim = [64, 128]", "dim = 64", "axis dim is a list of values, not 64"),
        ("dim = [64, 128]", "dim = [64, 64]", "two of its runs would be called triplet-hard_64_seed3: give"),
        ('name = "SupCon", ', "", "axis method: each table of options has a name, {'batch': 8} has none"),
        ("dim = 64\n", "dim = 65\n", "published: {'method': 'SupCon', 'dim': '65'} is no point of the grid"),
        (
            '"recall@1" = 0.5',
            '"recall@1" = "half"',
            "published: {'method': 'SupCon', 'dim': 64, 'recall@1': 'half'} has no",
        ),
        ("[[published]]", "[published]", "published is a list of tables, [[published]], a point of the grid each"),
        ("[axes]", "[axis]", "unknown key 'axis': did you mean axes?"),
        ('kind = "sweep"', "kind = sweep", "not TOML ("),
    ],
)
def test_what_is_wrong_is_said_in_a_line(old, new, said, read, tmp_path):
    assert old in GRID
    with pytest.raises(SweepError) as raised:
        read(GRID.replace(old, new))
    assert str(raised.value).startswith(f"{tmp_path / 'grid.toml'}: {said}")


def test_a_grid_that_is_not_there_is_said_to_be():
    with pytest.raises(SweepError, match="^sopp: No such file or directory; imgsim ships .*sop"):
        read_sweep("sopp")


@pytest.mark.parametrize("name", shipped_sweeps())
def test_shipped_grids_can_be_read(name):
    sweep = read_sweep(name)
    assert len(sweep.runs()) == len(sweep.points) * len(sweep.seeds)
    assert sweep.protocol
    assert all(sweep.published_at(point) for point in sweep.points)


@pytest.mark.parametrize("name", shipped_sweeps())
def test_shipped_grids_name_parts_that_there_are(name):
    pytest.importorskip("torch", reason="the extra deep is not installed")
    from imgsim.models.tensors import torch
    from imgsim.training.embeddings.losses import build_loss
    from imgsim.training.embeddings.losses.base_loss import LossSetting
    from imgsim.training.embeddings.miners import build_miner
    from imgsim.training.embeddings.samplers import spell_sampler

    for point in read_sweep(name).points:
        loss = build_loss(point.options["loss"], LossSetting(10, int(point.options["dim"]), torch.Generator()))
        assert build_miner(point.options["miner"], loss).name in point.options["miner"]
        assert spell_sampler(point.options["sampler"])


def test_the_published_figures_are_those_of_the_system():
    sweep = read_sweep("sop")
    told = {}
    for point in sweep.points:
        told.setdefault(point.names["method"], []).append(sweep.published_at(point)["recall@1"])
    assert told == {
        "triplet, random": [0.7229, 0.7445, 0.7603],
        "triplet, semi-hard": [0.7278, 0.7450, 0.7589],
        "margin, random": [0.6843, 0.6922, 0.7013],
        "margin, distance-weighted": [0.7807, 0.7958, 0.7993],
    }
