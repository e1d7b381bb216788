"""How colour, texture and place vary together over a photo."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np

from imgsim.features.base import PhotoExtractor
from imgsim.features.grey import to_grey
from imgsim.images.lab import to_lab
from imgsim.images.opencv import cv2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Image

_SIZE = 64  # px, the square that a photo is squeezed to
_MARGIN = 8  # px, mirrored around it: the Fourier transform would join opposite edges
_SHORTEST = 3.0  # px, the finest scale's wavelength; each scale doubles it
# Each measure is brought to roughly -1..1 before they are multiplied with one another.
_ENERGY_GAIN, _COLOUR_RANGE, _PLACE_GAIN, _NOISE = 5.0, 50.0, 2.0, 0.1


@dataclass(frozen=True)
class Covariance(PhotoExtractor):
    """Relate every two measures of a pixel: its colour, its texture and its place.

    Parameters
    ----------
    scales : int
        Wavelengths of texture, 1 to 4, from 3 pixels by octaves.
    orientations : int
        Directions of texture, 2 to 8.

    Notes
    -----
    A photo is squeezed to 64 x 64 pixels. A pixel's measures are the energies of log-Gabor filters (Field 1987) on
    grey that is normalised by local mean and deviation, L*a*b*, column, row, and 1, so that means count beside
    covariances (Carreira et al. 2012 average outer products too). Their mean outer product
    plus 0.1 I is compared in the log-Euclidean metric (Arsigny et al. 2006): the row is the upper
    triangle of its logarithm, with off-diagonal values times sqrt(2), so its Euclidean distance is that metric.

    References
    ----------
    O. Tuzel, F. Porikli, P. Meer, "Region Covariance: A Fast Descriptor for Detection and Classification", ECCV 2006.
    J. Carreira, R. Caseiro, J. Batista, C. Sminchisescu, "Semantic Segmentation with Second-Order Pooling", ECCV 2012.
    V. Arsigny, P. Fillard, X. Pennec, N. Ayache, "Log-Euclidean Metrics for Fast and Simple Calculus on Diffusion
    Tensors", Magnetic Resonance in Medicine 56(2), 2006.
    D. J. Field, "Relations Between the Statistics of Natural Images and the Response Properties of Cortical Cells",
    Journal of the Optical Society of America A 4(12), 1987.
    """

    scales: int = 3
    orientations: int = 4

    name: ClassVar[str] = "covariance"
    metric: ClassVar[str] = "euclidean"
    paper: ClassVar[str] = "Tuzel, Porikli, Meer: Region Covariance, 2006"

    def __post_init__(self) -> None:
        self.require(1 <= self.scales <= 4, f"scales is 1 to 4, not {self.scales}")
        self.require(2 <= self.orientations <= 8, f"orientations is 2 to 8, not {self.orientations}")

    @property
    def dim(self) -> int:
        """Number of values in a row."""
        measures = self.scales * self.orientations + 6
        return measures * (measures + 1) // 2

    def describe(self, image: Image) -> NDArray[np.floating]:
        """Measure one image (H, W, 3): (dim,), the upper triangle of the matrix logarithm, row by row."""
        small = cast("Image", cv2.resize(image, (_SIZE, _SIZE), interpolation=cv2.INTER_AREA))
        energies = _energies(to_grey(small), _filters(self.scales, self.orientations))
        colours = (to_lab(small) - [50, 0, 0]) * [2.55, 1, 1] / _COLOUR_RANGE
        row, column = (np.mgrid[:_SIZE, :_SIZE] / (_SIZE - 1) - 0.5) * _PLACE_GAIN
        measures = np.concatenate(
            [energies * _ENERGY_GAIN, np.moveaxis(colours, 2, 0), [column, row, np.ones_like(row)]]
        )
        pixels = measures.reshape(len(measures), -1)
        return _logarithm(pixels @ pixels.T / pixels.shape[1] + _NOISE * np.eye(len(pixels)))


@lru_cache(maxsize=8)
def _filters(scales: int, orientations: int) -> NDArray[np.float32]:
    """Make log-Gabor filters in the frequency domain, shape (scales * orientations, side, side)."""
    frequency = np.fft.fftfreq(_SIZE + 2 * _MARGIN)
    across, down = np.meshgrid(frequency, frequency)
    radius, angle = np.maximum(np.hypot(across, down), 1e-9), np.arctan2(down, across)
    bands = [np.exp(-(np.log(radius * _SHORTEST * 2**scale) ** 2) / (2 * 0.6**2)) for scale in range(scales)]
    turns = np.pi * np.arange(orientations) / orientations
    away = [np.angle(np.exp(1j * (angle - turn))) for turn in turns]  # -pi..pi: one half-plane, so |response| is energy
    wedges = [np.exp(-((turn * orientations / (0.7 * np.pi)) ** 2) / 2) for turn in away]
    return np.stack([band * wedge for band in bands for wedge in wedges]).astype(np.float32)


def _energies(grey: NDArray[np.uint8], filters: NDArray[np.float32]) -> NDArray[np.float32]:
    """Filter normalised grey, shape (filters, size, size)."""
    wide = np.pad(grey.astype(np.float32), _MARGIN, mode="symmetric")
    above = wide - cv2.GaussianBlur(wide, (0, 0), _MARGIN)
    deviation = np.sqrt(cv2.GaussianBlur(above**2, (0, 0), _MARGIN))
    responses = np.fft.ifft2(np.fft.fft2(above / (deviation + 10)) * filters)  # 10 grey levels: less is noise
    return np.abs(responses)[:, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]


def _logarithm(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    logarithm = (vectors * np.log(values)) @ vectors.T
    rows, columns = np.triu_indices(len(matrix))
    triangle: NDArray[np.float64] = logarithm[rows, columns] * np.where(rows == columns, 1.0, np.sqrt(2.0))
    return triangle
