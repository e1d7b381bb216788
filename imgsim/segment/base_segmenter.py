"""What a segmenter is: a photo in, a label for each pixel out."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from imgsim.core import ExtractorSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.core import Image, Scale

LabelMap: TypeAlias = "NDArray[np.uint8]"  # (H, W): places in the segmenter's names, 0 the background
MOST_NAMES = 256  # that such a map can tell apart, the background among them


class SegmenterSpec(ExtractorSpec):
    """What rebuilds a segmenter: its name, its parameters, the digest of its weights among them, and its version."""


class PhotoFile(NamedTuple):
    """Where a photo's pixels come from.

    Parameters
    ----------
    path : str
        Its file; empty where there is none.
    width, height : int
        Upright pixels at full scale; 0 where they are those of the image.
    """

    path: str = ""
    width: int = 0
    height: int = 0


NO_FILE = PhotoFile()


class Segmenter(Protocol):
    """Tells which pixels of a photo show what; stateless after construction, and owner of its preprocessing."""

    @property
    def paper(self) -> str:
        """Where it was described, in a line."""

    @property
    def spec(self) -> SegmenterSpec:
        """What rebuilds this segmenter; its version is bumped whenever its maps change."""

    @property
    def names(self) -> Sequence[str]:
        """What its labels mean, the background first."""

    @property
    def scale(self) -> Scale:
        """How large the image is that it wants."""

    def segment(self, image: Image, photo: PhotoFile = NO_FILE) -> LabelMap:
        """Label the pixels of an image; a map depends on the photo and the spec alone.

        Parameters
        ----------
        image : ndarray of uint8, shape (H, W, 3)
            Upright RGB.
        photo : PhotoFile, optional
            Where it comes from, for segmenters whose maps lie in files.

        Returns
        -------
        ndarray of uint8, shape (H, W)
            Places in `names`.

        Raises
        ------
        ImageReadError
            If there is no map of this photo, or one that does not fit it.
        """


class LoadedSegmenter:
    """Travels to processes by its fields alone, being a frozen dataclass: what it has loaded is loaded there again."""

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)
