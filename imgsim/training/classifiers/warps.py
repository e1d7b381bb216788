"""Photos turned, moved, sheared, zoomed or mirrored at random, their borders drawn out: new pictures of rare things."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Image

ROTATION = 40.0  # degrees, to either side
SHIFT = 0.2  # of height and width, either way
SHEAR = 0.2  # radians, either way
ZOOM = 0.2  # of each axis on its own, larger or smaller
HALF = 0.5  # of pictures are mirrored


class Warp(NamedTuple):
    """How a picture is made of a photo: an angle, shifts of height and width, a shear in radians, zooms, a mirror."""

    angle: float  # radians
    down: float  # shares of height, and of width
    right: float
    shear: float
    tall: float  # more than 1 shows more of the photo
    wide: float
    mirrored: bool


def draw_warp(rng: np.random.Generator) -> Warp:
    """Draw a warp, each of its numbers as probable as others within its bounds."""
    angle, down, right, shear = rng.uniform(-1, 1, 4) * (np.deg2rad(ROTATION), SHIFT, SHIFT, SHEAR)
    tall, wide = rng.uniform(1 - ZOOM, 1 + ZOOM, 2)
    return Warp(float(angle), float(down), float(right), float(shear), float(tall), float(wide), rng.random() < HALF)


def matrix_of(warp: Warp, height: int, width: int) -> NDArray[np.float64]:
    """Tell from where in a photo a picture's pixel (x, y, 1) comes, (2, 3): turned, moved, sheared, then zoomed.

    As Keras' ImageDataGenerator has it, about the middle.
    """
    sine, cosine = np.sin(warp.angle), np.cos(warp.angle)
    # of (y, x, 1), as Keras writes them
    turned = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    moved = np.array([[1, 0, warp.down * height], [0, 1, warp.right * width], [0, 0, 1]])
    sheared = np.array([[1, -np.sin(warp.shear), 0], [0, np.cos(warp.shear), 0], [0, 0, 1]])
    zoomed = np.diag([warp.tall, warp.wide, 1.0])
    middle, back = np.eye(3), np.eye(3)
    middle[:2, 2] = (height - 1) / 2, (width - 1) / 2
    back[:2, 2] = -middle[:2, 2]
    whole = middle @ turned @ moved @ sheared @ zoomed @ back
    swapped: NDArray[np.float64] = whole[[1, 0]][:, [1, 0, 2]]
    return swapped


def apply_warp(pixels: Image, warp: Warp) -> Image:
    """Make a picture (h, w, 3) of a photo of the same size; beyond its borders their own colours go on."""
    height, width = pixels.shape[:2]
    made: Image = cv2.warpAffine(  # type: ignore[assignment]
        pixels,
        matrix_of(warp, height, width),
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.ascontiguousarray(made[:, ::-1]) if warp.mirrored else made
