"""Finding parts on photos at full scale, for pictures of them and for what is counted of their pixels."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import ImageReadError
from imgsim.images.read import FULL_SCALE, read_photo
from imgsim.segment.base_segmenter import LabelMap, PhotoFile, Segmenter
from imgsim.segment.cut_parts import PhotoPart, find_parts
from imgsim.segment.label_maps import enlarge
from imgsim.segment.segmenter_table import Labels, load_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.core import Image
    from imgsim.images.limits import Limits


class FoundParts(NamedTuple):
    """A photo (H, W, 3) at full scale, its label map (H, W), and the parts that were asked for."""

    image: Image
    labels: LabelMap
    parts: list[PhotoPart]


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

    def read(self, name: str, photo: str | bytes, limits: Limits) -> FoundParts:
        """Read a photo, a path or a file's content, and find its parts; its ImageReadError has the name."""
        segmenter = self._segmenter
        decoded = read_photo(photo, {FULL_SCALE, segmenter.scale}, **limits._asdict())
        file = PhotoFile(os.fspath(photo) if isinstance(photo, str) else "", decoded.width, decoded.height)
        try:
            with self._lock:  # OpenCV's networks take one at a time
                small = segmenter.segment(decoded.images[segmenter.scale], file)
        except ImageReadError as error:
            raise ImageReadError(name, error.reason) from error
        image = decoded.images[FULL_SCALE]
        labels = enlarge(small, image.shape[:2])
        return FoundParts(image, labels, find_parts(labels, segmenter.names, self._labels))


def wanted_of(segmenter: Segmenter, labels: Labels) -> str:
    """Say what a photo lacks that has no part that these labels mean."""
    names = ["+".join(joined) for joined in labels]
    return names[0] if len(names) == 1 else f"part that {segmenter.spec.name} was asked for"
