"""Photographs drawn things in places: on a shelf, against a wall, on felt, on a table, on a blanket."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from examples.drawing import SIDE
from imgsim.images.opencv import cv2

if TYPE_CHECKING:
    from examples.drawing import Array

WIDTH, HEIGHT = 640, 480  # px


class View(NamedTuple):
    """How a thing is photographed: degrees, size in px, centre as shares of the photo, light left and right, noise."""

    angle: float
    size: float
    centre: tuple[float, float]
    light: tuple[float, float]
    noise: float


def photograph(thing: Array, place: Array, view: View, rng: np.random.Generator) -> Array:
    """Put a thing with its shadow in a place, light it and take its picture, uint8 RGB."""
    turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), view.angle, view.size / SIDE)
    turn[:, 2] += np.multiply(view.centre, (WIDTH, HEIGHT)) - SIDE / 2
    moved = cv2.warpAffine(thing, turn, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    opacity = moved[..., 3:]
    shadow = cv2.warpAffine(opacity, np.float32([[1, 0, 10], [0, 1, 14]]), (WIDTH, HEIGHT))
    shadow = cv2.GaussianBlur(shadow, (0, 0), 9)[..., None]
    photo = place * (1 - 0.4 * shadow) * (1 - opacity) + 255 * moved[..., :3]
    light = np.linspace(*view.light, WIDTH)[:, None] * np.linspace(1.02, 0.98, HEIGHT)[:, None, None]
    noise = view.noise * rng.standard_normal((HEIGHT, WIDTH, 1), np.float32)
    return np.clip(photo * light + noise, 0, 255).astype(np.uint8)


def board(rng: np.random.Generator) -> Array:
    """Draw a wooden shelf."""
    return _planks(rng, (243, 234, 218), 4)


def wall(rng: np.random.Generator) -> Array:
    """Draw a plastered wall."""
    return np.array((236, 234, 230)) * (1 + 0.015 * _waves(rng, 6, 8) + 0.01 * _waves(rng, 120, 160))


def felt(rng: np.random.Generator) -> Array:
    """Draw green felt."""
    return np.array((226, 236, 229)) * (1 + 0.015 * _waves(rng, 5, 6) + 0.01 * _waves(rng, 240, 320))


def table(rng: np.random.Generator) -> Array:
    """Draw a table top."""
    return _planks(rng, (242, 229, 211), 3)


def blanket(rng: np.random.Generator) -> Array:
    """Draw a pale blue blanket."""
    weave = 1 + 0.01 * np.sin(np.arange(WIDTH) / 2.5)[:, None] * np.sin(np.arange(HEIGHT) / 2.5)[:, None, None]
    return np.array((228, 232, 240)) * weave * (1 + 0.015 * _waves(rng, 4, 5))


def _planks(rng: np.random.Generator, colour: tuple[int, int, int], count: int) -> Array:
    plank = np.arange(HEIGHT) * count // HEIGHT
    tone = rng.uniform(0.97, 1.02, count)[plank][:, None, None]
    gap = np.where(np.diff(plank, prepend=0) > 0, 0.75, 1.0)[:, None, None]
    return colour * tone * gap * (1 + 0.012 * _waves(rng, 100, 5))


def _waves(rng: np.random.Generator, rows: int, columns: int) -> Array:
    """Give smooth noise of some rows and columns of waves, about -1..1, (HEIGHT, WIDTH, 1)."""
    noise = rng.standard_normal((rows, columns), np.float32)
    return cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)[..., None]
