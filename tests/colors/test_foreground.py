"""Telling what a photo shows from a plain background."""

import numpy as np
import pytest

from imgsim.colors.foreground import MIDDLE, find_foreground
from imgsim.images.lab import to_lab


def foreground_of(image):
    colors, labels = np.unique(image.reshape(-1, 3), axis=0, return_inverse=True)
    return find_foreground(to_lab(colors), labels, image.shape[:2])


def photo(background, thing=(30, 60, 160), height=40, width=60):
    image = np.full((height, width, 3), background, np.uint8)
    image[10:30, 20:40] = thing
    return image


def thing():
    marked = np.zeros((40, 60), bool)
    marked[10:30, 20:40] = True
    return marked


def assert_about(marked, expected):
    """Compare marks, but for the corners, which are rounded."""
    assert (marked != expected).sum() <= 8


@pytest.mark.parametrize("background", [(250, 250, 250), (10, 10, 10), (200, 40, 40)])
def test_a_thing_on_a_plain_background(background):
    assert_about(foreground_of(photo(background)), thing())


def test_a_background_lit_unevenly_is_still_one():
    image = photo((200, 200, 200))
    image[:, :20] = 225
    image[:, 40:] = 175
    assert_about(foreground_of(image), thing())


def test_a_wall_and_a_floor_are_both_background():
    image = photo((240, 235, 225))
    image[30:] = 120, 80, 50
    assert_about(foreground_of(image), thing())


def test_what_is_like_the_background_but_enclosed_belongs_to_the_thing():
    image = photo((250, 250, 250))
    image[18:22, 28:32] = 250  # a white print on it
    assert_about(foreground_of(image), thing())


def test_a_thing_may_reach_the_border():
    image = photo((250, 250, 250))
    image[30:, 25:35] = 30, 60, 160
    expected = thing()
    expected[30:, 25:35] = True
    assert_about(foreground_of(image), expected)


def test_specks_of_a_patterned_background_do_not_count():
    image = photo((240, 240, 240))
    image[2::7, 2::7] = 150, 90, 60
    image[10:30, 20:40] = 30, 60, 160
    assert_about(foreground_of(image), thing())


def is_middle(marked):
    height, width = marked.shape
    inside = marked[height // 2, width // 2]
    corners = marked[[0, 0, -1, -1], [0, -1, 0, -1]]
    return inside and not corners.any() and abs(marked.mean() - np.pi / 4 * MIDDLE**2) < 0.02


def test_without_a_plain_border_the_middle_counts(rng):
    assert is_middle(foreground_of(rng.integers(0, 256, (60, 80, 3), np.uint8)))


def test_a_background_that_swallows_the_middle_is_none():
    image = np.full((60, 80, 3), 250, np.uint8)
    assert is_middle(foreground_of(image))
    image[5:15, 5:15] = 0  # a logo in a corner is not what the photo is of
    assert is_middle(foreground_of(image))


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 2), (5, 1), (3, 2)])
def test_tiny_pictures_have_a_foreground(shape, rng):
    marked = foreground_of(rng.integers(0, 256, (*shape, 3), np.uint8))
    assert marked.shape == shape
    assert marked.any()


@pytest.mark.parametrize(("odd", "plain"), [(52, True), (60, False)])
def test_seven_tenths_of_the_border_make_a_background(odd, plain):
    image = photo((250, 250, 250))
    border = np.flatnonzero(np.pad(np.zeros((38, 58), bool), 1, constant_values=True))
    assert len(border) == 196
    tones = np.random.default_rng(0).integers(0, 140, (odd, 3))  # no two alike, which would be a second tone
    image.reshape(-1, 3)[border[::3][:odd]] = tones
    assert is_middle(foreground_of(image)) != plain
