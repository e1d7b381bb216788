"""Groups by complete linkage, against scipy on all distances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform

from imgsim.search import groups
from imgsim.search.groups import find_groups
from imgsim.search.near_pairs import NearPairs


def pairs_within(distances, farthest):
    first, second = np.nonzero(np.triu(distances <= farthest, 1))
    return NearPairs(first.astype(np.int32), second.astype(np.int32), distances[first, second])


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(2, 40), share=st.floats(0.01, 0.6))
def test_equals_scipy_on_all_distances(seed, count, share):
    condensed = pdist(np.random.default_rng(seed).random((count, 3)))
    farthest = float(np.quantile(condensed, share))
    labels = fcluster(linkage(condensed, "complete"), farthest, "distance")
    expected = [np.flatnonzero(labels == label).tolist() for label in np.unique(labels)]
    found = find_groups(pairs_within(squareform(condensed), farthest), count)
    assert [group.tolist() for group in found] == sorted(group for group in expected if len(group) > 1)


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(2, 40), largest=st.integers(2, 40))
def test_all_of_a_group_are_near_each_other(seed, count, largest):
    places = np.random.default_rng(seed).integers(0, 12, (count, 1))  # many ties
    distances = squareform(pdist(places, "cityblock"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(groups, "LARGEST", largest)
        found = find_groups(pairs_within(distances, 2), count)
    for group in found:
        assert len(group) > 1
        assert distances[np.ix_(group, group)].max() <= 2
    together = [place for group in found for place in group.tolist()]
    assert len(together) == len(set(together))


def test_a_chain_is_no_group():
    places = np.arange(6.0)[:, None]
    found = find_groups(pairs_within(squareform(pdist(places)), 1), 6)
    assert [group.tolist() for group in found] == [[0, 1], [2, 3], [4, 5]]


def test_a_component_that_is_too_large_falls_apart_by_its_shorter_pairs(monkeypatch):
    monkeypatch.setattr(groups, "LARGEST", 3)
    places = np.array([0, 1, 2, 10, 11, 12, 20, 21])[:, None]
    found = find_groups(pairs_within(squareform(pdist(places)), 9), 8)
    assert [group.tolist() for group in found] == [[0, 1, 2], [3, 4, 5], [6, 7]]


def test_distances_below_zero_and_no_pairs():
    pairs = NearPairs(np.array([0, 0, 1]), np.array([1, 2, 2]), np.array([-3.0, -1.0, -2.0]))
    assert [group.tolist() for group in find_groups(pairs, 4)] == [[0, 1, 2]]
    assert find_groups(NearPairs(*(np.zeros(0, np.int32),) * 2, np.zeros(0)), 4) == []
