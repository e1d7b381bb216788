"""Figures of retrieval: by hand, against scikit-learn where the definitions agree, and as properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score

from imgsim.evaluation.ranks import RelevantRanks
from imgsim.evaluation.retrieval import score_ranks, score_retrieval
from imgsim.search import leave_one_out
from tests.galleries import term_of


def found(*ranks):
    """Wrap the ranks of some queries."""
    return RelevantRanks(
        np.arange(len(ranks)),
        np.cumsum([0, *map(len, ranks)]),
        np.array([rank for one in ranks for rank in one], np.int32),
    )


def scores_of(*ranks, ks=(1, 5, 10)):
    return {name: values.tolist() for name, values in score_ranks(found(*ranks), ks).items()}


def test_by_hand():
    scores = scores_of([1, 3, 6], [2], [11, 12])
    assert scores["recall@1"] == [1, 0, 0]
    assert scores["recall@5"] == [1, 1, 0]
    assert scores["recall@10"] == [1, 1, 0]
    assert scores["precision@1"] == [1, 0, 0]
    assert scores["precision@5"] == [2 / 5, 1 / 5, 0]
    assert scores["precision@10"] == [3 / 10, 1 / 10, 0]
    assert scores["map"] == pytest.approx([(1 + 2 / 3 + 3 / 6) / 3, 1 / 2, (1 / 11 + 2 / 12) / 2])
    assert scores["map@r"] == pytest.approx([(1 + 2 / 3) / 3, 0, 0])
    assert scores["r_precision"] == pytest.approx([2 / 3, 0, 0])
    gains = 1 + 1 / np.log2(4) + 1 / np.log2(7)
    assert scores["ndcg"][0] == pytest.approx(gains / (1 + 1 / np.log2(3) + 1 / 2))
    assert scores["ndcg"][1] == pytest.approx(1 / np.log2(3))


def test_map_at_r_and_r_precision_differ_as_musgrave_and_others_show():
    # Two rankings of ten relevant photos with equal R-precision: MAP@R sees that the hits come first.
    early, late = scores_of([1, 2, *range(11, 19)]), scores_of([9, 10, *range(11, 19)])
    assert early["r_precision"] == late["r_precision"] == [0.2]
    assert early["map@r"][0] == pytest.approx(0.2)
    assert late["map@r"][0] == pytest.approx((1 / 9 + 2 / 10) / 10)


@settings(deadline=None)
@given(st.integers(1, 30), st.data())
def test_agrees_with_scikit_learn(count, data):
    ranks = sorted(data.draw(st.sets(st.integers(1, count), min_size=1)))
    relevant = np.isin(np.arange(1, count + 1), ranks)
    nearness = -np.arange(1.0, count + 1)
    scores = scores_of(ranks)
    assert scores["map"][0] == pytest.approx(average_precision_score(relevant, nearness))
    if count > 1:
        assert scores["ndcg"][0] == pytest.approx(ndcg_score([relevant], [nearness]))


def test_scikit_learn_takes_ties_together_and_a_ranking_does_not():
    # Two photos at the same distance, the first irrelevant: as found, the relevant one is second.
    assert scores_of([2])["map"] == [0.5]
    assert average_precision_score([0, 1, 0], [-1, -1, -2]) == 0.5
    # The first relevant: a ranking has it first, scikit-learn has precision 1/2 at their common threshold.
    assert scores_of([1])["map"] == [1]
    assert average_precision_score([1, 0, 0], [-1, -1, -2]) == 0.5


@pytest.mark.parametrize("count", [1, 2, 7, 30])
def test_a_perfect_ranking_scores_1(count):
    scores = scores_of(range(1, count + 1))
    for name in ("recall@1", "recall@10", "map", "map@r", "r_precision", "ndcg"):
        assert scores[name] == pytest.approx([1])
    assert scores["precision@5"] == [min(count, 5) / 5]


def test_the_worst_ranking_scores_what_it_must():
    others, relevant = 100, 4
    scores = scores_of(range(others - relevant + 1, others + 1))
    assert [scores[name] for name in ("recall@10", "precision@10", "map@r", "r_precision")] == [[0]] * 4
    assert scores["map"] == pytest.approx([np.mean([1 / 97, 2 / 98, 3 / 99, 4 / 100])])
    ideal = sum(1 / np.log2(rank + 1) for rank in range(1, 5))
    assert scores["ndcg"] == pytest.approx([sum(1 / np.log2(rank + 1) for rank in range(97, 101)) / ideal])


@settings(deadline=None)
@given(st.lists(st.sets(st.integers(1, 50), min_size=1).map(sorted), min_size=1, max_size=8))
def test_queries_are_scored_apart_and_within_0_and_1(ranks):
    together = scores_of(*ranks)
    for query, alone in enumerate(ranks):
        for name, values in scores_of(alone).items():
            assert together[name][query] == pytest.approx(values[0])
            assert 0 <= values[0] <= 1 + 1e-12


@settings(deadline=None)
@given(st.sets(st.integers(1, 40), min_size=1).map(sorted), st.data())
def test_bringing_a_relevant_photo_forward_never_harms(ranks, data):
    free = sorted(set(range(1, 41)) - set(ranks))
    if free:
        place, better = data.draw(st.integers(0, len(ranks) - 1)), data.draw(st.sampled_from(free))
        improved = sorted([*ranks[:place], *ranks[place + 1 :], min(better, ranks[place])])
        before, after = scores_of(ranks), scores_of(improved)
        assert all(after[name][0] >= before[name][0] - 1e-12 for name in before)


def gallery(seed, count=30):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((count, 6)).astype(np.float32), rng.integers(0, 7, count)


def values_by_photo(features, labels, name="cosine"):
    result = score_retrieval([term_of(features, name)], labels)
    return {
        key: dict(zip(result.photos.tolist(), values.tolist(), strict=True)) for key, values in result.values.items()
    }


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_the_photos_does_not_matter(seed):
    features, labels = gallery(seed)
    order = np.random.default_rng(seed).permutation(len(labels))
    before, after = values_by_photo(features, labels), values_by_photo(features[order], labels[order])
    for name, values in after.items():
        assert {int(order[photo]): value for photo, value in values.items()} == pytest.approx(before[name])


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_an_irrelevant_photo_far_away_changes_nothing(seed):
    features, labels = gallery(seed)
    before = values_by_photo(features, labels, "euclidean")
    after = values_by_photo(np.vstack([features, [[100] * 6]]).astype(np.float32), np.append(labels, 99), "euclidean")
    assert after == before


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_an_irrelevant_photo_near_by_never_helps(seed):
    features, labels = gallery(seed)
    before = values_by_photo(features, labels, "euclidean")
    intruder = features[seed % len(features)] + np.float32(1e-3)
    after = values_by_photo(np.vstack([features, intruder]), np.append(labels, 99), "euclidean")
    assert all(after[name][photo] <= value + 1e-12 for name in before for photo, value in before[name].items())


def test_chunks_come_to_the_same_as_one_and_are_heard(monkeypatch):
    features, labels = gallery(5)
    term, heard = term_of(features), []
    whole = score_retrieval([term], labels)
    monkeypatch.setattr(leave_one_out, "CHUNK_BYTES", 8 * 30 * 7)
    chunked = score_retrieval([term], labels, advanced=heard.append)
    assert heard[0] == 7
    assert sum(heard) == len(whole.photos)
    for name, values in whole.values.items():
        np.testing.assert_array_equal(chunked.values[name], values)


def test_who_takes_part_is_told():
    features = np.arange(6, dtype=np.float32)[:, None]
    result = score_retrieval([term_of(features)], np.array([0, 0, 1, -1, 2, 2]))
    assert result.photos.tolist() == [0, 1, 4, 5]
    assert (result.alone, result.left_out) == (1, 1)
    at = [f"{figure}@{k}" for figure in ("recall", "precision") for k in (1, 5, 10)]
    assert list(result.values) == [*at, "map", "map@r", "r_precision", "ndcg"]


def test_without_queries_there_are_no_values():
    result = score_retrieval([term_of(np.ones((2, 3), np.float32))], np.array([0, 1]))
    assert {len(values) for values in result.values.values()} == {0}
    assert len(result.photos) == 0
    assert result.alone == 2
