"""Curves of a training in which no photos validate."""

from math import nan

import pytest

pytest.importorskip("matplotlib", reason="the extra plots is not installed")

from imgsim.reports.training_curves import plot_training
from tests.reports.pictures import svg_texts


def test_without_validation_the_loss_alone_is_drawn(tmp_path):
    rows = [{"epoch": epoch, "loss": 1 / epoch, "recall@1": nan, "map@r": nan, "best": 1} for epoch in (1, 2)]
    plot_training(rows, tmp_path / "curves.svg", title="T")
    told = svg_texts(tmp_path / "curves.svg")
    assert "loss" in told
    assert not {"recall@1", "map@r"} & set(told)
