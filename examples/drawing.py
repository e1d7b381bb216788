"""A sheet to draw on: shapes filled with a colour or a patterned cloth, lit from the upper left.

Places and lengths are shares of the sheet's side, y downwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.images.opencv import cv2

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]
    Points = Sequence[tuple[float, float]] | Array
    Colour = tuple[int, int, int] | Array

SIDE = 480  # px
_FRACTION_BITS = 4  # of a pixel, in OpenCV's drawing


class Look(NamedTuple):
    """How a thing looks: two colours and a pattern."""

    main: tuple[int, int, int]
    second: tuple[int, int, int]
    pattern: str = "plain"


def darker(colour: Colour, by: float = 0.62) -> Array:
    """Give a darker, or by more than 1 a lighter, colour."""
    return np.clip(np.multiply(colour, by), 0, 255)


PATTERNS: dict[str, Callable[[Array, Array], Array]] = {
    "plain": lambda x, y: np.zeros_like(x + y),
    "stripes": lambda x, y: ((y + 0 * x) * 11) % 1 < 0.42,
    "bars": lambda x, y: ((x + 0 * y) * 9) % 1 < 0.5,
    "check": lambda x, y: ((x * 8) % 1 < 0.5) * 0.5 + ((y * 8) % 1 < 0.5) * 0.5,
    "dots": lambda x, y: np.hypot((x * 10 + np.floor(y * 10) / 2) % 1 - 0.5, (y * 10) % 1 - 0.5) < 0.27,
    "zigzag": lambda x, y: (y * 7 + np.abs((x * 7) % 1 - 0.5)) % 1 < 0.4,
}  # the share of the second colour at x and y


def cloth(look: Look, rng: np.random.Generator) -> Array:
    """Weave a square of the look's pattern, (SIDE, SIDE, 3)."""
    steps = np.arange(SIDE, dtype=np.float32)
    share = PATTERNS[look.pattern](steps / SIDE, steps[:, None] / SIDE).astype(np.float32)
    share = cv2.GaussianBlur(share, (0, 0), 0.8)[..., None]
    threads = 5 * rng.standard_normal((SIDE, SIDE, 1), np.float32) + 3 * np.sin(steps * 1.6)[:, None]
    return np.float32(look.main) + share * np.subtract(look.second, look.main, dtype=np.float32) + threads


def oval(x: float, y: float, width: float, height: float, arc: tuple[float, float] = (0, 360)) -> Array:
    """Give the points of an ellipse, or of an arc in degrees, clockwise from the right."""
    angle = np.radians(np.linspace(*arc, 60))
    return np.stack([x + width / 2 * np.cos(angle), y + height / 2 * np.sin(angle)], axis=1)


def rounded(points: Points, times: int = 4) -> Array:
    """Cut the corners of a polygon until it is round (Chaikin 1974)."""
    corners = np.asarray(points, float)
    for _ in range(times):
        following = np.roll(corners, -1, axis=0)
        corners = np.stack([0.75 * corners + 0.25 * following, 0.25 * corners + 0.75 * following], axis=1)
        corners = corners.reshape(-1, 2)
    return corners


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.05) -> Array:
    """Give a rectangle with round corners."""
    x, y, r = (left, right), (top, bottom), radius
    corners = [(x[0], y[0] + r), (x[0], y[0]), (x[0] + r, y[0]), (x[1] - r, y[0]), (x[1], y[0]), (x[1], y[0] + r)]
    corners += [(x[1], y[1] - r), (x[1], y[1]), (x[1] - r, y[1]), (x[0] + r, y[1]), (x[0], y[1]), (x[0], y[1] - r)]
    return rounded(corners, 3)


class Sheet:
    """What a thing is drawn on: RGB and opacity, 0..1, (SIDE, SIDE, 4)."""

    def __init__(self) -> None:
        self.pixels = np.zeros((SIDE, SIDE, 4), np.float32)

    def fill(self, outline: Points, colour: Colour, relief: float = 0.03) -> None:
        """Fill an outline; its edges bend away over `relief` of the side."""
        mask = np.zeros((SIDE, SIDE), np.uint8)
        cv2.fillPoly(mask, [_fixed(outline)], 255, cv2.LINE_AA, _FRACTION_BITS)
        self._blend(mask, colour, relief)

    def stroke(self, points: Points, width: float, colour: Colour, relief: float = 0.006) -> None:
        """Draw a line."""
        mask = np.zeros((SIDE, SIDE), np.uint8)
        thickness = max(1, round(width * SIDE))
        cv2.polylines(mask, [_fixed(points)], False, 255, thickness, cv2.LINE_AA, _FRACTION_BITS)
        self._blend(mask, colour, relief)

    def stitches(self, points: Points, colour: Colour, every: int = 3) -> None:
        """Draw a dashed seam."""
        line = np.asarray(points)
        for start in range(0, len(line) - 1, every):
            self.stroke(line[start : start + 2], 0.005, colour)

    def _blend(self, mask: Array, colour: Colour, relief: float) -> None:
        x, y, width, height = cv2.boundingRect(mask)
        part = np.s_[y : y + height, x : x + width]
        opacity = mask[part].astype(np.float32) / 255
        blur = relief * SIDE
        dome = cv2.GaussianBlur(cv2.copyMakeBorder(opacity, 1, 1, 1, 1, cv2.BORDER_CONSTANT), (0, 0), blur)
        slope = cv2.Sobel(dome, cv2.CV_32F, 1, 0) + 1.4 * cv2.Sobel(dome, cv2.CV_32F, 0, 1)
        light = (1 + 0.09 * blur * slope[1:-1, 1:-1])[..., None]
        paint = np.asarray(colour, np.float32)
        lit = np.clip((paint[part] if paint.ndim == 3 else paint) * light / 255, 0, 1)
        below = self.pixels[part]
        below[..., :3] += opacity[..., None] * (lit - below[..., :3])
        below[..., 3] = np.maximum(below[..., 3], opacity)


def _fixed(points: Points) -> Array:
    return np.round(np.asarray(points, float) * SIDE * 2**_FRACTION_BITS).astype(np.int32)
