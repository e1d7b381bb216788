"""Fitted probabilities are those that the data were drawn with; reliability by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss

from imgsim.errors import ImgsimError
from imgsim.evaluation.calibration_fit import fit_calibration, fit_isotonic, fit_logistic
from imgsim.evaluation.probabilities import measure_reliability
from imgsim.metrics.calibration import Calibration

MATCHES = st.lists(st.tuples(st.floats(0, 100), st.booleans()), min_size=1, max_size=40)


def drawn(curve, count=4000, seed=0):
    """Matches whose probability is known: distances, whether they are the same thing, and the query of each."""
    rng = np.random.default_rng(seed)
    distances = rng.uniform(0, 10, count)
    return distances, rng.random(count) < curve(distances), np.arange(count) // 10


def logistic(distances):
    return 1 / (1 + np.exp(1.5 * distances - 4))


def steps(distances):
    return np.where(distances < 3, 0.95, np.where(distances < 7, 0.5, 0.05))


@pytest.mark.parametrize(("kind", "curve"), [("logistic", logistic), ("isotonic", steps)])
def test_finds_the_curve_that_matches_were_drawn_by(kind, curve):
    distances, same, queries = drawn(curve)
    fit = fit_calibration(distances, same, queries, seed=1)
    assert fit.calibration.kind == kind == min(fit.log_losses, key=fit.log_losses.get)
    assert np.mean(np.abs(fit.calibration(distances) - curve(distances))) < 0.02
    assert fit.reliability.calibration_error < 0.03
    assert fit.folds == 5


@pytest.mark.parametrize("fit", [fit_logistic, fit_isotonic])
@given(matches=MATCHES)
@settings(max_examples=60, deadline=None)
def test_never_rises_and_is_never_certain(fit, matches):
    distances, same = (np.array(column) for column in zip(*matches, strict=True))
    calibration = fit(distances, same)
    probabilities = calibration(np.linspace(-10, 110, 241))
    assert (np.diff(probabilities) <= 1e-12).all()
    assert probabilities.max() < 1
    assert probabilities.min() > 0
    assert Calibration.from_json(calibration.to_json()) == calibration


def test_logistic_equals_scikit_learn_with_platts_targets():
    distances, same, _ = drawn(logistic, 300)
    ours = fit_logistic(distances, same)
    hits = same.sum()
    targets = np.where(same, (hits + 1) / (hits + 2), 1 / (300 - hits + 2))
    twice = np.tile(distances, 2)[:, None]
    weights = np.concatenate([targets, 1 - targets])
    plain = LogisticRegression(C=1e12, tol=1e-10, max_iter=10_000).fit(twice, np.repeat([1, 0], 300), weights)
    assert ours.slope == pytest.approx(plain.coef_[0, 0], rel=1e-4)
    assert ours.intercept == pytest.approx(plain.intercept_[0], rel=1e-4)


def test_steps_that_are_all_alike_follow_the_rule_of_succession():
    calibration = fit_isotonic(np.array([1.0, 2, 3, 8, 9]), np.array([True, True, True, False, False]))
    assert calibration([1, 3]).tolist() == pytest.approx([4 / 5, 4 / 5])
    assert calibration([8, 9]).tolist() == pytest.approx([1 / 4, 1 / 4])


def test_distances_that_say_nothing_or_the_opposite_give_the_share():
    same = np.arange(40) % 4 == 0
    for distances in (np.ones(40), np.where(same, 2.0, 1.0)):
        for fit in (fit_logistic, fit_isotonic):
            assert fit(distances, same)([1.0, 2.0]).tolist() == pytest.approx([0.25, 0.25], abs=0.03)


def test_each_query_is_judged_by_a_fit_to_the_others():
    distances, same, queries = drawn(logistic, 60)
    fit = fit_calibration(distances, same, queries, seed=3)
    candidates = {"logistic": fit_logistic, "isotonic": fit_isotonic}
    dealt = (np.random.default_rng(3).permutation(6) % 5)[queries]
    expected = np.empty(60)
    for fold in range(5):
        there = dealt == fold
        expected[there] = candidates[fit.calibration.kind](distances[~there], same[~there])(distances[there])
    np.testing.assert_array_equal(fit.probabilities, expected)
    assert fit.log_losses[fit.calibration.kind] == pytest.approx(log_loss(same, expected))
    assert fit.brier == pytest.approx(brier_score_loss(same, expected))
    assert fit.reliability.count.sum() == 60


def test_two_queries_of_one_kind_each_are_enough():
    fit = fit_calibration([1, 2, 8, 9], [True, True, False, False], ["a.jpg", "a.jpg", "b.jpg", "b.jpg"], seed=0)
    assert fit.folds == 2
    assert all(np.isfinite(loss) for loss in fit.log_losses.values())


@pytest.mark.parametrize(
    ("same", "groups", "message"),
    [
        ([True, True], [0, 1], "needs both: 2 of 2 matches"),
        ([False, False], [0, 1], "needs both: 0 of 2 matches"),
        ([], [], "needs both: 0 of 0 matches"),
        ([True, False], [0, 0], "two queries"),
    ],
)
def test_matches_of_one_kind_or_query_are_refused(same, groups, message):
    with pytest.raises(ImgsimError, match=message):
        fit_calibration(np.arange(len(same)), same, groups, seed=0)


def test_reliability_by_hand():
    measured = measure_reliability([0.0, 0.05, 0.1, 0.55, 0.55, 1.0], [False, True, False, True, False, True])
    assert measured.count.tolist() == [2, 1, 2, 1]  # an edge belongs to the bin above it, 1 to the last one
    assert measured.hits.tolist() == [1, 0, 1, 1]
    assert measured.predicted.tolist() == pytest.approx([0.025, 0.1, 0.55, 1.0])
    assert measured.observed.tolist() == pytest.approx([0.5, 0, 0.5, 1])
    assert measured.calibration_error == pytest.approx((2 * 0.475 + 0.1 + 2 * 0.05 + 0) / 6)


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=8))
def test_what_comes_true_as_often_as_it_was_said_has_no_error(parts):
    probabilities, same = [], []
    for hits, misses in parts:
        probabilities += [hits / max(hits + misses, 1)] * (hits + misses)
        same += [True] * hits + [False] * misses
    if same:
        assert measure_reliability(probabilities, same).calibration_error == pytest.approx(0, abs=1e-12)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40), st.integers(1, 20))
def test_bins_hold_everything_once_and_their_error_is_a_share(judged, bins):
    probabilities, same = zip(*judged, strict=True)
    measured = measure_reliability(probabilities, same, bins=bins)
    assert measured.count.sum() == len(judged)
    assert measured.hits.sum() == sum(same)
    assert (np.diff(measured.predicted) >= 0).all()
    assert 0 <= measured.calibration_error <= 1
