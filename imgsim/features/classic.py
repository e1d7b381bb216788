"""The default: colour, texture and shape in one row that a matrix product can search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from imgsim.features.base import PhotoExtractor
from imgsim.features.covariance import Covariance
from imgsim.features.histogram import Histogram
from imgsim.features.hog import Hog
from imgsim.features.lbp import Lbp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Image


class Part(NamedTuple):
    """One extractor as it enters `classic`: its values are divided by its median distance between two photos.

    `root` takes square roots first: the Euclidean distance of histograms becomes sqrt(2) times the Hellinger distance.
    """

    extractor: PhotoExtractor
    scale: float
    root: bool = False

    def describe(self, image: Image) -> NDArray[np.floating]:
        """Measure one image (H, W, 3): (extractor.dim,), whose median distance between two photos is about 1."""
        values = self.extractor.describe(image)
        return (np.sqrt(values) if self.root else values) / self.scale


# A change here, or to the output of one of these, bumps the version of Classic.
PARTS = (
    Part(Histogram(space="rgb", bins=5), scale=0.94, root=True),
    Part(Lbp(radius=1, points=8, scales=3, margin=4), scale=0.25, root=True),
    Part(Covariance(scales=3, orientations=4), scale=2.8),
    Part(Hog(cells=3, pixels=16, orientations=9, mirror="alike"), scale=0.81),
)


@dataclass(frozen=True)
class Classic(PhotoExtractor):
    """Join colours, fine texture, their covariance, and shape, each with the same say.

    Notes
    -----
    The parts, in order, and the constants they are divided by:

    - an RGB histogram of 5 x 5 x 5 bins, square roots, 0.94 (125 values);
    - local binary patterns at 3 scales, square roots, 0.25 (108 values);
    - the log-covariance of colour, Gabor energies and place, 2.8 (171 values);
    - histograms of oriented gradients in 3 x 3 cells, a photo and its mirror image alike, 0.81 (144 values).

    The constants are the parts' median distances between two photos of clothing, groceries and textures, so that the
    squared Euclidean distance adds four terms of equal size; no weight is tuned. ``docs/measurements.md`` says what
    it finds, and what other weights would.

    References
    ----------
    R. Arandjelovic, A. Zisserman, "Three Things Everyone Should Know to Improve Object Retrieval", CVPR 2012: the
    Hellinger kernel by square roots. The parts name their own.
    """

    name: ClassVar[str] = "classic"
    metric: ClassVar[str] = "euclidean"
    paper: ClassVar[str] = "Swain, Ballard 1991; Ojala et al. 2002; Tuzel et al. 2006; Dalal, Triggs 2005; joined"

    @property
    def dim(self) -> int:
        """Number of values in a row."""
        return sum(part.extractor.dim for part in PARTS)

    def describe(self, image: Image) -> NDArray[np.floating]:
        """Measure one image (H, W, 3): (dim,), the parts one after the other."""
        return np.concatenate([part.describe(image) for part in PARTS])
