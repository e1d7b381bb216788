"""Colour histograms, of the whole photo or of the cells of a grid."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Literal, cast

import numpy as np

from imgsim.features.base import PhotoExtractor
from imgsim.images.opencv import cv2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from imgsim.core import Image

_CONVERSION = {"rgb": None, "hsv": "COLOR_RGB2HSV", "lab": "COLOR_RGB2LAB"}
_HUES = 180  # OpenCV halves the hue's 360 degrees to fit a byte


@dataclass(frozen=True)
class Histogram(PhotoExtractor):
    """Count how many pixels have each colour.

    Parameters
    ----------
    space : {"rgb", "hsv", "lab"}
        Colour space: sRGB, hue-saturation-value, or CIE 1976 L*a*b* (D65), 8 bits a channel as OpenCV scales them.
    bins : int
        Equal bins a channel, 2 to 32; a histogram has bins ** 3 values.
    grid : int
        Cells along each side, 1 to 8; each has a histogram of its own, rows of cells first.

    Notes
    -----
    Cell ``i`` of ``G`` starts at pixel ``floor(i * side / G)`` and holds at least one pixel.

    References
    ----------
    M. J. Swain, D. H. Ballard, "Color Indexing", International Journal of Computer Vision 7(1), 1991.
    """

    space: Literal["rgb", "hsv", "lab"] = "rgb"
    bins: int = 8
    grid: int = 1

    name: ClassVar[str] = "histogram"
    metric: ClassVar[str] = "hellinger"
    paper: ClassVar[str] = "Swain, Ballard: Color Indexing, 1991"

    def __post_init__(self) -> None:
        self.require(self.space in _CONVERSION, f"space is one of {', '.join(_CONVERSION)}, not {self.space!r}")
        self.require(2 <= self.bins <= 32, f"bins is 2 to 32, not {self.bins}")
        self.require(1 <= self.grid <= 8, f"grid is 1 to 8, not {self.grid}")

    @property
    def dim(self) -> int:
        """Number of values in a row."""
        return self.grid**2 * self.bins**3

    def describe(self, image: Image) -> NDArray[np.floating]:
        """Measure one image (H, W, 3): (dim,), the share of pixels in each bin, first channel slowest; sums to 1."""
        conversion = _CONVERSION[self.space]
        pixels = image if conversion is None else cast("Image", cv2.cvtColor(image, getattr(cv2, conversion)))
        first = _HUES if self.space == "hsv" else 256
        counts = np.concatenate(
            [
                cv2.calcHist([cell], [0, 1, 2], None, [self.bins] * 3, [0, first, 0, 256, 0, 256]).ravel()
                for cell in _cells(pixels, self.grid)
            ]
        )
        return counts / counts.sum()  # type: ignore[no-any-return]


def _cells(pixels: Image, grid: int) -> Iterator[Image]:
    rows, columns = (_spans(side, grid) for side in pixels.shape[:2])
    return (pixels[row, column] for row in rows for column in columns)


def _spans(side: int, grid: int) -> list[slice]:
    starts = [i * side // grid for i in range(grid + 1)]
    return [slice(start, max(stop, start + 1)) for start, stop in pairwise(starts)]
