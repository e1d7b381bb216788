"""Local binary patterns: a histogram of what surrounds each pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from imgsim.features.base import PhotoExtractor
from imgsim.features.grey import halve_size, to_grey
from imgsim.images.opencv import cv2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Image

_ROUNDING = 0.01  # grey levels; of an interpolation, which must not decide on flat areas


@dataclass(frozen=True)
class Lbp(PhotoExtractor):
    """Count, over all pixels, which points on a circle around a pixel are brighter than it.

    Parameters
    ----------
    radius : int
        Pixels from the centre to the circle, 1 to 16.
    points : int
        Points on the circle, 4 to 12.
    scales : int
        Sizes that the photo is looked at in, 1 to 5; each after the first has half the pixels a side of the one before.
    margin : int
        Grey levels, 0 to 64, by which a point must exceed its centre to count as brighter: what noise and
        compression stay below. 0 is the textbook's pattern.

    Notes
    -----
    The rotation-invariant codes LBP^ri of equation 8: patterns that rotate into one another share a code, which
    leaves 36 codes for 8 points. Between pixels grey is interpolated bilinearly. A pixel is a centre if its whole
    circle lies within the photo; a side too short for one circle is lengthened by repeating its last pixel. With a
    margin the patterns are the upper half of Tan and Triggs' local ternary patterns.

    These are the codes of ``mahotas.features.lbp``, in its order, but not its counts: up to mahotas 1.4.19
    ``mahotas.interpolate.shift`` moves by one pixel too much down and right, so its circles lie beside their centres.

    References
    ----------
    T. Ojala, M. Pietikainen, T. Maenpaa, "Multiresolution Gray-Scale and Rotation Invariant Texture Classification
    with Local Binary Patterns", IEEE Transactions on Pattern Analysis and Machine Intelligence 24(7), 2002.
    X. Tan, B. Triggs, "Enhanced Local Texture Feature Sets for Face Recognition Under Difficult Lighting Conditions",
    IEEE Transactions on Image Processing 19(6), 2010: the margin.
    """

    radius: int = 1
    points: int = 8
    scales: int = 3
    margin: int = 4

    name: ClassVar[str] = "lbp"
    metric: ClassVar[str] = "hellinger"
    paper: ClassVar[str] = (
        "Ojala, Pietikainen, Maenpaa: Multiresolution Rotation Invariant Texture Classification, 2002"
    )

    def __post_init__(self) -> None:
        self.require(1 <= self.radius <= 16, f"radius is 1 to 16 pixels, not {self.radius}")
        self.require(4 <= self.points <= 12, f"points is 4 to 12, not {self.points}")
        self.require(1 <= self.scales <= 5, f"scales is 1 to 5, not {self.scales}")
        self.require(0 <= self.margin <= 64, f"margin is 0 to 64 grey levels, not {self.margin}")

    @property
    def dim(self) -> int:
        """Number of values in a row."""
        return self.scales * self._codes

    @property
    def _codes(self) -> int:
        """Two-coloured necklaces of `points` beads, counted by Burnside's lemma."""
        return sum(int(1 << gcd(turn, self.points)) for turn in range(self.points)) // self.points

    def describe(self, image: Image) -> NDArray[np.floating]:
        """Measure one image (H, W, 3): (dim,), the share of centres with each code, finest scale first; sums to 1."""
        grey = to_grey(image)
        shares = []
        for _ in range(self.scales):
            codes = _code_of_pattern(self.points)[self._patterns(grey)]
            counts = np.bincount(codes.ravel(), minlength=self._codes)
            shares.append(counts / counts.sum() / self.scales)
            grey = halve_size(grey)
        return np.concatenate(shares)

    def _patterns(self, grey: NDArray[np.uint8]) -> NDArray[np.uint16]:
        """Set bit b of a centre where its point b is brighter, shape (H - 2 radius, W - 2 radius)."""
        radius, points = self.radius, self.points
        short = [(0, max(0, 2 * radius + 1 - side)) for side in grey.shape]
        pixels = np.pad(grey, short, mode="edge").astype(np.float32)
        inside = (slice(radius, -radius), slice(radius, -radius))
        patterns = np.zeros(pixels[inside].shape, np.uint16)
        for bit, angle in enumerate(2 * np.pi * np.arange(points) / points):
            across, down = _between(radius * np.cos(angle), radius), _between(radius * np.sin(angle), radius)
            circle = cv2.sepFilter2D(pixels, cv2.CV_32F, across, down)
            patterns |= (circle - pixels > self.margin + _ROUNDING)[inside].astype(np.uint16) << np.uint16(bit)
        return patterns


@lru_cache(maxsize=16)
def _code_of_pattern(points: int) -> NDArray[np.intp]:
    """Give patterns that turn into one another the same number, shape (2 ** points,)."""
    patterns = np.arange(1 << points)
    doubled = patterns | patterns << points
    turned = [(doubled >> turn) % (1 << points) for turn in range(points)]
    return np.unique(np.min(turned, axis=0), return_inverse=True)[1]


def _between(offset: float, radius: int) -> NDArray[np.float32]:
    """Weigh the two pixels beside an offset from a centre, shape (2 radius + 1,)."""
    distance = np.abs(np.arange(-radius, radius + 1) - round(offset, 6))
    weights: NDArray[np.float32] = np.maximum(0, 1 - distance).astype(np.float32)
    return weights
