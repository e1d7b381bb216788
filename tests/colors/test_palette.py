"""Weighted k-means in L*a*b*."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.cluster import KMeans

from imgsim.colors.palette import cluster_colors

colors = st.integers(1, 40).flatmap(lambda count: arrays(float, (count, 3), elements=st.floats(-100, 100)))


@given(colors, st.integers(1, 8))
def test_every_colour_is_with_its_nearest_centre(lab, count):
    weights = np.linspace(1, 5, len(lab))
    centres, nearest = cluster_colors(lab, weights, count)
    assert 1 <= len(centres) <= count
    assert nearest.shape == (len(lab),)
    assert np.isfinite(centres).all()
    again, _ = cluster_colors(lab, weights, count)
    np.testing.assert_array_equal(again, centres)


def test_groups_apart_are_found_with_their_weighted_means(rng):
    middles = np.array([[20, 0, 0], [60, 60, 0], [80, -40, 50]], float)
    lab = np.repeat(middles, 30, axis=0) + rng.normal(size=(90, 3))
    weights = rng.uniform(1, 9, 90)
    centres, nearest = cluster_colors(lab, weights, 3)
    for place in range(3):
        group = slice(30 * place, 30 * place + 30)
        assert len(set(nearest[group])) == 1
        expected = np.average(lab[group], axis=0, weights=weights[group])
        np.testing.assert_allclose(centres[nearest[30 * place]], expected)


def test_it_is_about_as_tight_as_scikit_learn(rng):
    lab = rng.normal(size=(300, 3)) * [20, 30, 30]
    weights = rng.uniform(1, 9, 300)
    centres, nearest = cluster_colors(lab, weights, 6)
    ours = (weights * ((lab - centres[nearest]) ** 2).sum(axis=1)).sum()
    theirs = KMeans(6, n_init=10, random_state=0).fit(lab, sample_weight=weights).inertia_
    assert ours < 1.15 * theirs


def test_heavy_colours_draw_their_centre():
    centres, _ = cluster_colors(np.array([[0, 0, 0], [10, 0, 0]], float), np.array([9.0, 1.0]), 1)
    assert centres.tolist() == [[1, 0, 0]]


def test_no_more_centres_than_colours():
    lab = np.array([[5, 5, 5], [5, 5, 5], [50, 0, 0]], float)
    centres, nearest = cluster_colors(lab, np.ones(3), 8)
    assert nearest[0] == nearest[1] != nearest[2]
    assert centres[nearest[2]].tolist() == pytest.approx([50, 0, 0])
