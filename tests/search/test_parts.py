"""Rows and the photos that they belong to."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsim.search.parts import Parts


@settings(deadline=None)
@given(counts=st.lists(st.integers(1, 4), max_size=12), seed=st.integers(0, 1000))
def test_rows_and_closest_equal_a_plain_loop(counts, seed):
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(len(counts)), counts)
    parts = Parts(rng.permutation(1000)[owner])
    distances = rng.random((2, len(owner)))
    chosen = rng.permutation(len(counts))[: rng.integers(len(counts) + 1)]
    assert len(parts) == len(counts)
    assert parts.places.tolist() == owner.tolist()
    assert parts.rows(chosen).tolist() == [row for photo in chosen for row in np.flatnonzero(owner == photo)]
    expected = [[min(line[owner == photo]) for photo in range(len(counts))] for line in distances]
    assert parts.closest(distances).tolist() == expected
    assert parts.closest(distances.T, axis=0).T.tolist() == expected
