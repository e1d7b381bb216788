"""What the classical extractors share: parameters as dataclass fields, one photo at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from imgsim.core import ExtractorSpec, Features, Image, Scale
from imgsim.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class PhotoExtractor(ABC):
    """An extractor that measures each photo by itself.

    A subclass is a frozen dataclass whose fields are its parameters: text, integers, floats or ``Literal`` choices,
    each with a default. Ranges are checked in ``__post_init__`` with `require`.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    metric: ClassVar[str]
    binary: ClassVar[bool] = False
    scale: ClassVar[Scale] = Scale()
    paper: ClassVar[str]

    @property
    def spec(self) -> ExtractorSpec:
        """What rebuilds this extractor."""
        return ExtractorSpec(self.name, tuple(sorted(asdict(self).items())), self.version)  # type: ignore[call-overload]

    @property
    @abstractmethod
    def dim(self) -> int:
        """Number of values in a row."""

    @abstractmethod
    def describe(self, image: Image) -> NDArray[np.floating]:
        """Measure one image.

        Parameters
        ----------
        image : ndarray of uint8, shape (H, W, 3)
            RGB.

        Returns
        -------
        ndarray of float, shape (dim,)
            Finite values.
        """

    def extract(self, images: Sequence[Image]) -> Features:
        """Measure images (H, W, 3) of any sizes, one row each, in order: (N, dim)."""
        rows = np.empty((len(images), self.dim), np.float32)
        for row, image in zip(rows, images, strict=True):
            row[:] = self.describe(np.ascontiguousarray(image))  # OpenCV takes no flipped views
        return rows

    def require(self, condition: bool, message: str) -> None:  # noqa: FBT001 (reads as a sentence)
        """Raise ParameterError, led by the extractor's name, unless a condition holds.

        Parameters
        ----------
        condition : bool
            What must hold of the parameters.
        message : str
            What holds instead: ``"bins is 2 to 64, not 1"``.
        """
        if not condition:
            raise ParameterError(f"{self.name}: {message}")
