"""Finding parts on photos at full scale, for pictures of them and for what is counted of their pixels."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import ImageReadError
from imgsim.images.limits import LIMITS
from imgsim.images.photo import to_source
from imgsim.images.read import FULL_SCALE, read_photo, shrink
from imgsim.segment.base_segmenter import LabelMap, PhotoFile, Segmenter
from imgsim.segment.cut_parts import Background, PhotoPart, cut_out, find_parts, union
from imgsim.segment.label_maps import enlarge
from imgsim.segment.segmenter_table import Labels, load_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.core import Image
    from imgsim.images.limits import Limits
    from imgsim.images.photo import Photo


class FoundParts(NamedTuple):
    """A photo (H, W, 3) at full scale, its label map (H, W), and the parts that were asked for."""

    image: Image
    labels: LabelMap
    parts: list[PhotoPart]

    def cut_out(self, part: PhotoPart | None = None, *, background: Background = "mean", crop: bool = True) -> Image:
        """Put a part, or all of them, on a background: (h, w, 3); the whole photo where there are none.

        White, black, the mean colour of what is left out, or the photo out of focus; with `crop`, close around it.
        """
        mask = union(self.parts) if part is None else part.mask
        return self.image if mask is None else cut_out(self.image, mask, background, crop=crop)


class PartFinder:
    """Looks for the parts that labels mean, one photo at a time, whoever asks."""

    def __init__(self, segmenter: Segmenter, labels: Labels) -> None:
        self._segmenter, self._labels, self._lock = segmenter, labels, threading.Lock()

    @classmethod
    def of_text(cls, text: str) -> PartFinder:
        """Make a finder of what was typed, ``NAME[:LABEL,...]``."""
        return cls(*load_parts(text))

    @property
    def names(self) -> Sequence[str]:
        """What the labels of maps mean, the background first."""
        return self._segmenter.names

    @property
    def wanted(self) -> str:
        """What a photo lacks that has no part of it."""
        return wanted_of(self._segmenter, self._labels)

    def find(self, photo: Photo, limits: Limits = LIMITS) -> FoundParts:
        """Find the parts of a photo.

        Parameters
        ----------
        photo : str, path-like, bytes, PIL image or ndarray of uint8, shape (H, W, 3)
            Bytes are a file's content.
        limits : Limits, optional
            The largest photo, and what decoding it may take.

        Returns
        -------
        FoundParts
            The photo's pixels, its label map of places in `names`, 0 the background, and those parts that it has.

        Raises
        ------
        ImageReadError
            If the photo cannot be read, or there is no map of it where maps come from files.
        TypeError
            If it is no photo at all.

        Examples
        --------
        >>> photo = np.full((80, 120, 3), 200, np.uint8)
        >>> photo[20:60, 40:90] = 0, 60, 160
        >>> found = PartFinder.of_text("grabcut").find(photo)
        >>> [part.name for part in found.parts], found.labels.shape
        (['thing'], (80, 120))
        """
        source = to_source(photo)
        if not isinstance(source, np.ndarray):
            return self.read("", source, limits)
        height, width = source.shape[:2]
        scale = self._segmenter.scale
        small = source if scale == FULL_SCALE else shrink(source, scale)
        return self._find(source, small, PhotoFile("", width, height))

    def read(self, name: str, photo: str | bytes, limits: Limits) -> FoundParts:
        """Find the parts of a photo, a path or a file's content; an ImageReadError of its map has the name, if any."""
        scale = self._segmenter.scale
        images, width, height, *_ = read_photo(photo, {FULL_SCALE, scale}, **limits._asdict())
        file = PhotoFile(photo if isinstance(photo, str) else "", width, height)
        try:
            return self._find(images[FULL_SCALE], images[scale], file)
        except ImageReadError as error:
            raise ImageReadError(name or error.path, error.reason) from error

    def _find(self, image: Image, small: Image, file: PhotoFile) -> FoundParts:
        with self._lock:  # OpenCV's networks take one at a time
            labels = enlarge(self._segmenter.segment(small, file), image.shape[:2])
        return FoundParts(image, labels, find_parts(labels, self.names, self._labels))


def wanted_of(segmenter: Segmenter, labels: Labels) -> str:
    """Say what a photo lacks that has no part that these labels mean."""
    names = ["+".join(joined) for joined in labels]
    return names[0] if len(names) == 1 else f"part that {segmenter.spec.name} was asked for"
