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


def test_of_a_classifier_the_log_loss_stands_beside_the_loss_and_what_it_began_as_is_only_marked(tmp_path):
    judged = {"log-loss": 0.5, "top-1": 0.7, "top-3": 0.9, "macro-f1": 0.6}
    rows = [{"epoch": epoch, "loss": 1 / epoch if epoch else nan, **judged, "best": not epoch} for epoch in range(3)]
    plot_training(rows, tmp_path / "curves.svg", title="T")
    told = svg_texts(tmp_path / "curves.svg")
    assert {
        "of what is learned from",
        "of the validation photos",
        "top-1",
        "top-3",
        "macro-f1",
        "best: epoch 0",
    } <= set(told)
