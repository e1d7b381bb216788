"""Haralick against mahotas, and on images that mahotas refuses."""

import cv2
import mahotas
import numpy as np
import pytest

from imgsim.features.haralick import Haralick


@pytest.fixture
def photo(rng):
    return cv2.GaussianBlur(rng.integers(0, 256, (60, 45, 3), np.uint8), (0, 0), 2)


def test_256_levels_are_mahotas(photo):
    expected = mahotas.features.haralick(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY))
    for aggregate, values in {
        "mean": expected.mean(axis=0),
        "mean+range": np.concatenate([expected.mean(axis=0), expected.max(axis=0) - expected.min(axis=0)]),
        "all": expected.ravel(),
    }.items():
        row = Haralick(levels=256, aggregate=aggregate).extract([photo])[0]
        np.testing.assert_array_equal(row, values.astype(np.float32))


def test_levels_are_equal_spans_of_grey(photo):
    quarters = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY) // 64
    expected = mahotas.features.haralick(quarters, distance=2, return_mean=True)
    np.testing.assert_allclose(Haralick(4, 2, "mean").extract([photo])[0], expected, rtol=1e-6)


def test_a_chessboard_by_hand():
    board = np.indices((8, 8)).sum(axis=0) % 2
    image = np.repeat(board[..., None] * 255, 3, axis=2).astype(np.uint8)
    across, diagonal = Haralick(levels=2, aggregate="all").extract([image])[0].reshape(4, 13)[:2]
    # Across, every pair differs: two cells of the matrix hold 1/2 each. Along the diagonal, no pair does.
    assert (across[1], diagonal[1]) == (1, 0)  # contrast
    assert (across[2], diagonal[2]) == pytest.approx((-1, 1))  # correlation
    assert across[0] == pytest.approx(0.5)  # angular second moment


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 9, 3), (9, 1, 3), (4, 4, 3)])
def test_an_image_too_small_for_the_distance_is_lengthened(shape):
    row = Haralick(distance=12, aggregate="mean").extract([np.full(shape, 130, np.uint8)])[0]
    level = 130 * 64 // 256
    np.testing.assert_allclose(row, [1, 0, 1, 0, 1, 2 * level, 0, 0, 0, row[9], 0, 0, 0], atol=1e-6)
