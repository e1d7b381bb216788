"""Temperatures and weights of a vote, beside plain searches for them."""

import numpy as np
import pytest

from imgsim.training.classifiers.ensemble_model import (
    FittedVote,
    JudgedPart,
    VoteSettings,
    compare_with_best,
    fit_vote,
)
from imgsim.training.classifiers.soft_vote import (
    SPREAD,
    VOTES_BEFORE,
    at_temperature,
    fit_temperature,
    fit_weights,
    take_vote,
)


def drawn(photos=200, classes=5, sure=1.0, told=1.5, seed=0):
    """Probabilities of classes, of which the logits tell so much, and are said so surely."""
    rng = np.random.default_rng(seed)
    truth = np.random.default_rng(99).integers(classes, size=photos)
    logits = sure * (rng.normal(0, 1, (photos, classes)) + told * np.eye(classes)[truth])
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), truth


def surprise(probabilities, truth):
    return -np.log(probabilities[np.arange(len(truth)), truth]).sum()


@pytest.mark.parametrize("sure", [0.4, 1.5, 4.0])
def test_a_temperature_is_that_of_the_least_surprise_beside_what_was_known_before(sure):
    probabilities, truth = drawn(sure=sure)
    grid = np.exp(np.linspace(np.log(0.1), np.log(10), 4000))
    costs = [surprise(at_temperature(probabilities, t), truth) + np.log(t) ** 2 / (2 * SPREAD**2) for t in grid]
    assert fit_temperature(probabilities, truth) == pytest.approx(grid[np.argmin(costs)], rel=2e-3)


def test_few_photos_that_are_all_right_make_no_classifier_certain():
    probabilities = np.full((5, 3), 0.05) + 0.85 * np.eye(3)[[0, 1, 2, 0, 1]]
    assert 0.4 < fit_temperature(probabilities, np.array([0, 1, 2, 0, 1])) < 1
    assert fit_temperature(probabilities[:0], np.zeros(0, np.intp)) == 1.0
    sure = np.eye(3)[[0, 1, 2, 0, 1]]
    assert np.isfinite(fit_temperature(sure, np.array([1, 1, 2, 0, 1])))


def test_a_temperature_changes_how_sure_one_is_and_no_order():
    probabilities, _ = drawn()
    for temperature in (0.2, 5.0):
        other = at_temperature(probabilities, temperature)
        assert np.array_equal(other.argsort(axis=1), probabilities.argsort(axis=1))
        assert np.allclose(other.sum(axis=1), 1)


def test_weights_are_those_of_the_least_surprise_beside_one_vote_before():
    votes, truth = np.stack([drawn(seed=1)[0], drawn(seed=2, told=0.4)[0]]), drawn()[1]
    weights = fit_weights(votes, truth)
    grid = np.linspace(0.001, 0.999, 4000)
    costs = [surprise(take_vote(votes, [w, 1 - w]), truth) - VOTES_BEFORE * np.log(w * (1 - w)) for w in grid]
    assert weights[0] == pytest.approx(grid[np.argmin(costs)], abs=2e-3)
    assert sum(weights) == pytest.approx(1, abs=1e-9)
    assert weights[0] > 0.6
    assert fit_weights(np.stack([votes[0], votes[0]]), truth) == [0.5, 0.5]


def test_what_is_fitted_is_what_was_asked_for():
    votes, truth = np.stack([drawn(seed=1, sure=3)[0], drawn(seed=2, told=0.4)[0]]), drawn()[1]
    part = JudgedPart(votes, truth)
    plain = fit_vote(part, 2, VoteSettings(temperature="none"))
    assert plain == FittedVote([1.0, 1.0], [0.5, 0.5], 1.0) == fit_vote(None, 2, VoteSettings())
    assert np.allclose(plain.take(votes), votes.mean(axis=0))
    fitted = fit_vote(part, 2, VoteSettings(vote="weighted"))
    assert fitted.temperatures[0] > 1.5
    assert fitted.weights[0] > 0.5
    assert surprise(fitted.take(votes), truth) < surprise(plain.take(votes), truth)


def test_a_gain_is_over_the_member_that_validates_best():
    class Named:
        def __init__(self, name):
            self.name = name

    votes, truth = np.stack([drawn(seed=1, told=0.4)[0], drawn(seed=2)[0]]), drawn()[1]
    part = JudgedPart(votes, truth)
    vote = fit_vote(part, 2, VoteSettings())
    gain = compare_with_best([Named("weak"), Named("good")], vote, part, part, seed=0)
    assert gain.member == "good"
    voted = vote.take(votes)
    assert gain.log_loss.value == pytest.approx((surprise(votes[1], truth) - surprise(voted, truth)) / len(truth))
    right = (voted.argmax(axis=1) == truth).mean() - (votes[1].argmax(axis=1) == truth).mean()
    assert gain.top_1.value == pytest.approx(right)
