"""Perceptual hash: 64 bits that survive scaling and compression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from imgsim.features.base import PhotoExtractor
from imgsim.features.grey import to_grey
from imgsim.images.opencv import cv2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Image

_BITS = 64


@dataclass(frozen=True)
class PHash(PhotoExtractor):
    """Hash the lowest frequencies of a photo.

    Notes
    -----
    OpenCV's variant: 32 x 32 pixels, their cosine transform, and for each of the 8 x 8 lowest frequencies whether it
    is above their mean.

    References
    ----------
    C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", thesis, Hagenberg, 2010.
    """

    name: ClassVar[str] = "phash"
    metric: ClassVar[str] = "hamming"
    binary: ClassVar[bool] = True
    paper: ClassVar[str] = "Zauner: Implementation and Benchmarking of Perceptual Image Hash Functions, 2010"

    @property
    def dim(self) -> int:
        """Number of values in a row."""
        return _BITS

    def describe(self, image: Image) -> NDArray[np.floating]:
        """Measure one image (H, W, 3): (64,), bits of 0 or 1."""
        # A colour image would be taken for BGR.
        packed = np.asarray(cv2.img_hash.pHash(to_grey(image)), np.uint8)
        return np.unpackbits(packed).astype(np.float32)
