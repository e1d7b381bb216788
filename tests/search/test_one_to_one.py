"""One-to-one assignment on sparse candidates, against trying all of them."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsim.search.one_to_one import assign


def best_of_all(pairs, distances):
    """Try every choice of pairs: as many as can be, then the least sum."""
    best = (0, 0.0)
    for chosen in product((False, True), repeat=len(pairs)):
        taken = [pair for pair, one in zip(pairs, chosen, strict=True) if one]
        if all(len(set(side)) == len(taken) for side in zip(*taken, strict=True)):
            total = sum(distance for distance, one in zip(distances, chosen, strict=True) if one)
            best = min(best, (-len(taken), total))
    return best


@settings(max_examples=100, deadline=None)
@given(
    pairs=st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=9),
    seed=st.integers(0, 10_000),
    low=st.sampled_from([-3.0, 0.0]),
)
def test_is_the_best_of_all(pairs, seed, low):
    pairs = sorted(pairs)
    distances = np.random.default_rng(seed).uniform(low, low + 2, len(pairs))
    lost, found = np.array(pairs).T
    chosen = assign(lost, found, distances)
    assert len(set(lost[chosen])) == len(set(found[chosen])) == chosen.sum()
    count, total = best_of_all(pairs, distances)
    assert chosen.sum() == -count
    assert np.isclose(distances[chosen].sum(), total)


def test_equal_distances_and_none_at_all():
    nothing = np.zeros(0, np.intp)
    assert assign(nothing, nothing, np.zeros(0)).tolist() == []
    pairs = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    assert assign(*pairs, np.zeros(4)).sum() == 2
