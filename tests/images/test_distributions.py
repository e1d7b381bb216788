"""Counts of red, green and blue, and what follows from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsim.errors import ParameterError
from imgsim.images.distributions import count_values, describe_counts, describe_values, merge_bins


def test_values_are_counted_for_each_channel():
    image = np.array([[[1, 2, 3], [1, 255, 3]], [[0, 2, 3], [1, 2, 0]]], np.uint8)
    counts = count_values(image)
    assert counts.shape == (3, 256)
    assert {value: int(n) for value, n in enumerate(counts[0]) if n} == {0: 1, 1: 3}
    assert {value: int(n) for value, n in enumerate(counts[1]) if n} == {2: 3, 255: 1}
    assert {value: int(n) for value, n in enumerate(counts[2]) if n} == {0: 1, 3: 3}


def test_any_layout_of_a_picture_counts_the_same(rng):
    image = rng.integers(0, 256, (30, 20, 3), np.uint8)
    np.testing.assert_array_equal(count_values(image[::-1, ::-1]), count_values(image))


@given(st.lists(st.integers(0, 255), min_size=1, max_size=60))
def test_counts_tell_what_the_numbers_would(numbers):
    described = describe_counts(np.bincount(numbers, minlength=256))
    assert described.mean == pytest.approx(np.mean(numbers))
    assert described.deviation == pytest.approx(np.std(numbers))
    np.testing.assert_allclose(described[2:], np.quantile(numbers, [0, 0.25, 0.5, 0.75, 1]), rtol=1e-12)
    np.testing.assert_allclose(describe_values(numbers), described, rtol=1e-9, atol=1e-9)


def test_counts_of_photos_add_up(rng):
    first, second = (rng.integers(0, 256, (height, 9, 3), np.uint8) for height in (4, 7))
    both = count_values(first) + count_values(second)
    np.testing.assert_array_equal(both, count_values(np.concatenate([first, second])))


def test_bins_are_sums_of_their_values():
    counts = np.arange(512).reshape(2, 256)
    assert merge_bins(counts, 1).tolist() == [[255 * 128], [(256 + 511) * 128]]
    np.testing.assert_array_equal(merge_bins(counts, 256), counts)
    np.testing.assert_array_equal(merge_bins(counts, 16)[0, 0], np.arange(16).sum())
    for bins in (0, 3, 512):
        with pytest.raises(ParameterError, match=f"do not divide into {bins} equal bins"):
            merge_bins(counts, bins)
