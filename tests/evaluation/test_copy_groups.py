"""Copies of a photo are one group, by content and by hashes that differ in few bits."""

import time
import tracemalloc

import numpy as np
import pytest

from imgsim.evaluation.copy_groups import NEAR_COPIES, describe_groups, group_copies, mark_repeated, torn_groups

ALL = np.ones(6, bool)


def hashes(*flipped):
    """Give the same lively hash once and again, some bits of it flipped; None is one that is far from all others."""
    rng = np.random.default_rng(3)
    first = rng.permutation(np.repeat([0.0, 1.0], 32))
    rows = []
    for bits in flipped:
        row = first.copy() if bits is not None else rng.permutation(first)
        row[list(bits or ())] = 1 - row[list(bits or ())]
        rows.append(row)
    return np.array(rows, np.float32)


def same(groups):
    """Give the groups of several, as places."""
    numbered = groups.tolist()
    places = {number: [place for place, one in enumerate(numbered) if one == number] for number in numbered}
    return sorted(one for one in places.values() if len(one) > 1)


def test_by_hand():
    rows = hashes((), range(NEAR_COPIES), range(2 * NEAR_COPIES), None, None, range(NEAR_COPIES + 1, 3 * NEAR_COPIES))
    # 0 and 1 differ in 6 bits, 1 and 2 in 6, 0 and 2 in 12: copies of copies; 4 has the content of 3; 5 is far off.
    assert same(group_copies([[b"a", b"b", b"c", b"d", b"d", b""]], rows, ALL, ALL)) == [[0, 1, 2], [3, 4]]
    assert same(group_copies([], hashes((), range(NEAR_COPIES + 1), None, None, None, None), ALL, ALL)) == []


def test_what_does_not_take_part_links_nothing():
    rows = hashes((), range(NEAR_COPIES), range(2 * NEAR_COPIES), None, None, None)
    among = np.array([True, False, True, True, True, True])
    assert same(group_copies([[b"", b"x", b"", b"y", b"y", b"x"]], rows, ALL, among)) == [[3, 4]]
    hashed = np.array([True, False, True, True, True, True])  # as of a photo that has no features
    assert same(group_copies([], rows, hashed, ALL)) == []


def test_plain_photos_are_no_copies():
    plain = np.zeros((6, 64), np.float32)
    plain[3:] = 1
    plain[:, :3] = 0
    assert same(group_copies([], plain, ALL, ALL)) == []


def test_all_but_the_first_of_a_group_are_repeated():
    groups = np.array([0, 1, 0, 2, 1, 0])
    assert mark_repeated(groups, ALL).tolist() == [False, False, True, False, True, True]
    among = np.array([False, True, True, True, True, True])
    assert mark_repeated(groups, among).tolist() == [False, False, False, False, True, True]


def test_groups_of_several_classes_are_told():
    groups, codes = np.array([0, 1, 0, 2, 1, 1]), np.array([0, 5, 0, 3, 4, -1])
    assert list(torn_groups(groups, codes)) == [[1, 4]]
    assert list(torn_groups(groups, np.full(6, -1))) == []


def test_they_are_counted():
    none = np.zeros(3, bool)
    assert describe_groups(none, none) == ""
    assert describe_groups(np.array([True, True, False]), np.array([True, False, False])) == (
        "2 photos are copies of others (1 by phash, within 6 of 64 bits) and count as one with the first by path"
    )
    assert describe_groups(np.array([False, True, False]), none).startswith("1 photo is a copy of another (1 by phash")


def test_many_photos_take_neither_long_nor_much():
    rows = np.random.default_rng(0).integers(0, 2, (20_000, 64)).astype(np.float32)
    rows[10_000:, 3:] = rows[:10_000, 3:]
    tracemalloc.start()
    began = time.perf_counter()
    groups = group_copies([], rows, np.ones(20_000, bool), np.ones(20_000, bool))
    took, (_, peak) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert mark_repeated(groups, np.ones(20_000, bool)).sum() == pytest.approx(10_000, abs=5)
    assert peak < 100e6  # all pairs would be 400 MB of one byte each
    assert took < 60
