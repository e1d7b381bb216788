"""SegFormer, or another network whose scores a model file of imgsim's gives, run by ONNX Runtime."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import PIL.Image

from imgsim.core import Scale
from imgsim.errors import ParameterError
from imgsim.images.opencv import cv2
from imgsim.models.segmenter_model import find_segmenter
from imgsim.segment.base_segmenter import (
    MOST_NAMES,
    NO_FILE,
    LabelMap,
    LoadedSegmenter,
    PhotoFile,
    SegmenterSpec,
)
from imgsim.segment.label_names import with_background

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Image
    from imgsim.models.header import Header
    from imgsim.models.model_shelf import LearnedModel
    from imgsim.models.session import Session

_FILTERS = {"bilinear": PIL.Image.Resampling.BILINEAR, "bicubic": PIL.Image.Resampling.BICUBIC}


@dataclass(frozen=True)
class SegFormer(LoadedSegmenter):
    """Label a photo's pixels by a network that was imported: `imgsim models import DIR --architecture segformer`.

    Parameters
    ----------
    model : str
        The name that it was imported under, or the digits that its SHA-256 begins with; the newest unless given.
    sha256 : str
        Of the model's file.

    References
    ----------
    E. Xie et al., "SegFormer: Simple and Efficient Design for Semantic Segmentation with Transformers", NeurIPS 2021.
    """

    model: str = ""
    sha256: str = ""

    paper: ClassVar[str] = "Xie et al., SegFormer, NeurIPS 2021"

    def __post_init__(self) -> None:
        if not self.sha256:
            object.__setattr__(self, "sha256", find_segmenter(self.model).sha256)
        if not 1 < len(self.names) <= MOST_NAMES:
            raise ParameterError(f"segformer: a model of {len(self.names) - 1} labels, where 1 to {MOST_NAMES - 1} do")

    @property
    def spec(self) -> SegmenterSpec:
        """What rebuilds this segmenter; how its model was named plays no part."""
        return SegmenterSpec("segformer", (("sha256", self.sha256),), 1)

    @property
    def names(self) -> tuple[str, ...]:
        """What its labels mean, the background first."""
        return with_background(self._header.details["names"])[0]

    @property
    def scale(self) -> Scale:
        """How large the image is that it wants."""
        return Scale(self._header.preprocessing.crop, exact=False)

    def segment(self, image: Image, photo: PhotoFile = NO_FILE) -> LabelMap:
        """Label the pixels of an image (H, W, 3), which is squeezed into the square that the network takes: (H, W)."""
        del photo
        form, (height, width) = self._header.preprocessing, image.shape[:2]
        square = PIL.Image.fromarray(np.ascontiguousarray(image)).resize(
            (form.crop, form.crop), _FILTERS[form.interpolation]
        )
        shares = np.asarray(square, np.float32) / 255
        given = (shares - np.array(form.mean, np.float32)) / np.array(form.std, np.float32)
        with self._model.about():
            scores = self._session.run(np.ascontiguousarray(given.transpose(2, 0, 1)[None], np.float32))[0]
        return self._best(scores, (height, width))

    def _best(self, scores: NDArray[np.float32], shape: tuple[int, int]) -> LabelMap:
        """Enlarge scores (C, h, w), as SegFormer's own processing does, and give the label of the highest: (H, W)."""
        places = np.array(with_background(self._header.details["names"])[1], np.uint8)
        best, most = np.zeros(shape, np.uint8), np.full(shape, -np.inf, np.float32)
        for channel, place in zip(scores, places.tolist(), strict=True):
            score = cv2.resize(channel, shape[::-1], interpolation=cv2.INTER_LINEAR)
            larger = score > most
            best[larger], most[larger] = place, score[larger]
        return best

    @cached_property
    def _model(self) -> LearnedModel:
        return find_segmenter(self.sha256)

    @cached_property
    def _header(self) -> Header:
        return self._model.header()

    @cached_property
    def _session(self) -> Session:
        return self._model.open()
