"""Histograms of oriented gradients: shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, cast

import numpy as np

from imgsim.features.base import PhotoExtractor
from imgsim.images.opencv import cv2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Image


@dataclass(frozen=True)
class Hog(PhotoExtractor):
    """Histogram gradient orientations in the cells of a square window.

    Parameters
    ----------
    cells : int
        Cells along each side of the window, 2 to 16.
    pixels : int
        Pixels along each side of a cell, 4 to 32; the photo is squeezed to ``cells * pixels`` squared.
    orientations : int
        Bins over 180 degrees, 2 to 36.
    mirror : {"apart", "alike"}
        Whether a photo and its mirror image are told apart, or both get the mean of their two rows.

    References
    ----------
    N. Dalal, B. Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR 2005.
    """

    cells: int = 4
    pixels: int = 16
    orientations: int = 9
    mirror: Literal["apart", "alike"] = "apart"

    name: ClassVar[str] = "hog"
    metric: ClassVar[str] = "cosine"
    paper: ClassVar[str] = "Dalal, Triggs: Histograms of Oriented Gradients for Human Detection, 2005"

    def __post_init__(self) -> None:
        self.require(2 <= self.cells <= 16, f"cells is 2 to 16, not {self.cells}")
        self.require(4 <= self.pixels <= 32, f"pixels is 4 to 32, not {self.pixels}")
        self.require(2 <= self.orientations <= 36, f"orientations is 2 to 36, not {self.orientations}")
        self.require(self.mirror in {"apart", "alike"}, f"mirror is apart or alike, not {self.mirror!r}")

    @property
    def dim(self) -> int:
        """Number of values in a row."""
        return (self.cells - 1) ** 2 * 4 * self.orientations

    def describe(self, image: Image) -> NDArray[np.floating]:
        """Measure one image (H, W, 3): (dim,), blocks of 2 x 2 cells, columns of blocks first.

        Each has a length of at most 1 (L2-Hys: clipped at 0.2 between two normalisations).
        """
        row = self._compute(image)
        return row if self.mirror == "apart" else (row + self._compute(cast("Image", cv2.flip(image, 1)))) / 2

    def _compute(self, image: Image) -> NDArray[np.float32]:
        side, cell = self.cells * self.pixels, (self.pixels, self.pixels)
        block = (2 * self.pixels, 2 * self.pixels)
        window = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        hog = cv2.HOGDescriptor((side, side), block, cell, cell, self.orientations)
        return np.asarray(hog.compute(window), np.float32).ravel()
