"""Pictures of a photo's parts: cut out, as a map, and tinted."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
from PIL.PngImagePlugin import PngInfo

from imgsim.images.mark import MARK
from imgsim.images.opencv import cv2
from imgsim.segment.cut_parts import union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.core import Image
    from imgsim.segment.base_segmenter import LabelMap
    from imgsim.segment.cut_parts import PhotoPart

# Hues that are told apart; further labels have them again.
TINTS = ((230, 57, 70), (42, 157, 143), (69, 123, 255), (244, 162, 97), (155, 93, 229), (255, 214, 10), (0, 187, 249))
_TINTED = 0.5  # of the colour, over the parts
_FADED = 0.45  # of the photo, elsewhere


def encode_cutout(image: Image, parts: Sequence[PhotoPart]) -> bytes:
    """Encode the parts of a photo (H, W, 3) as a PNG, transparent elsewhere."""
    shown = (_union(parts, image.shape[:2]) * 255).astype(np.uint8)
    return _encode(PIL.Image.fromarray(np.dstack([image, shown])))


def encode_mask(labels: LabelMap, parts: Sequence[PhotoPart]) -> bytes:
    """Encode the labels (H, W) of the parts as a PNG of values, 0 elsewhere, which a palette makes visible."""
    shown = np.where(_union(parts, labels.shape), labels, 0).astype(np.uint8)
    picture = PIL.Image.fromarray(shown)
    picture.putpalette([value for place in range(256) for value in (tint(place) if place else (0, 0, 0))])
    return _encode(picture)


def encode_overlay(image: Image, parts: Sequence[PhotoPart]) -> bytes:
    """Encode a photo (H, W, 3) with each part tinted and outlined, the rest faded, as a PNG."""
    out = np.where(_union(parts, image.shape[:2])[..., None], image, 255 - (255 - image) * _FADED)
    for place, part in enumerate(parts, start=1):
        out[part.mask] = (1 - _TINTED) * out[part.mask] + _TINTED * np.array(tint(place))
        outline = part.mask & (cv2.erode(part.mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
        out[outline] = tint(place)
    return _encode(PIL.Image.fromarray(out.round().astype(np.uint8)))


def tint(place: int) -> tuple[int, int, int]:
    """Give the colour of a label, by its place from 1 on."""
    return TINTS[(place - 1) % len(TINTS)]


def _union(parts: Sequence[PhotoPart], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    shown = union(parts)
    return np.zeros(shape, bool) if shown is None else shown


def _encode(picture: PIL.Image.Image) -> bytes:
    buffer, text = io.BytesIO(), PngInfo()
    text.add_text("Software", MARK)
    picture.save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()
