"""The curves of retrieval, by hand and against a plain loop over the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsim.evaluation.ranks import RelevantRanks
from imgsim.evaluation.retrieval import score_retrieval
from imgsim.evaluation.retrieval_curves import interpolate_precision, recall_curve
from tests.galleries import term_of


def found(*ranks):
    """Wrap the ranks of some queries."""
    return RelevantRanks(
        np.arange(len(ranks)),
        np.cumsum([0, *map(len, ranks)]),
        np.array([rank for one in ranks for rank in one], np.int32),
    )


def test_by_hand():
    # Precisions 1, 2/3, 3/6, 4/7, 5/20 at a recall of 0.2, 0.4, 0.6, 0.8, 1: the fourth is better than the third.
    first, second, third = interpolate_precision(found([1, 3, 6, 7, 20], [4], [2, 4]))
    assert first == pytest.approx([1, 1, 1, 2 / 3, 2 / 3, 4 / 7, 4 / 7, 4 / 7, 4 / 7, 1 / 4, 1 / 4])
    assert second == pytest.approx([1 / 4] * 11)
    assert third == pytest.approx([1 / 2] * 11)


def test_a_recall_of_three_tenths_takes_three_of_ten():
    # 0.3 * 10 is more than 3 in floating point, and the fourth of the ten comes late.
    (precisions,) = interpolate_precision(found([1, 2, 3, *range(100, 107)]))
    assert precisions[3] == 1
    assert precisions[4] == pytest.approx(10 / 106)


@settings(deadline=None)
@given(st.lists(st.sets(st.integers(1, 40), min_size=1), min_size=1, max_size=5))
def test_is_the_best_precision_at_no_lower_recall(sets):
    queries = [sorted(ranks) for ranks in sets]
    for ranks, precisions in zip(queries, interpolate_precision(found(*queries)), strict=True):
        points = [(10 * (place + 1), (place + 1) / rank) for place, rank in enumerate(ranks)]  # recall by 10 R
        for level in range(11):
            assert precisions[level] == max(up for across, up in points if across >= level * len(ranks))


def test_recall_at_every_k():
    assert recall_curve(np.array([2, 1, 5, 2]), 5).tolist() == [0.25, 0.75, 0.75, 0.75, 1]
    assert recall_curve(np.array([7]), 3).tolist() == [0, 0, 0]
    assert recall_curve(np.zeros(0, np.int32), 2).tolist() == [0, 0]


def test_curves_are_those_of_the_figures(monkeypatch):
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 4, 60)
    term = term_of(rng.normal(size=(60, 4)).astype(np.float32) + labels[:, None])
    whole = score_retrieval([term], labels, ks=(1, 7, 30))
    assert list(whole.values)[:3] == ["recall@1", "recall@7", "recall@30"]
    for k in (1, 7, 30):
        assert whole.curves.recalls[k - 1] == pytest.approx(whole.values[f"recall@{k}"].mean())
    assert len(whole.curves.recalls) == 59
    assert (np.diff(whole.curves.precisions) <= 0).all()
    monkeypatch.setattr("imgsim.search.leave_one_out.CHUNK_BYTES", 1 << 12)
    chunked = score_retrieval([term], labels, ks=(1, 7, 30))
    assert chunked.curves.precisions == pytest.approx(whole.curves.precisions)
    assert (chunked.curves.recalls == whole.curves.recalls).all()


def test_nobody_asks():
    result = score_retrieval([term_of(np.ones((2, 3), np.float32))], np.array([0, 1]))
    assert result.curves.precisions.tolist() == [0] * 11
    assert result.curves.recalls.tolist() == [0]


def test_recalls_reach_the_largest_k_that_is_asked_for():
    rows = np.random.default_rng(2).normal(size=(140, 3)).astype(np.float32)
    labels = np.arange(140) % 2
    assert len(score_retrieval([term_of(rows)], labels).curves.recalls) == 100
    assert len(score_retrieval([term_of(rows)], labels, ks=(120,)).curves.recalls) == 120
