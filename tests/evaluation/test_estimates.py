"""The macro F1 is scikit-learn's, and its interval holds it and, about as often as it says, the expected one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from imgsim.evaluation.estimates import estimate_macro_f1
from imgsim.evaluation.intervals import wilson, wilson_of_variance


def ends(estimate):
    return estimate.value, estimate.low, estimate.high


photos = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), min_size=1, max_size=60)


@settings(deadline=None)
@given(photos)
def test_the_value_is_scikit_learns(observed):
    truth, predicted = np.array(observed).T
    expected = f1_score(truth, predicted, average="macro", zero_division=0)
    assert estimate_macro_f1(truth, predicted).value == pytest.approx(expected)


@settings(deadline=None)
@given(photos)
def test_the_interval_holds_the_value(observed):
    estimate = estimate_macro_f1(*np.array(observed).T)
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def draw(rng, classes, photos, right):
    """Photos of equal classes, a wrong prediction being any other class."""
    truth = np.repeat(np.arange(classes), photos)
    wrong = (truth + rng.integers(1, classes, len(truth))) % classes
    return truth, np.where(rng.random(len(truth)) < right, truth, wrong)


@pytest.mark.parametrize(
    ("classes", "photos", "right"),
    [(2, 15, 0.8), (10, 8, 0.85), (40, 2, 0.8), (81, 7, 0.6), (300, 3, 0.85), (600, 2, 0.85)],
)
def test_it_covers_the_expected_value_about_as_often_as_it_says(rng, classes, photos, right):
    expected = np.mean([estimate_macro_f1(*draw(rng, classes, photos, right)).value for _ in range(1000)])
    estimates = [estimate_macro_f1(*draw(rng, classes, photos, right)) for _ in range(400)]
    assert all(one.low <= one.value <= one.high for one in estimates)
    assert 0.91 < np.mean([one.low <= expected <= one.high for one in estimates]) < 0.985


def test_the_variance_is_that_of_each_photos_weight(rng):
    truth, predicted = draw(rng, 4, 6, 0.6)
    truth, predicted = np.append(truth, [4, 4]), np.append(predicted, [4, 5])  # a small class, and one never true

    def weighted(weights):
        return f1_score(truth, predicted, average="macro", sample_weight=weights, zero_division=0)

    step = 1e-6
    slopes = [(weighted(1 + step * one) - weighted(1 - step * one)) / (2 * step) for one in np.eye(len(truth))]
    variance = 0.0
    for code in range(5):
        of_class = np.array(slopes)[truth == code]
        variance += len(of_class) * of_class.var(ddof=1)
    expected = wilson_of_variance(weighted(np.ones(len(truth))), variance, len(truth))
    estimate = estimate_macro_f1(truth, predicted)
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_where_all_are_right_as_many_trials_count_as_there_are_photos():
    codes = np.repeat(np.arange(5), 2)
    assert ends(estimate_macro_f1(codes, codes)) == pytest.approx(ends(wilson(10, 10)))
    assert ends(estimate_macro_f1(codes, 9 - codes)) == pytest.approx(ends(wilson(0, 10)))


def test_a_variance_of_rounding_errors_is_none():
    truth, predicted = np.repeat([0, 1, 2], 3), np.repeat([0, 0, 2], 3)  # every class of one mind
    estimate = estimate_macro_f1(truth, predicted)
    assert estimate.high - estimate.low > 0.3
    assert ends(wilson_of_variance(0.5, 1e-33, 40)) == pytest.approx(ends(wilson(20, 40)))


@pytest.mark.parametrize(("successes", "n"), [(7, 10), (1, 300), (299, 300)])
def test_the_interval_by_the_variance_of_a_proportion_is_the_proportions(successes, n):
    share = successes / n
    estimate = wilson_of_variance(share, share * (1 - share) / n, 5 * n)
    assert ends(estimate) == pytest.approx(ends(wilson(successes, n)), abs=1e-12)
