"""Histograms of oriented gradients on ramps whose gradient is known."""

import cv2
import numpy as np
import pytest

from imgsim.features.hog import Hog


def ramp(degrees):
    """A photo that brightens evenly in a direction, degrees from right to down."""
    y, x = np.mgrid[:64, :64] - 31.5
    angle = np.deg2rad(degrees)
    grey = 127.5 + 1.3 * (x * np.cos(angle) + y * np.sin(angle))
    return np.repeat(grey.round().astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("degrees", [10, 50, 90, 130, 170])
@pytest.mark.parametrize("turned", [0, 180])
def test_a_ramp_falls_into_the_bin_of_its_direction(degrees, turned):
    row = Hog(cells=4, pixels=16, orientations=9).extract([ramp(degrees + turned)])[0]
    share = row.reshape(-1, 9).sum(axis=0)
    assert share.argmax() == degrees // 20  # bins of 20 degrees; opposite directions are one


def test_a_flat_photo_has_no_gradients():
    assert not Hog().extract([np.full((50, 70, 3), 90, np.uint8)]).any()


def test_brightness_and_contrast_hardly_count(rng):
    photo = cv2.resize(rng.integers(0, 128, (8, 8, 3), np.uint8), (64, 64), interpolation=cv2.INTER_CUBIC)
    plain, brighter = Hog().extract([photo, photo // 2 + 100])
    cosine = plain @ brighter / np.linalg.norm(plain) / np.linalg.norm(brighter)
    assert cosine > 0.98


def test_blocks_are_clipped_and_normalised(rng):
    blocks = Hog(3, 8, 9).extract([rng.integers(0, 256, (24, 24, 3), np.uint8)])[0].reshape(4, 36)
    np.testing.assert_allclose(np.linalg.norm(blocks, axis=1), 1, atol=2e-3)
    assert (blocks >= 0).all()


def test_mirror_images_are_alike_only_when_asked(rng):
    photo = rng.integers(0, 256, (70, 50, 3), np.uint8)
    assert (np.diff(Hog(mirror="apart").extract([photo, photo[:, ::-1]]), axis=0) != 0).any()
    np.testing.assert_array_equal(*Hog(mirror="alike").extract([photo, photo[:, ::-1]]))
    mean = Hog(mirror="apart").extract([photo, photo[:, ::-1]]).mean(axis=0)
    np.testing.assert_allclose(Hog(mirror="alike").extract([photo])[0], mean, rtol=1e-6)
