"""Haralick's texture measures of the grey-level co-occurrence matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import mahotas
import numpy as np

from imgsim.features.base import PhotoExtractor
from imgsim.features.grey import to_grey
from imgsim.images.opencv import cv2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Image

MEASURES = 13
_NEIGHBOURS = ((0, 1), (1, 1), (1, 0), (1, -1))  # mahotas' directions, (rows, columns) away
DIRECTIONS = len(_NEIGHBOURS)
_VALUES = {"mean": MEASURES, "mean+range": 2 * MEASURES, "all": DIRECTIONS * MEASURES}


@dataclass(frozen=True)
class Haralick(PhotoExtractor):
    """Measure texture by how often two grey levels lie side by side.

    Parameters
    ----------
    levels : int
        Grey levels, 2 to 256; 256 leaves the grey values as they are.
    distance : int
        Pixels between the two neighbours, 1 to 64.
    aggregate : {"mean", "mean+range", "all"}
        What is kept of the four directions (0, 45, 90 and 135 degrees): the mean of each measure (13 values), its
        mean and then its range (26), or every direction one after the other (52).

    Notes
    -----
    The thirteen measures, in order: angular second moment, contrast, correlation, variance, inverse difference
    moment, sum average, sum variance, sum entropy, entropy, difference variance, difference entropy and the two
    information measures of correlation (Haralick et al. 1973, appendix I, 1 to 13; entropies in bits; sum variance
    about the sum average, where the paper misprints the sum entropy). They are mahotas' values: its difference
    variance is the variance of the probabilities of the differences 0 to the brightest level present.

    A side too short to hold two neighbours is lengthened by repeating its last pixel, so a single pixel is
    answered like a constant image: no contrast, no entropy, correlation 1.

    References
    ----------
    R. M. Haralick, K. Shanmugam, I. Dinstein, "Textural Features for Image Classification", IEEE Transactions on
    Systems, Man, and Cybernetics 3(6), 1973.
    """

    levels: int = 64
    distance: int = 1
    aggregate: Literal["mean", "mean+range", "all"] = "mean+range"

    name: ClassVar[str] = "haralick"
    metric: ClassVar[str] = "seuclidean"
    paper: ClassVar[str] = "Haralick, Shanmugam, Dinstein: Textural Features for Image Classification, 1973"

    def __post_init__(self) -> None:
        self.require(2 <= self.levels <= 256, f"levels is 2 to 256, not {self.levels}")
        self.require(1 <= self.distance <= 64, f"distance is 1 to 64 pixels, not {self.distance}")
        self.require(self.aggregate in _VALUES, f"aggregate is one of {', '.join(_VALUES)}, not {self.aggregate!r}")

    @property
    def dim(self) -> int:
        """Number of values in a row."""
        return _VALUES[self.aggregate]

    def describe(self, image: Image) -> NDArray[np.floating]:
        """Measure one image (H, W, 3): (dim,), the measures, means first."""
        grey = to_grey(image)
        short = [max(0, self.distance + 1 - side) for side in grey.shape]
        grey = np.pad(grey, [(0, more) for more in short], mode="edge")
        quantised = (grey.astype(np.uint16) * self.levels // 256).astype(np.uint8)
        steps = [(self.distance * down, self.distance * right) for down, right in _NEIGHBOURS]
        matrices = [_cooccurrence(quantised, down, right) for down, right in steps]
        directions: NDArray[np.float64] = mahotas.features.texture.haralick_features(matrices)
        if self.aggregate == "all":
            return directions.ravel()
        means = directions.mean(axis=0)
        return means if self.aggregate == "mean" else np.concatenate([means, np.ptp(directions, axis=0)])


def _cooccurrence(grey: NDArray[np.uint8], down: int, right: int) -> NDArray[np.int64]:
    """Count the pairs of neighbours, either way round: mahotas' cooccurence, four times as fast."""
    height, width = grey.shape
    one = grey[: height - down, max(0, -right) : width - max(0, right)]
    other = grey[down:, max(0, right) : width - max(0, -right)]
    levels = int(grey.max()) + 1
    counts = cv2.calcHist([one, other], [0, 1], None, [levels, levels], [0, levels, 0, levels]).astype(np.int64)
    return counts + counts.T
