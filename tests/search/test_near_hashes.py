"""Hashes that differ in few bits, found by bands."""

import numpy as np
import pytest

from imgsim.search import near_hashes
from imgsim.search.near_hashes import near_pairs, pack_hashes


def pairs(hashes, within):
    first, second = near_pairs(hashes, within)
    assert (first < second).all()
    return set(zip(first.tolist(), second.tolist(), strict=True))


def test_rows_of_bits_become_numbers_that_differ_in_as_many():
    rows = np.random.default_rng(1).integers(0, 2, (20, 64)).astype(np.float32)
    hashes = pack_hashes(rows)
    assert hashes.shape == (20,)
    assert np.bitwise_count(hashes[0] ^ hashes).tolist() == (rows[0] != rows).sum(axis=1).tolist()
    assert pack_hashes(rows[:0]).shape == (0,)


@pytest.mark.parametrize("within", [0, 1, 6, 20, 63])
@pytest.mark.parametrize("chunk", [near_hashes.CHUNK_PAIRS, 7])
def test_finds_what_comparing_all_finds(monkeypatch, within, chunk):
    monkeypatch.setattr(near_hashes, "CHUNK_PAIRS", chunk)
    rng = np.random.default_rng(within)
    hashes = rng.integers(0, 2**64, 30, dtype=np.uint64)
    flips = np.uint64(1) << rng.integers(0, 64, (8, 30)).astype(np.uint64)
    kept = np.arange(8)[:, None] < rng.integers(0, 9, 30)
    hashes = np.concatenate([hashes, hashes ^ np.bitwise_xor.reduce(np.where(kept, flips, 0), axis=0), hashes[:3]])
    differing = np.bitwise_count(hashes[:, None] ^ hashes)
    expected = {(a, b) for a in range(63) for b in range(a + 1, 63) if differing[a, b] <= within}
    assert expected
    assert pairs(hashes, within) == expected


def test_none_and_one_have_no_pair():
    for count in (0, 1):
        assert pairs(np.zeros(count, np.uint64), 6) == set()
