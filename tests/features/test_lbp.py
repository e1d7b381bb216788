"""Local binary patterns against a loop, and what they are blind to."""

import cv2
import numpy as np
import pytest
from mahotas.features import _lbp
from scipy.ndimage import map_coordinates

from imgsim.features.lbp import Lbp, _code_of_pattern


@pytest.fixture
def photo(rng):
    return rng.integers(0, 256, (24, 28, 3), np.uint8)


def smallest_turn(bits):
    return min(sum(bit << k for k, bit in enumerate(bits[turn:] + bits[:turn])) for turn in range(len(bits)))


@pytest.mark.parametrize(("radius", "points", "margin"), [(1, 8, 0), (3, 12, 0), (2, 5, 30)])
def test_counts_are_those_of_a_loop(photo, radius, points, margin):
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(float)
    angles = 2 * np.pi * np.arange(points) / points
    found = []
    for y in range(radius, grey.shape[0] - radius):
        for x in range(radius, grey.shape[1] - radius):
            circle = map_coordinates(grey, [y + radius * np.sin(angles), x + radius * np.cos(angles)], order=1)
            found.append(smallest_turn([int(value > grey[y, x] + margin + 0.01) for value in circle]))
    names = sorted({smallest_turn([pattern >> k & 1 for k in range(points)]) for pattern in range(2**points)})
    expected = [found.count(name) / len(found) for name in names]
    np.testing.assert_allclose(Lbp(radius, points, 1, margin).extract([photo])[0], expected, atol=1e-7)


@pytest.mark.parametrize("points", [4, 8, 11])
def test_codes_are_mahotas(points):
    smallest = _lbp.map(np.arange(2**points, dtype=np.uint32), points)
    _, codes = np.unique(smallest, return_inverse=True)
    np.testing.assert_array_equal(_code_of_pattern(points), codes)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_quarter_turns_change_nothing(photo, quarters):
    upright, turned = Lbp(scales=3).extract([photo, np.rot90(photo, quarters)])
    np.testing.assert_allclose(upright, turned, atol=2 / photo[..., 0].size)


@pytest.mark.parametrize("grey", [0, 77, 255])
def test_flat_photos_have_nothing_brighter_around(grey):
    row = Lbp(scales=2).extract([np.full((9, 9, 3), grey, np.uint8)])[0]
    assert row[[0, 36]].tolist() == [0.5, 0.5]


def test_more_light_changes_nothing(rng):
    photo = rng.integers(0, 128, (20, 20, 1), np.uint8).repeat(3, axis=2)
    np.testing.assert_array_equal(*Lbp(scales=1, margin=0).extract([photo, 2 * photo]))


def test_each_scale_halves_the_photo(photo):
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    halved = cv2.resize(grey, (14, 12), interpolation=cv2.INTER_AREA)[..., None].repeat(3, axis=2)
    both, second = Lbp(scales=2).extract([photo])[0], Lbp(scales=1).extract([halved])[0]
    np.testing.assert_allclose(2 * both[36:], second, atol=1e-6)


def test_noise_within_the_margin_changes_nothing(rng):
    noisy = rng.integers(100, 105, (20, 20, 1), np.uint8).repeat(3, axis=2)
    flat = np.full_like(noisy, 100)
    np.testing.assert_array_equal(*Lbp(margin=4).extract([noisy, flat]))
    assert (np.diff(Lbp(margin=0).extract([noisy, flat]), axis=0) != 0).any()
