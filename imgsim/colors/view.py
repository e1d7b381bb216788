"""A photo as its colours are counted: small, in some hundred colours, with what it shows marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from imgsim.colors.foreground import find_foreground
from imgsim.images.lab import to_lab
from imgsim.images.opencv import cv2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Image

_SIDE = 64  # px, the longer side that colours are counted at
_BITS = 4  # a channel: pixels whose leading bits agree are one colour, their mean


class View(NamedTuple):
    """A photo as its colours are counted: small, (h, w, 3), with the pixels that count, (h, w).

    `rgb` and `lab`, (C, 3), are its colours, each the mean of its pixels; `labels`, (h * w,), is the one of each pixel.
    """

    image: Image
    foreground: NDArray[np.bool_]
    rgb: NDArray[np.float64]
    lab: NDArray[np.float64]
    labels: NDArray[np.intp]


def view_photo(image: Image, mask: NDArray[np.bool_] | None = None) -> View:
    """Bring a photo (H, W, 3) down to a few thousand pixels and some hundred colours, its foreground marked.

    A mask (H, W) marks the pixels that count; without one, or of none, it is what `find_foreground` finds.
    """
    height, width = image.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cast("Image", cv2.resize(np.ascontiguousarray(image), size, interpolation=cv2.INTER_LINEAR))
    rgb, labels = _count_colors(small)
    lab = to_lab(np.rint(rgb).astype(np.uint8))
    foreground = None if mask is None else _shrunk(mask, size)
    if foreground is None or not foreground.any():
        foreground = find_foreground(lab, labels, small.shape[:2])
    return View(small, foreground, rgb, lab, labels)


def _shrunk(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Bring a mask down to a width and height, to pixels that are marked by half or more, or else at all."""
    small = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    marked: NDArray[np.bool_] = small >= min(0.5, float(small.max()))
    return marked & (small > 0)


def _count_colors(image: Image) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """List a picture's colours, (C, 3), and which of them each pixel has, (H * W,)."""
    pixels = image.reshape(-1, 3)
    leading = (pixels >> (8 - _BITS)).astype(np.intp)
    keys = (leading[:, 0] << 2 * _BITS) | (leading[:, 1] << _BITS) | leading[:, 2]
    counts = np.bincount(keys, minlength=1 << 3 * _BITS)
    place = np.cumsum(counts > 0) - 1
    labels = place[keys]
    sums = np.stack([np.bincount(labels, channel) for channel in pixels.T], axis=1)
    return sums / counts[counts > 0, None], labels
