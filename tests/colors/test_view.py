"""A photo as its colours are counted."""

import numpy as np
import pytest

from imgsim.colors.view import view_photo
from imgsim.images.lab import to_lab


def test_colours_are_means_of_the_pixels_that_have_them(rng):
    image = rng.integers(0, 256, (48, 64, 3), np.uint8)
    view = view_photo(image)
    np.testing.assert_array_equal(view.image, image)
    for place in range(0, len(view.rgb), 97):
        np.testing.assert_allclose(view.rgb[place], image.reshape(-1, 3)[view.labels == place].mean(axis=0))
    np.testing.assert_allclose(view.lab, to_lab(np.rint(view.rgb).astype(np.uint8)))
    assert set(view.labels) == set(range(len(view.rgb)))


@pytest.mark.parametrize(("shape", "small"), [((320, 427), (48, 64)), ((4000, 30), (64, 1)), ((9, 5), (9, 5))])
def test_large_photos_are_brought_down(shape, small):
    view = view_photo(np.full((*shape, 3), 200, np.uint8))
    assert view.image.shape == (*small, 3)
    assert view.foreground.shape == small
    assert view.labels.shape == (small[0] * small[1],)
    assert view.rgb.tolist() == [[200, 200, 200]]


def test_a_mask_is_brought_down_with_the_photo():
    mask = np.zeros((320, 427), bool)
    mask[:160] = True
    foreground = view_photo(np.full((320, 427, 3), 200, np.uint8), mask).foreground
    np.testing.assert_array_equal(foreground, np.arange(48)[:, None].repeat(64, axis=1) < 24)


def test_a_flipped_view_of_an_array_is_taken(rng):
    image = rng.integers(0, 256, (30, 40, 3), np.uint8)
    np.testing.assert_array_equal(view_photo(image[:, ::-1]).image, image[:, ::-1])
