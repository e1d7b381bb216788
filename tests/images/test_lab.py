"""The conversion to L*a*b*."""

import cv2
import numpy as np

from imgsim.images.lab import to_lab


def test_colours_are_those_of_opencv(rng):
    photo = rng.integers(0, 256, (40, 30, 3), np.uint8)
    photo[0, :3] = [[0, 0, 0], [255, 255, 255], [3, 2, 1]]
    expected = cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    np.testing.assert_allclose(to_lab(photo), expected, atol=0.5)


def test_greys_have_no_colour_and_keep_their_order():
    lab = to_lab(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1))
    np.testing.assert_allclose(lab[:, 1:], 0, atol=1e-9)
    assert (np.diff(lab[:, 0]) > 0).all()
    assert lab[0, 0] == 0
    np.testing.assert_allclose(lab[-1, 0], 100)


def test_rows_of_colours_convert_as_pictures_do(rng):
    photo = rng.integers(0, 256, (4, 5, 3), np.uint8)
    np.testing.assert_array_equal(to_lab(photo).reshape(-1, 3), to_lab(photo.reshape(-1, 3)))
