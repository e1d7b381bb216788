"""Photos with scores: whether neighbours agree."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from imgsim.errors import EvaluationError
from imgsim.evaluation.scores import score_agreement, spearman
from imgsim.search.neighbours import Neighbours, find_neighbours
from tests.galleries import term_of

SMALL = st.integers(0, 5).map(float)


def neighbours_of(rows):
    rows = np.array(rows)
    return Neighbours(np.arange(len(rows)), rows, np.zeros(rows.shape))


@settings(deadline=None)
@given(st.lists(st.tuples(SMALL, SMALL, st.integers(0, 3)), min_size=2, max_size=20))
def test_spearman_is_scipys_on_every_resample(observed):
    pairs = np.array([(x, y) for x, y, _ in observed])
    counts = np.array([count for _, _, count in observed])
    weighted = spearman(pairs, np.array([counts, np.ones(len(counts))], float))
    for ours, sample in zip(weighted, (np.repeat(pairs, counts, axis=0), pairs), strict=True):
        if len(sample) < 2 or (np.ptp(sample, axis=0) == 0).any():
            assert np.isnan(ours)
        else:
            assert ours == pytest.approx(stats.spearmanr(*sample.T).statistic)


def test_by_hand():
    scores = np.array([1.0, 2.0, 4.0, 9.0])
    agreement = score_agreement(scores, neighbours_of([[1, 2], [0, 2], [1, 3], [2, 1]]), seed=0)
    guesses = [3, 2.5, 5.5, 3]
    assert (len(agreement.photos), agreement.k) == (4, 2)
    assert agreement.error.value == pytest.approx(np.mean([2, 0.5, 1.5, 6]))
    assert agreement.baseline.value == pytest.approx(np.mean([5 - 1, 14 / 3 - 2, 4 - 4, 9 - 7 / 3]))
    assert agreement.spearman.value == pytest.approx(stats.spearmanr(scores, guesses).statistic)
    assert agreement.against_baseline.difference.value == pytest.approx(
        agreement.error.value - agreement.baseline.value
    )


def test_features_that_tell_the_score_beat_the_mean(rng):
    scores = rng.random(80)
    term = term_of((scores[:, None] + rng.normal(0, 0.01, (80, 1))).astype(np.float32))
    agreement = score_agreement(scores, find_neighbours([term], 3), seed=0)
    assert agreement.spearman.low > 0.9
    assert agreement.error.high < agreement.baseline.low
    assert agreement.against_baseline.difference.high < 0
    assert agreement.against_baseline.p_value < 0.01


def test_features_that_tell_nothing_do_not(rng):
    term = term_of(rng.random((80, 5)).astype(np.float32))
    agreement = score_agreement(rng.random(80), find_neighbours([term], 3), seed=0)
    assert agreement.spearman.low < 0 < agreement.spearman.high
    assert agreement.against_baseline.difference.high > 0


def test_only_those_that_take_part_need_a_score(rng):
    scores = rng.random(20)
    scores[4] = np.nan
    term = term_of(rng.random((20, 2)).astype(np.float32))
    agreement = score_agreement(scores, find_neighbours([term], 2, wanted=~np.isnan(scores)), seed=0)
    assert len(agreement.photos) == 19
    with pytest.raises(EvaluationError, match="1 of 20 scores"):
        score_agreement(scores, find_neighbours([term], 2), seed=0)


def test_equal_scores_have_no_correlation():
    agreement = score_agreement(np.ones(3), neighbours_of([[1], [2], [0]]), seed=0)
    assert np.isnan([agreement.spearman.value, agreement.spearman.low, agreement.spearman.high]).all()
    assert agreement.error.value == agreement.baseline.value == 0


def test_one_score_is_compared_with_nothing():
    with pytest.raises(EvaluationError, match="at least two"):
        score_agreement(np.ones(1), find_neighbours([term_of(np.ones((1, 2), np.float32))], 1), seed=0)
