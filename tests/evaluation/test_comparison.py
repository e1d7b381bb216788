"""Paired comparisons, against scipy's tests and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from imgsim.evaluation.comparison import compare, holm, mcnemar, sign_flip
from imgsim.evaluation.intervals import Estimate, bootstrap

P_VALUES = st.lists(st.floats(0, 1), max_size=12).map(np.array)


@settings(deadline=None)
@given(st.integers(0, 200), st.integers(0, 200))
def test_mcnemar_is_the_exact_binomial_test(only_first, only_second):
    either = only_first + only_second
    expected = stats.binomtest(only_first, either).pvalue if either else 1.0
    assert mcnemar(only_first, only_second) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_by_hand():
    assert mcnemar(1, 5) == pytest.approx(2 * (1 + 6) / 64)
    assert mcnemar(0, 0) == mcnemar(3, 3) == 1


@settings(deadline=None)
@given(st.lists(st.integers(-4, 4), min_size=2, max_size=10))
def test_few_differences_are_flipped_in_every_way_as_scipy_does(differences):
    values = np.array(differences, float)
    # scipy flips zeros too, which doubles every permutation and changes no share.
    expected = stats.permutation_test((values,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert sign_flip(values, seed=0) == pytest.approx(min(1, expected.pvalue))


def test_many_differences_are_flipped_at_random(rng):
    values = rng.normal(0.1, 1, 300)
    expected = stats.ttest_1samp(values, 0).pvalue
    assert sign_flip(values, seed=0) == pytest.approx(expected, abs=0.02)
    assert sign_flip(values, seed=0) == sign_flip(values, seed=0)
    assert sign_flip(values, seed=0) != sign_flip(values, seed=1)
    assert sign_flip(-values, seed=0) == sign_flip(values, seed=0)


def test_the_least_p_value_is_that_of_the_observed_permutation_alone():
    assert sign_flip(np.full(100, 0.5), seed=0, permutations=999) == 1 / 1000
    assert sign_flip(np.full(8, 0.5), seed=0) == 2 / 2**8
    assert sign_flip(np.zeros(5), seed=0) == sign_flip(np.zeros(0), seed=0) == 1


def test_false_alarms_are_as_rare_as_the_level(rng):
    alarms = [sign_flip(rng.normal(size=40), seed=trial, permutations=199) <= 0.05 for trial in range(400)]
    assert 0.02 < np.mean(alarms) < 0.09


def test_outcomes_are_compared_by_mcnemar_and_figures_by_sign_flips(rng):
    first, second = rng.integers(0, 2, 50).astype(float), rng.integers(0, 2, 50).astype(float)
    outcome = compare(first, second, seed=1)
    assert outcome.p_value == mcnemar(int((first > second).sum()), int((first < second).sum()))
    figure = compare(first / 2, second / 2, seed=1)
    assert figure.p_value == sign_flip((first - second) / 2, seed=1)
    assert figure.difference.value == pytest.approx(outcome.difference.value / 2)
    assert outcome.difference == bootstrap(first - second, seed=1)


def test_a_method_is_no_better_than_itself(rng):
    values = rng.random(30)
    comparison = compare(values, values, seed=0)
    assert (comparison.difference, comparison.p_value) == (Estimate(0, 0, 0), 1)


def test_of_no_queries_nothing_is_known():
    comparison = compare(np.zeros(0), np.zeros(0), seed=0)
    assert np.isnan(comparison.difference.value)
    assert comparison.p_value == 1


def test_holm_by_hand():
    # Holm (1979): 0.01 x 4, 0.015 x 3 = 0.045, then 0.03 x 2 = 0.06, and 0.04 is not below the one before.
    np.testing.assert_allclose(holm(np.array([0.04, 0.01, 0.03, 0.015])), [0.06, 0.04, 0.06, 0.045])
    assert holm(np.zeros(0)).tolist() == []


@settings(deadline=None)
@given(P_VALUES, st.sampled_from([0.01, 0.05, 0.2]))
def test_holm_rejects_step_by_step(p_values, level):
    adjusted = holm(p_values)
    order = np.argsort(p_values, kind="stable")
    rejected = set()
    for place, comparison in enumerate(order):
        if p_values[comparison] * (len(p_values) - place) > level:
            break
        rejected.add(int(comparison))
    assert set(np.flatnonzero(adjusted <= level).tolist()) == rejected
    assert (adjusted >= p_values).all()
    assert (adjusted <= 1).all()
