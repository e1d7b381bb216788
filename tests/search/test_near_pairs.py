"""Pairs within a distance, against measuring all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsim.errors import ImgsimError
from imgsim.metrics import METRICS
from imgsim.search import bit_pairs, leave_one_out, near_pairs
from imgsim.search.bit_pairs import find_bit_pairs
from imgsim.search.leave_one_out import LeaveOneOut
from imgsim.search.near_pairs import find_near_pairs, find_twins
from tests.galleries import all_distances, term_of


def brute_force(rows, most):
    bits = np.bitwise_count(rows[:, None] ^ rows[None]).sum(axis=2)
    first, second = np.nonzero(np.triu(bits <= most, 1))
    return sorted(zip(first.tolist(), second.tolist(), bits[first, second].tolist(), strict=True))


def listed(found):
    return sorted(triple for pairs in found for triple in zip(*(array.tolist() for array in pairs), strict=True))


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(0, 300),
    width=st.sampled_from([1, 2, 3, 8, 9, 16]),
    most=st.integers(-1, 40),
    noise=st.floats(0, 0.3),
    plain=st.booleans(),
    batch=st.sampled_from([1, 7, 1 << 20]),
)
def test_bit_pairs_equal_brute_force(seed, count, width, most, noise, plain, batch):
    rng = np.random.default_rng(seed)
    seen = rng.integers(0, 256, (5, width), np.uint8)[rng.integers(0, 5, count)]
    rows = seen ^ np.packbits(rng.random((count, 8 * width)) < noise, axis=1)
    most = min(most, 5 * width)  # by pieces, more would be tried for minutes
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bit_pairs, "SCANNED", 0.0 if plain else 1e9 if most // -(-width // 2) <= 2 else 0.0)
        patch.setattr(bit_pairs, "BATCH", batch)
        found = listed(find_bit_pairs(rows, most))
    assert found == brute_force(rows, most)


@settings(max_examples=80, deadline=None)
@given(
    name=st.sampled_from(sorted(METRICS)),
    seed=st.integers(0, 10_000),
    count=st.integers(1, 40),
    parts=st.integers(1, 3),
    share=st.floats(0, 1),
    binary=st.booleans(),
    chunk=st.sampled_from([1, 2000, 1 << 28]),
)
def test_near_pairs_equal_brute_force(name, seed, count, parts, share, binary, chunk):
    rng = np.random.default_rng(seed)
    features = rng.integers(0, 2 if binary else 3, (count, 8)).astype(np.float32)
    photos = np.arange(count) // parts
    term = term_of(features, "hamming" if binary else name, photos, rng.random(count) > 0.1, binary=binary)
    distances = all_distances([term])
    finite = distances[np.isfinite(distances)]
    farthest = float(np.quantile(finite, share, method="lower")) if len(finite) else 1.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leave_one_out, "CHUNK_BYTES", chunk)
        gallery = LeaveOneOut([term])
        found = find_near_pairs(gallery, farthest)
    first, second = np.nonzero(np.triu(np.where(distances <= farthest, 1, 0), 1))
    assert gallery.photos[found.first].tolist() == first.tolist()
    assert gallery.photos[found.second].tolist() == second.tolist()
    np.testing.assert_allclose(found.distances, distances[first, second], atol=1e-12)


def test_too_many_pairs_are_refused_while_they_are_found(monkeypatch):
    monkeypatch.setattr(near_pairs, "MOST_PAIRS", 10)
    gallery = LeaveOneOut([term_of(np.zeros((6, 8), np.float32), "hamming", binary=True)])
    with pytest.raises(ImgsimError, match=r"more than 10 pairs of photos are within 0\.5"):
        find_near_pairs(gallery, 0.5)


def test_twins_have_the_same_bits_in_all_rows():
    features = np.zeros((8, 8), np.float32)
    features[[2, 4, 6], 0] = 1
    single = LeaveOneOut([term_of(features, "hamming", binary=True)])
    assert find_twins(single).tolist() == [0, 0, 2, 0, 2, 0, 2, 0]
    double = LeaveOneOut([term_of(features, "hamming", photos=np.arange(8) // 2, binary=True)])
    assert find_twins(double).tolist() == [0, 1, 1, 1]
    assert find_twins(LeaveOneOut([term_of(features)])).tolist() == list(range(8))
