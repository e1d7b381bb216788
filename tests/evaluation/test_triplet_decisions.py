"""Triplets of scores, against a plain loop and against what was published of such decisions."""

import numpy as np
import pytest

from imgsim.errors import EvaluationError, ParameterError
from imgsim.evaluation.intervals import Estimate
from imgsim.evaluation.triplet_decisions import TripletDecisions, decide_triplets
from imgsim.search.leave_one_out import LeaveOneOut
from tests.galleries import all_distances, term_of


def plain_shares(distances, scores, within, beyond):
    """Give for each anchor that has triplets the share of them that are decided rightly, and how many they are."""
    shares, counts = {}, {}
    for a in range(len(scores)):
        apart = abs(scores - scores[a])
        nearer = [distances[a, p] for p in range(len(scores)) if p != a and apart[p] <= within]
        farther = [distances[a, n] for n in range(len(scores)) if apart[n] > beyond]
        right = [(one < other) + (one == other) / 2 for one in nearer for other in farther]
        if right:
            shares[a], counts[a] = sum(right) / len(right), len(right)
    return shares, counts


@pytest.fixture
def gallery(rng):
    scores = rng.uniform(0, 100, 40).round()
    rows = np.stack([scores / 50, *rng.normal(size=(3, 40))], axis=1).astype(np.float32)
    rows[7] = rows[8] = rows[9]  # ties
    term = term_of(rows)
    return term, scores


@pytest.mark.parametrize(("within", "beyond"), [("5", "30"), ("0", "0"), ("2", "70"), ("q0.1", "q0.5")])
def test_shares_are_those_of_a_plain_loop(gallery, within, beyond):
    term, scores = gallery
    decisions = decide_triplets(LeaveOneOut([term]), scores, (within, beyond), seed=0)
    shares, counts = plain_shares(all_distances([term]), scores, *decisions.widths)
    assert decisions.photos.tolist() == list(shares)
    np.testing.assert_allclose(1 - decisions.errors, list(shares.values()))
    assert decisions.triplets == sum(counts.values())
    assert decisions.without == 40 - len(shares)
    assert decisions.accuracy.value == pytest.approx(np.mean(list(shares.values())))
    assert decisions.accuracy.low < decisions.accuracy.value < decisions.accuracy.high


def test_photos_without_a_score_take_no_part(gallery):
    term, scores = gallery
    scores[:10] = np.nan
    decisions = decide_triplets(LeaveOneOut([term], np.isfinite(scores)), scores, ("5", "30"), seed=0)
    assert decisions.photos.min() >= 10
    shares, _ = plain_shares(all_distances([term])[10:, 10:], scores[10:], 5, 30)
    assert decisions.accuracy.value == pytest.approx(np.mean(list(shares.values())))


def test_what_tells_nothing_is_decided_by_chance(rng):
    scores = rng.uniform(0, 100, 60)
    same = decide_triplets(LeaveOneOut([term_of(np.ones((60, 4), np.float32))]), scores, ("5", "30"), seed=0)
    assert same.accuracy == Estimate(0.5, 0.5, 0.5)
    told = decide_triplets(LeaveOneOut([term_of(scores[:, None].astype(np.float32))]), scores, ("5", "30"), seed=0)
    assert told.accuracy.value == 1
    assert told.against_chance.p_value < 0.001
    assert same.against_chance.p_value == 1


@pytest.mark.parametrize(("accuracy", "f1"), [(0.8447, 0.9158), (0.8281, 0.9059), (0.7812, 0.8772)])
def test_the_published_f1_is_that_of_true_triplets_alone(accuracy, f1):
    shown = TripletDecisions(None, None, None, 0, 0, Estimate(accuracy, 0.5, 1.0), None).f1_of_true
    assert shown.value == pytest.approx(f1, abs=1e-4)
    assert (shown.low, shown.high) == (2 / 3, 1)


@pytest.mark.parametrize(
    ("widths", "error", "message"),
    [
        (
            ("1", "200"),
            EvaluationError,
            r"triplets: none of 40 photos, scored \d+ to \d+, has both one within 1 and one be",
        ),
        (("9", "3"), ParameterError, "triplets: beyond is no less than within, 9, not 3"),
        (("", "3"), ParameterError, "triplets: within is a number, or q0.1 for that quantile, not ''"),
    ],
)
def test_widths_that_make_no_triplets_are_refused(gallery, widths, error, message):
    term, scores = gallery
    with pytest.raises(error, match=message):
        decide_triplets(LeaveOneOut([term]), scores, widths, seed=0)
