"""Colour histograms, by NumPy and by hand."""

import cv2
import numpy as np
import pytest

from imgsim.features.histogram import Histogram

RANGES = {"rgb": [(0, 256)] * 3, "hsv": [(0, 180), (0, 256), (0, 256)], "lab": [(0, 256)] * 3}
CONVERSIONS = {"hsv": cv2.COLOR_RGB2HSV, "lab": cv2.COLOR_RGB2LAB}


@pytest.mark.parametrize("space", list(RANGES))
@pytest.mark.parametrize("bins", [2, 5, 8])
def test_counts_are_numpys(rng, space, bins):
    photo = rng.integers(0, 256, (30, 41, 3), np.uint8)
    pixels = cv2.cvtColor(photo, CONVERSIONS[space]) if space in CONVERSIONS else photo
    counts, _ = np.histogramdd(pixels.reshape(-1, 3), bins, RANGES[space])
    np.testing.assert_allclose(Histogram(space, bins).extract([photo])[0], counts.ravel() / counts.sum(), rtol=1e-6)


def test_two_colours_by_hand():
    photo = np.zeros((4, 4, 3), np.uint8)
    photo[0] = 255, 0, 128  # bins 1, 0, 1 of 2: index 4 + 0 + 1
    row = Histogram(bins=2).extract([photo])[0]
    assert np.flatnonzero(row).tolist() == [0, 5]
    assert row[[0, 5]].tolist() == [0.75, 0.25]


def test_cells_come_row_by_row():
    photo = np.zeros((4, 6, 3), np.uint8)
    photo[:2, 3:] = 255  # upper right
    cells = Histogram(bins=2, grid=2).extract([photo])[0].reshape(4, 8)
    assert cells[:, 7].tolist() == [0, 0.25, 0, 0]
    assert cells[:, 0].tolist() == [0.25, 0, 0.25, 0.25]


def test_uneven_cells_share_out_all_pixels(rng):
    photo = rng.integers(0, 256, (7, 11, 3), np.uint8)
    cells = Histogram(bins=3, grid=4).extract([photo])[0].reshape(16, 27).sum(axis=0)
    np.testing.assert_allclose(cells, Histogram(bins=3).extract([photo])[0], rtol=1e-5)


def test_a_grid_finer_than_the_photo_repeats_pixels():
    row = Histogram(bins=2, grid=3).extract([np.full((1, 1, 3), 200, np.uint8)])[0].reshape(9, 8)
    np.testing.assert_allclose(row[:, 7], 1 / 9)
