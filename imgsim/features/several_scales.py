"""Extractors that are made of others, each of which wants a photo at a scale of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from imgsim.core import Scale
from imgsim.images.read import shrink

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from imgsim.core import Extractor, Features, Image


class SeveralScales(ABC):
    """An extractor that is given a photo at each scale that it wants, so that its parts give what they give alone."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """Number of values in a row."""

    @property
    @abstractmethod
    def scales(self) -> Collection[Scale]:
        """How large the images are that it wants."""

    @abstractmethod
    def describe(self, images: Mapping[Scale, Image]) -> Features:
        """Measure one photo, (H, W, 3) at each scale: (1, dim)."""

    @property
    def scale(self) -> Scale:
        """The scale from which the others can be had."""
        scales = set(self.scales)
        return scales.pop() if len(scales) == 1 else Scale(max(one.working_size for one in scales), exact=False)

    def extract(self, images: Sequence[Image]) -> Features:
        """Measure images (H, W, 3), one row each, brought down to each scale from as they are: (N, dim)."""
        scales = self.scales
        rows = [self.describe({scale: shrink(image, scale) for scale in scales}) for image in images]
        return np.concatenate([np.zeros((0, self.dim), np.float32), *rows])


def join_rows(extractors: Sequence[Extractor], images: Mapping[Scale, Image]) -> Features:
    """Describe a photo by extractors, each at its own scale: their rows (1, D) in one.

    Examples
    --------
    >>> from imgsim.features import load_extractor
    >>> two = [load_extractor("histogram:bins=2"), load_extractor("phash")]
    >>> join_rows(two, {one.scale: np.zeros((40, 60, 3), np.uint8) for one in two}).shape
    (1, 72)
    """
    return np.concatenate([np.asarray(one.extract([images[one.scale]]), np.float32) for one in extractors], axis=1)
