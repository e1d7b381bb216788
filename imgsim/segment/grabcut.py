"""GrabCut, without weights: what is in the middle, told from what is around it by colour."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, cast

import numpy as np

from imgsim.core import Scale
from imgsim.errors import ParameterError
from imgsim.images.opencv import cv2
from imgsim.segment.base_segmenter import NO_FILE, LabelMap, PhotoFile, SegmenterSpec
from imgsim.segment.color_seeds import find_seeds
from imgsim.segment.label_maps import enlarge
from imgsim.segment.label_names import BACKGROUND, THING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Image

SIZES, ITERATIONS = range(32, 1025), range(11)
LEAST = 0.01  # share of a photo that a thing has at least: less is a stain, and the photo is all thing
_SURE_BACKGROUND, _SURE_THING, _BACKGROUND, _THING = 0, 1, 2, 3  # OpenCV's words
_SURE = 0.97  # probability from which a seed is no longer asked about
_SMALLEST = 0.1  # share of the largest piece, below which a piece is left out
_HOLE = 0.004  # share of the photo, below which a hole is closed
_MODEL = (1, 65)  # shape of OpenCV's colour models


@dataclass(frozen=True)
class GrabCut:
    """Tell the thing in the middle of a photo from what is around it, by colour.

    Parameters
    ----------
    size : int
        Pixels of the longer side that it works at, 32 to 1024.
    iterations : int
        Rounds of cutting and of learning both sides' colours, 0 to 10; without any, the seeds are the answer.
    seed : {"middle", "saliency"}
        What is presumed to be the thing: the middle, or what also stands out in the middle.

    Notes
    -----
    A plain start rectangle takes all within it for the thing. Here each pixel has the odds of its place, which the
    colours of both sides sharpen (`imgsim.segment.color_seeds`), and GrabCut settles what is still in doubt. Pieces
    below a tenth of the largest are left out. Where nothing is told apart, the photo is all thing.

    References
    ----------
    C. Rother, V. Kolmogorov, A. Blake, "GrabCut: interactive foreground extraction using iterated graph cuts", ACM
    Transactions on Graphics 23(3), 2004.

    Examples
    --------
    >>> photo = np.full((60, 60, 3), 230, np.uint8)
    >>> photo[20:40, 20:40] = 200, 20, 30
    >>> bool((GrabCut().segment(photo) == (photo[..., 1] == 20)).all())
    True
    """

    size: int = 160
    iterations: int = 1
    seed: Literal["middle", "saliency"] = "middle"

    paper: ClassVar[str] = "Rother et al., ACM Transactions on Graphics 23(3), 2004"
    names: ClassVar[tuple[str, ...]] = (BACKGROUND, THING)
    scale: ClassVar[Scale] = Scale()

    def __post_init__(self) -> None:
        for name, among in (("size", SIZES), ("iterations", ITERATIONS)):
            if getattr(self, name) not in among:
                told = f"{name} is {among[0]} to {among[-1]}, not {getattr(self, name)}"
                raise ParameterError(f"grabcut: {told}")

    @property
    def spec(self) -> SegmenterSpec:
        """What rebuilds this segmenter."""
        return SegmenterSpec("grabcut", tuple(sorted(asdict(self).items())), 1)

    def segment(self, image: Image, photo: PhotoFile = NO_FILE) -> LabelMap:
        """Label the pixels of an image (H, W, 3), 1 the thing: (H, W)."""
        del photo
        height, width = image.shape[:2]
        scale = min(1.0, self.size / max(height, width))
        small = max(1, round(width * scale)), max(1, round(height * scale))
        reduced = cast("Image", cv2.resize(np.ascontiguousarray(image), small, interpolation=cv2.INTER_AREA))
        return enlarge(self._thing(reduced).astype(np.uint8), (height, width))

    def _thing(self, image: Image) -> NDArray[np.bool_]:
        """Mark the pixels (h, w) of the thing; all of them where nothing is told apart."""
        probability = find_seeds(image, salient=self.seed == "saliency")
        marks = np.where(probability > 0.5, _THING, _BACKGROUND).astype(np.uint8)
        marks[probability > _SURE], marks[probability < 1 - _SURE] = _SURE_THING, _SURE_BACKGROUND
        there = {*np.unique(marks).tolist()}
        if self.iterations and there & {_THING, _SURE_THING} and there & {_BACKGROUND, _SURE_BACKGROUND}:
            cv2.setRNGSeed(0)  # it begins with a k-means: a photo is cut alike whatever was cut before
            models = np.zeros(_MODEL), np.zeros(_MODEL)
            cv2.grabCut(image, marks, None, *models, self.iterations, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
        thing = _tidied(np.isin(marks, (_THING, _SURE_THING)))
        return thing if thing.mean() >= LEAST else np.ones_like(thing)


def _tidied(thing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Leave out small pieces of what is marked (h, w), and close small holes."""
    labels, areas = _pieces(thing)
    kept = np.append(False, areas >= _SMALLEST * areas.max(initial=0))[labels]
    holes, sizes = _pieces(~kept)
    closed: NDArray[np.bool_] = kept | np.append(False, sizes < _HOLE * kept.size)[holes]
    return closed


def _pieces(marked: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Tell which piece of what is marked each pixel is of, from 1, (h, w), and how many pixels each has."""
    _, labels, told, _ = cv2.connectedComponentsWithStats(marked.astype(np.uint8), connectivity=4)
    return cast("NDArray[np.int32]", labels), cast("NDArray[np.int32]", told[1:, cv2.CC_STAT_AREA])
