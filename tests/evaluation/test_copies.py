"""Copies are found by what they hold, and by what no two other photos have alike."""

import numpy as np

from imgsim.evaluation.copies import TELLING, describe_copies, keys_of_rows, mark_copies


def test_later_ones_are_marked_whichever_list_tells():
    everyone = np.ones(5, bool)
    digests, rows = [b"a", b"b", b"a", b"c", b"d"], [b"", b"x", b"", b"x", b""]
    assert mark_copies([digests], everyone).tolist() == [False, False, True, False, False]
    assert mark_copies([digests, rows], everyone).tolist() == [False, False, True, True, False]
    assert mark_copies([], everyone).tolist() == [False] * 5
    assert mark_copies([[b""] * 5], everyone).tolist() == [False] * 5


def test_photos_that_do_not_count_are_no_originals():
    assert mark_copies([[b"a", b"a", b"a"]], np.array([False, True, True])).tolist() == [False, False, True]


def test_rows_are_telling_if_they_have_many_values_and_agree_in_all():
    rows = np.random.default_rng(0).standard_normal((4, TELLING)).astype(np.float32)
    rows[3] = rows[1]
    keys = keys_of_rows(rows)
    assert [bool(key) for key in keys] == [False, True, False, True]
    assert keys[1] == keys[3]
    rows[3, 0] = np.nextafter(rows[3, 0], np.float32(9))
    assert keys_of_rows(rows) == [b""] * 4
    rows[:, 1:] = 0  # two photos may well be black
    rows[:, 0] = 1
    assert keys_of_rows(rows) == [b""] * 4
    assert keys_of_rows(np.zeros((3, 0), np.float32)) == [b""] * 3


def test_they_are_counted():
    assert describe_copies(np.zeros(3, bool)) == ""
    assert describe_copies(np.array([True, False])).startswith("1 photo is a copy of others and left out: every photo")
    assert describe_copies(np.array([True, True])).startswith("2 photos are copies of others and left out: every")
