"""Pairs are drawn fairly, and judged as a plain loop over thresholds judges them."""

from dataclasses import astuple
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from imgsim.errors import ImgsimError
from imgsim.evaluation.pairs import PairCounts, count_pairs, pair_distances, sample_pairs, score_pairs
from imgsim.metrics import load_metric
from imgsim.search.gallery import lay_out
from imgsim.search.ranking import Term

LABELS = st.lists(st.integers(0, 4), min_size=3, max_size=25).filter(
    lambda labels: 1 < len(set(labels)) < len(labels)  # two classes, and two photos of one
)


@given(LABELS, st.integers(0, 99), st.integers(1, 400))
def test_pairs_are_balanced_and_never_drawn_twice(labels, seed, most):
    pairs = sample_pairs(labels, seed=seed, most=most)
    codes = np.array(labels)
    np.testing.assert_array_equal(codes[pairs.first] == codes[pairs.second], pairs.same)
    drawn = {frozenset(pair) for pair in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)}
    assert len(drawn) == len(pairs.same)
    assert all(len(pair) == 2 for pair in drawn)
    alike = sum(one == other for one, other in combinations(labels, 2))
    unlike = len(labels) * (len(labels) - 1) // 2 - alike
    assert pairs.same.sum() == (~pairs.same).sum() == min(max(most // 2, 1), alike, unlike)


def test_every_pair_can_be_drawn_and_all_are_equally_likely():
    labels = [0, 1, 0, 0, 2, 1]
    counts = dict.fromkeys(combinations(range(6), 2), 0)
    for seed in range(3000):
        pairs = sample_pairs(labels, seed=seed, most=2)
        for pair in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True):
            counts[tuple(sorted(pair))] += 1
    for alike, number in ((True, 4), (False, 11)):
        values = [count for (one, other), count in counts.items() if (labels[one] == labels[other]) is alike]
        assert len(values) == number
        assert values == pytest.approx([3000 / number] * number, rel=0.25)


def test_a_draw_is_repeatable_and_quick_for_many_photos():
    labels = np.arange(60_000) % 12_000
    one, again, other = (sample_pairs(labels, seed=seed, most=2000) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.first, again.first)
    assert (one.first != other.first).any()
    assert one.same.sum() == 1000
    np.testing.assert_array_equal(labels[one.first] == labels[one.second], one.same)


@pytest.mark.parametrize(
    ("labels", "message"), [(["a", "a"], "two classes"), (["a", "b", "c"], "a class with two photos")]
)
def test_labels_without_both_kinds_of_pairs_are_refused(labels, message):
    with pytest.raises(ImgsimError, match=message):
        sample_pairs(labels, seed=0)


def test_distances_are_those_of_the_pairs(rng):
    rows = rng.random((30, 5)).astype(np.float32)
    pairs = sample_pairs(np.arange(30) % 4, seed=2, most=80)
    metric = load_metric("euclidean").fit()
    measured = pair_distances([Term(lay_out(rows, metric), metric)], pairs.first, pairs.second)
    np.testing.assert_array_equal(measured, metric(rows, rows)[pairs.first, pairs.second])


def figures(counts):
    hits, wrong, missed, right = astuple(counts)
    return SimpleNamespace(
        precision=hits / max(1, hits + wrong),
        recall=hits / max(1, hits + missed),
        f1=2 * hits / max(1, 2 * hits + wrong + missed),
        accuracy=(hits + right) / (hits + wrong + missed + right),
    )


def test_counts_by_hand():
    counts = count_pairs([True, True, True, False, False], [0.1, 0.4, 0.9, 0.4, 0.5], 0.4)
    assert counts == PairCounts(2, 1, 1, 1)
    assert vars(figures(counts)) == pytest.approx({"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "accuracy": 3 / 5})


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=30), st.integers(-1, 6))
def test_figures_are_those_of_scikit_learn(judged, threshold):
    same, distances = (np.array(column) for column in zip(*judged, strict=True))
    counts, called = count_pairs(same, distances, threshold), distances <= threshold
    assert figures(counts).precision == pytest.approx(precision_score(same, called, zero_division=0))
    assert figures(counts).recall == pytest.approx(recall_score(same, called, zero_division=0))
    assert figures(counts).f1 == pytest.approx(f1_score(same, called, zero_division=0))
    assert figures(counts).accuracy == pytest.approx(accuracy_score(same, called))


def test_pairs_of_one_kind_have_precision_one_at_every_threshold(rng):
    distances = rng.random(200)
    precisions = {figures(count_pairs(np.ones(200, bool), distances, threshold)).precision for threshold in distances}
    assert precisions == {1.0}  # a random number for a distance looks perfect
    with pytest.raises(ImgsimError, match="200 pairs of the same class and 0 of different ones show nothing"):
        score_pairs(np.ones(200, bool), distances, seed=0)
    with pytest.raises(ImgsimError, match="0 pairs of the same class"):
        score_pairs(np.zeros(200, bool), distances, seed=0)
    mixed = np.arange(200) % 2 == 0
    assert score_pairs(mixed, distances, seed=0).roc_auc == pytest.approx(0.5, abs=0.1)


@given(
    st.lists(st.integers(0, 9), min_size=4, max_size=14),
    st.lists(st.integers(0, 9), min_size=4, max_size=14),
    st.integers(0, 99),
)
def test_curve_and_areas_equal_plain_loops(alike, unlike, seed):
    same, distances = np.repeat([True, False], [len(alike), len(unlike)]), np.array(alike + unlike, float)
    scores = score_pairs(same, distances, seed=seed)
    assert (scores.positives, scores.negatives) == (len(alike), len(unlike))
    closer = [(one < other) + 0.5 * (one == other) for one in alike for other in unlike]
    assert scores.roc_auc == pytest.approx(np.mean(closer))
    recall = average = 0.0
    for threshold in sorted(set(distances)):
        counts = count_pairs(same, distances, threshold)
        average += (figures(counts).recall - recall) * figures(counts).precision
        recall = figures(counts).recall
    assert -np.diff(scores.recalls, append=0) @ scores.precisions == pytest.approx(average)
    widest_first = sorted(set(distances), reverse=True)
    for precision, point, threshold in zip(scores.precisions, scores.recalls, widest_first, strict=True):
        counts = count_pairs(same, distances, threshold)
        assert (precision, point) == pytest.approx((figures(counts).precision, figures(counts).recall))


def test_the_threshold_is_chosen_on_one_half_and_judged_on_the_other():
    same = np.repeat([True, False], 50)
    distances = np.concatenate([np.linspace(0, 1, 50), np.linspace(0.7, 2, 50)])
    scores = score_pairs(same, distances, seed=5)
    counts = scores.held_out
    judged = (counts.true_positives, counts.false_negatives, counts.false_positives, counts.true_negatives)
    assert sum(judged[:2]) == sum(judged[2:]) == 25
    halves = [np.isin(np.arange(100), half) for half in _halves(5)]
    seen, near = same[halves[0]], distances[halves[0]]
    best = max(sorted(near), key=lambda threshold: figures(count_pairs(seen, near, threshold)).f1)
    assert scores.threshold == best
    assert counts == count_pairs(same[halves[1]], distances[halves[1]], best)


def _halves(seed):
    rng = np.random.default_rng(seed)
    kinds = [rng.permutation(np.arange(50)), rng.permutation(np.arange(50, 100))]
    return [np.concatenate([kind[:25] for kind in kinds]), np.concatenate([kind[25:] for kind in kinds])]


def test_kinds_that_lie_apart_are_told_apart():
    scores = score_pairs([True] * 6 + [False] * 6, [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16], seed=1)
    assert scores.roc_auc == 1.0
    assert figures(scores.held_out).precision == 1.0
    assert scores.threshold <= 6
