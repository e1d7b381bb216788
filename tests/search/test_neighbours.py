"""Nearest neighbours of every photo, against sorting all distances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsim.metrics import METRICS
from imgsim.search import leave_one_out
from imgsim.search.neighbours import find_neighbours
from imgsim.search.ranking import rank
from tests.galleries import all_distances, term_of


@settings(max_examples=120, deadline=None)
@given(
    name=st.sampled_from(sorted(METRICS)),
    seed=st.integers(0, 10_000),
    count=st.integers(1, 40),
    k=st.integers(1, 45),
    parts=st.integers(1, 3),
    chunk=st.sampled_from([1, 2000, 1 << 28]),
)
def test_equals_brute_force(name, seed, count, k, parts, chunk):
    rng = np.random.default_rng(seed)
    features = rng.integers(0, 3, (count, 8)).astype(np.float32)
    photos = np.arange(count) // parts
    term = term_of(features, name, photos=photos, present=rng.random(count) > 0.1)
    wanted = rng.random(photos[-1] + 1) > 0.2
    distances = all_distances([term])
    distances[:, ~wanted] = np.inf
    taking_part = [photo for photo in np.flatnonzero(wanted) if term.gallery.present[photos == photo].any()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leave_one_out, "CHUNK_BYTES", chunk)
        found = find_neighbours([term], k, wanted=wanted)
    expected = np.argsort(distances[taking_part], axis=1, kind="stable")[:, : min(k, len(taking_part) - 1)]
    assert found.photos.tolist() == taking_part
    np.testing.assert_array_equal(found.rows, expected.reshape(found.rows.shape))
    np.testing.assert_array_equal(found.distances, np.take_along_axis(distances[taking_part], found.rows, axis=1))


def test_neighbours_are_what_queries_find(rng):
    features = rng.standard_normal((50, 16)).astype(np.float32)
    features[[3, 9]] = features[20]
    terms = [
        term_of(features, "cosine", factor=0.4, weight=0.3),
        term_of(rng.random((50, 4)).astype(np.float32), "cityblock", factor=0.2, weight=0.7),
    ]
    found = find_neighbours(terms, 5)
    for photo in range(50):
        views = [term.gallery.rows[photo : photo + 1] for term in terms]
        ranked = rank(terms, views, 5, excluded={photo})
        assert found.rows[photo].tolist() == ranked.rows.tolist()
        assert found.distances[photo].tolist() == ranked.distances.tolist()


def test_by_hand():
    found = find_neighbours([term_of(np.array([[0], [1], [3], [2]], np.float32))], 2)
    assert found.rows.tolist() == [[1, 3], [0, 3], [3, 1], [1, 2]]
    assert found.distances.tolist() == [[1, 2], [1, 1], [1, 2], [1, 1]]


def test_progress_is_heard(rng):
    heard = []
    find_neighbours([term_of(rng.random((9, 2)).astype(np.float32))], 1, advanced=heard.append)
    assert sum(heard) == 9


@pytest.mark.parametrize("count", [0, 1])
def test_where_there_are_no_others_there_are_no_neighbours(count):
    found = find_neighbours([term_of(np.ones((count, 2), np.float32))], 3)
    assert found.rows.shape == found.distances.shape == (count, 0)
    assert found.photos.tolist() == list(range(count))
