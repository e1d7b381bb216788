"""Figures of probabilities, beside scikit-learn's and a plain loop."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, log_loss, top_k_accuracy_score

from imgsim.evaluation.label_figures import NAMES, judge_labels, name_figures, rank_truth


def drawn(photos=60, classes=7, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=photos)
    logits = rng.normal(0, 1, (photos, classes)) + 1.5 * np.eye(classes)[truth]
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), truth


def test_they_are_those_of_scikit_learn():
    probabilities, truth = drawn()
    figures = name_figures(probabilities, truth)
    labels = np.arange(7)
    assert figures["log-loss"] == pytest.approx(log_loss(truth, probabilities, labels=labels))
    assert figures["top-1"] == pytest.approx((probabilities.argmax(1) == truth).mean())
    assert figures["top-3"] == pytest.approx(top_k_accuracy_score(truth, probabilities, k=3, labels=labels))
    assert figures["macro-f1"] == pytest.approx(f1_score(truth, probabilities.argmax(1), average="macro"))
    judged = judge_labels(probabilities, truth)
    for name, value in figures.items():
        estimate = getattr(judged, name.replace("-", "_"))
        assert estimate.value == pytest.approx(value)
        assert estimate.low < value < estimate.high
    assert judged.to_row()["top-1"] == round(figures["top-1"], 4)


def test_an_interval_of_f1_is_that_of_a_plain_bootstrap():
    probabilities, truth = drawn(40, 4)
    said, rng = probabilities.argmax(1), np.random.default_rng(1)
    drawn_scores = []
    for _ in range(1500):
        chosen = rng.integers(40, size=40)
        drawn_scores.append(f1_score(truth[chosen], said[chosen], average="macro"))
    estimate = judge_labels(probabilities, truth).macro_f1
    assert [estimate.low, estimate.high] == pytest.approx(np.quantile(drawn_scores, [0.025, 0.975]), abs=0.02)


def test_of_two_as_probable_the_earlier_comes_first():
    probabilities = np.array([[0.25, 0.25, 0.25, 0.25]] * 4)
    assert rank_truth(probabilities, np.arange(4)).tolist() == [0, 1, 2, 3]
    assert name_figures(probabilities, np.arange(4))["top-1"] == 0.25


def test_no_photos_have_no_figures_and_an_impossible_truth_a_finite_loss():
    assert all(np.isnan(value) for value in name_figures(np.zeros((0, 3)), np.zeros(0, int)).values())
    row = judge_labels(np.zeros((0, 3)), np.zeros(0, int)).to_row()
    assert [row[name] for name in NAMES] == [None] * 4
    assert 16 < name_figures(np.array([[1.0, 0.0]]), np.array([1]))["log-loss"] < 17
