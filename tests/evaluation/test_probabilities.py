"""Judging labels: by hand, against scikit-learn, and at the edges."""

import numpy as np
import pytest
from sklearn import metrics

from imgsim.evaluation.probabilities import accuracy_by_group, judge_labels, log_loss, measure_reliability


def calibration_error(confidence, right, bins=15):
    return measure_reliability(confidence, right, bins=bins).calibration_error


LABELS = [0, 0, 1, 2]
PROBABILITIES = [[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.1, 0.9, 0.0], [0.2, 0.5, 0.3]]


def test_by_hand():
    report = judge_labels(LABELS, PROBABILITIES)
    assert report.count == 4
    assert report.accuracy == 0.5
    assert report.confusion.tolist() == [[1, 1, 0], [0, 1, 0], [0, 1, 0]]
    np.testing.assert_allclose(report.precision, [1, 1 / 3, 0])
    np.testing.assert_allclose(report.recall, [0.5, 1, 0])
    assert report.support.tolist() == [2, 1, 1]
    assert report.log_loss == pytest.approx(-np.log([0.8, 0.3, 0.9, 0.3]).mean())
    assert report.calibration_error == pytest.approx((0.2 + 0.6 + 0.1 + 0.5) / 4)


def test_against_scikit_learn(rng):
    probabilities = rng.dirichlet(np.ones(4), 300)
    labels = rng.integers(0, 4, 300)
    report, called = judge_labels(labels, probabilities), probabilities.argmax(axis=1)
    precision, recall, _, support = metrics.precision_recall_fscore_support(labels, called)
    np.testing.assert_allclose(report.precision, precision)
    np.testing.assert_allclose(report.recall, recall)
    np.testing.assert_array_equal(report.support, support)
    np.testing.assert_array_equal(report.confusion, metrics.confusion_matrix(labels, called))
    assert report.accuracy == pytest.approx(metrics.accuracy_score(labels, called))
    assert report.log_loss == pytest.approx(metrics.log_loss(labels, probabilities))


def test_of_nothing():
    report = judge_labels([], np.zeros((0, 2)))
    assert (report.count, report.accuracy, report.log_loss, report.calibration_error) == (0, 0, 0, 0)
    assert report.interval == (0, 1)


def test_an_impossible_label_costs_much_but_not_everything():
    assert log_loss([1], [[1.0, 0.0]]) == pytest.approx(12 * np.log(10))


def test_sure_and_right_is_calibrated_sure_and_wrong_is_not():
    assert calibration_error([1.0, 1.0], [True, True]) == 0
    assert calibration_error([1.0, 1.0], [False, False]) == 1
    assert calibration_error([0.5, 0.5], [True, False]) == 0


def test_over_and_underconfidence_do_not_cancel_across_bins():
    assert calibration_error([0.95, 0.55], [False, True], bins=10) == pytest.approx((0.95 + 0.45) / 2)
    assert calibration_error([0.96, 0.94], [False, True], bins=10) == pytest.approx(0.45)


def test_groups_come_largest_first():
    groups = ["b", "a", "b", "c"]
    assert accuracy_by_group(LABELS, PROBABILITIES, groups) == [("b", 2, 1.0), ("a", 1, 0.0), ("c", 1, 0.0)]
