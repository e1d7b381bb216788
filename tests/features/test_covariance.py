"""The log-covariance descriptor."""

import cv2
import numpy as np
import pytest
from scipy.linalg import logm

from imgsim.features.covariance import Covariance, _energies, _filters, _logarithm


def test_distance_is_the_log_euclidean_metric(rng):
    first, second = (values @ values.T + np.eye(6) for values in rng.normal(size=(2, 6, 9)))
    expected = np.linalg.norm(logm(first) - logm(second), "fro")
    assert np.linalg.norm(_logarithm(first) - _logarithm(second)) == pytest.approx(expected)


@pytest.mark.parametrize(("wavelength", "scale"), [(3, 0), (6, 1), (12, 2)])
@pytest.mark.parametrize("orientation", range(4))
def test_waves_excite_the_filter_of_their_length_and_direction(wavelength, scale, orientation):
    y, x = np.mgrid[:64, :64]
    along = x * np.cos(np.pi * orientation / 4) + y * np.sin(np.pi * orientation / 4)
    wave = (127.5 + 60 * np.sin(2 * np.pi * along / wavelength)).astype(np.uint8)
    energies = _energies(wave, _filters(3, 4)).mean(axis=(1, 2))
    assert energies.argmax() == 4 * scale + orientation


def test_a_flat_grey_photo_by_hand():
    grey = 128  # a* and b* are 0 where there is no colour
    lightness = (116 * (((grey / 255 + 0.055) / 1.055) ** 2.4) ** (1 / 3) - 16 - 50) * 2.55 / 50
    places = np.linspace(-1, 1, 64)
    matrix = np.diag([0.1, 0.1, (places**2).mean() + 0.1, (places**2).mean() + 0.1])  # a*, b*, column, row
    known = np.block(
        [
            [np.array([[lightness**2 + 0.1]]), np.zeros((1, 4)), np.array([[lightness]])],
            [np.zeros((4, 1)), matrix, np.zeros((4, 1))],
            [np.array([[lightness]]), np.zeros((1, 4)), np.array([[1.1]])],
        ]
    )
    row = Covariance(scales=1, orientations=2).extract([np.full((40, 30, 3), grey, np.uint8)])[0]
    full = np.zeros((8, 8))
    full[np.triu_indices(8)] = row
    upper = logm(known)[np.triu_indices(6)] * np.where(np.equal(*np.triu_indices(6)), 1, np.sqrt(2))
    np.testing.assert_allclose(full[2:, 2:][np.triu_indices(6)], upper, atol=1e-5)
    assert full[0, 0] == full[1, 1] == pytest.approx(np.log(0.1))


def test_brightness_of_texture_hardly_counts(rng):
    photo = cv2.resize(rng.integers(60, 130, (20, 20, 3), np.uint8), (64, 64), interpolation=cv2.INTER_CUBIC)
    other = cv2.resize(rng.integers(60, 130, (40, 40, 3), np.uint8), (64, 64), interpolation=cv2.INTER_CUBIC)
    row, brighter, finer = Covariance().extract([photo, photo + 20, other])
    assert np.linalg.norm(row - brighter) < np.linalg.norm(row - finer)
