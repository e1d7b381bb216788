"""Ranking by bounds gives what measuring every row gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsim.metrics import METRICS
from imgsim.search.ranking import rank, rank_each
from tests.galleries import term_of


def brute_force(distances, k, photos):
    """Sort every row by distance, then place; keep each photo's first."""
    order = sorted(range(len(distances)), key=lambda row: (distances[row], row))
    seen, kept = set(), []
    for row in order:
        if np.isfinite(distances[row]) and photos[row] not in seen:
            seen.add(photos[row])
            kept.append(row)
    return kept[:k]


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(METRICS)),
    seed=st.integers(0, 10_000),
    count=st.integers(1, 40),
    k=st.integers(1, 45),
    copies=st.integers(0, 10),
    views=st.integers(1, 3),
    parts=st.integers(1, 3),
)
def test_equals_brute_force(name, seed, count, k, copies, views, parts):
    rng = np.random.default_rng(seed)
    features = rng.integers(0, 3, (count, 8)).astype(np.float32) * rng.choice([0, 1, 1000])
    features[rng.integers(0, count, copies)] = features[0]
    photos = np.arange(count) // parts
    present = rng.random(count) > 0.2
    term = term_of(features, name, photos=photos, present=present)
    seen = term.metric.embed(features[rng.integers(0, count, views)])
    distances = np.min([term.metric.exact(view, term.gallery.rows) for view in seen], axis=0)
    distances[~present] = np.inf
    ranked = rank([term], [seen], k)
    assert ranked.rows.tolist() == brute_force(distances, k, photos)
    np.testing.assert_array_equal(ranked.distances, distances[ranked.rows])


def test_near_ties_are_told_apart_beyond_float32(rng):
    # A product in float32 cannot order these: they differ in the last bits of a large row.
    base = rng.random(256).astype(np.float32) * 100
    features = np.repeat(base[None], 200, axis=0)
    for row in range(200):
        features[row, row] = np.nextafter(features[row, row], np.float32(1000))
    ranked = rank([term_of(features)], [features[137:138]], 1)
    assert ranked.rows.tolist() == [137]
    assert ranked.distances.tolist() == [0]


def test_ties_go_by_row():
    features = np.ones((20, 4), np.float32)
    term = term_of(features, "cosine")
    assert rank([term], [term.gallery.rows[:1]], 5).rows.tolist() == [0, 1, 2, 3, 4]


def test_excluded_photos_are_left_out_with_all_parts():
    features = np.arange(6, dtype=np.float32)[:, None]
    term = term_of(features, photos=[7, 7, 8, 8, 9, 9])
    assert rank([term], [features[:1]], 5, excluded={7}).rows.tolist() == [2, 4]


def test_fusion_is_the_weighted_mean_over_those_that_have_a_row():
    one = np.array([[0], [1], [2], [3]], np.float32)
    two = np.array([[0], [4], [1], [9]], np.float32)
    terms = [
        term_of(one, factor=0.25 / 2, weight=0.25, present=[True, True, True, False]),
        term_of(two, factor=0.75 / 4, weight=0.75, present=[True, False, True, False]),
    ]
    ranked = rank(terms, [one[:1], two[:1]], 10)
    assert ranked.rows.tolist() == [0, 2, 1]
    expected = [0, (0.25 * 2 / 2 + 0.75 * 1 / 4) / 1, 0.25 * (1 / 2) / 0.25]
    np.testing.assert_allclose(ranked.distances, expected)


def test_the_closest_view_counts_after_fusion():
    one, two = np.array([[0], [10]], np.float32), np.array([[0], [10]], np.float32)
    terms = [term_of(one, factor=0.5, weight=0.5), term_of(two, factor=0.5, weight=0.5)]
    # Each view is near the first photo in one extractor only: no view is near it in both.
    views = [np.array([[0], [9]], np.float32), np.array([[9], [0]], np.float32)]
    np.testing.assert_allclose(rank(terms, views, 2).distances, [4.5, 5.5])


@pytest.mark.parametrize("k", [1, 5])
def test_an_empty_gallery_has_no_matches(k):
    term = term_of(np.zeros((0, 3), np.float32))
    assert rank([term], [np.zeros((1, 3), np.float32)], k).rows.tolist() == []


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 40), k=st.integers(1, 45), parts=st.integers(1, 3))
def test_only_allowed_rows_are_found(seed, count, k, parts):
    rng = np.random.default_rng(seed)
    features = rng.integers(0, 3, (count, 8)).astype(np.float32)
    photos = np.arange(count) // parts
    allowed = (rng.random(count) > 0.5)[photos]
    term = term_of(features, photos=photos)
    distances = np.where(allowed, term.metric.exact(features[0], term.gallery.rows), np.inf)
    assert rank([term], [features[:1]], k, allowed=allowed).rows.tolist() == brute_force(distances, k, photos)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(METRICS)),
    seed=st.integers(0, 10_000),
    views=st.lists(st.integers(1, 3), min_size=1, max_size=5),
    k=st.integers(1, 12),
    terms=st.integers(1, 2),
)
def test_several_queries_find_what_each_finds(name, seed, views, k, terms):
    rng = np.random.default_rng(seed)
    features = rng.integers(0, 3, (30, 8)).astype(np.float32)
    fused = [term_of(features[rng.permutation(30)], name, photos=np.arange(30) // 2) for _ in range(terms)]
    queries = [[term.metric.embed(features[rng.integers(0, 30, count)]) for term in fused] for count in views]
    excluded = [set(rng.integers(0, 15, count % 3).tolist()) for count in range(len(views))]
    allowed = np.repeat(rng.random(15) < 0.7, 2)
    found = rank_each(fused, queries, k, excluded=excluded, allowed=allowed)
    for query, left_out, ranked in zip(queries, excluded, found, strict=True):
        alone = rank(fused, query, k, excluded=left_out, allowed=allowed)
        assert ranked.rows.tolist() == alone.rows.tolist()
        assert ranked.distances.tolist() == alone.distances.tolist()
