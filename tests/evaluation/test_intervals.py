"""Confidence intervals, against scipy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from imgsim.evaluation import intervals
from imgsim.evaluation.intervals import Estimate, bootstrap, weighted_mean, wilson


@settings(deadline=None)
@given(st.integers(1, 5000), st.data())
def test_wilson_is_scipys(n, data):
    successes = data.draw(st.integers(0, n))
    ours = wilson(successes, n)
    scipys = stats.binomtest(successes, n).proportion_ci(method="wilson")
    assert ours.value == successes / n
    assert (ours.low, ours.high) == pytest.approx((scipys.low, scipys.high), abs=1e-12)
    assert 0 <= ours.low <= ours.value <= ours.high <= 1


def test_wilson_by_hand():
    # 7 of 10: (0.7 + z^2/20 +- z sqrt(0.7 * 0.3 / 10 + z^2 / 400)) / (1 + z^2 / 10), z = 1.96
    estimate = wilson(7, 10)
    assert (estimate.low, estimate.high) == pytest.approx((0.3968, 0.8922), abs=1e-4)


def test_of_nothing_nothing_is_known():
    assert np.isnan(wilson(0, 0).value)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0, 1)
    nothing = bootstrap(np.zeros(0), seed=0)
    assert np.isnan([nothing.value, nothing.low, nothing.high]).all()


def test_a_single_value_is_its_own_interval():
    assert bootstrap(np.array([0.3]), seed=0) == Estimate(0.3, 0.3, 0.3)


def test_two_values_by_hand():
    # Means 0, 1/2 and 1 with probabilities 1/4, 1/2 and 1/4: both ends are reached.
    assert bootstrap(np.array([0.0, 1.0]), seed=0) == Estimate(0.5, 0.0, 1.0)


def test_the_bootstrap_is_scipys(rng):
    values = rng.exponential(size=80)
    scipys = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", random_state=rng)
    ours = bootstrap(values, seed=3, resamples=20_000)
    assert ours.value == pytest.approx(values.mean())
    assert ours.low == pytest.approx(scipys.confidence_interval.low, abs=0.01)
    assert ours.high == pytest.approx(scipys.confidence_interval.high, abs=0.01)


def test_it_covers_the_truth_about_as_often_as_it_says(rng):
    samples = rng.normal(size=(300, 60))
    estimates = [bootstrap(sample, seed=1, resamples=400) for sample in samples]
    covered = np.mean([estimate.low <= 0 <= estimate.high for estimate in estimates])
    assert 0.89 < covered < 0.98


def test_the_seed_alone_decides(rng, monkeypatch):
    values = rng.random(50)
    whole = bootstrap(values, seed=4)
    assert bootstrap(values, seed=4) == whole
    assert bootstrap(values, seed=5) != whole
    monkeypatch.setattr(intervals, "CHUNK_VALUES", 1)
    chunked = bootstrap(values, seed=4)
    assert (chunked.low, chunked.high) == pytest.approx((whole.low, whole.high))


def test_any_statistic_of_counts_will_do(rng):
    values = rng.random((40, 2))

    def ratio(values, counts):
        return weighted_mean(values[:, 0], counts) / weighted_mean(values[:, 1], counts)

    estimate = bootstrap(values, ratio, seed=0)
    assert estimate.value == pytest.approx(values[:, 0].mean() / values[:, 1].mean())
    assert estimate.low < estimate.value < estimate.high


def test_resamples_without_a_value_are_left_out():
    def sometimes(values, counts):
        return np.where(counts[:, 0] > 0, weighted_mean(values, counts), np.nan)

    def never(values, counts):
        return np.full(len(counts), np.nan)

    estimate = bootstrap(np.array([0.0, 1.0]), sometimes, seed=0)
    assert (estimate.low, estimate.high) == (0, 0.5)
    assert np.isnan([bootstrap(np.ones(3), never, seed=0).value, bootstrap(np.ones(3), never, seed=0).low]).all()
