"""What a photo shows, told from a plain background by the photo's border."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from imgsim.images.opencv import cv2

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEAR = 14.0  # distance within which a pixel is like the border
UNIFORM = 0.7  # share of the border that must be so alike
PART = 0.07  # share of it that a second tone must have: less may be the thing itself, which reaches the border
MIDDLE = 0.6  # axes of the ellipse that counts without a plain background, against the photo's sides
CORE, HELD = 0.5, 0.2  # axes of a smaller one, and what share of it a foreground must hold
_WEIGHTS = np.array([0.6, 1.0, 1.0])  # of L*, a*, b*: a background is rarely lit evenly
_TONES = 2  # colours that a background may have: a wall and a floor


def find_foreground(lab: NDArray[np.float64], labels: NDArray[np.intp], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell which pixels (H, W) show what a photo is of, from its colours (C, 3) and the one that each has, (H * W,).

    What is like the border's one or two tones and joined to it is background; without such, a middle ellipse counts.
    """
    height, width = shape
    near = _background(lab * _WEIGHTS, labels[_border(height, width)])
    if near is not None:
        foreground = _without_specks(~_connected(near[labels].reshape(shape)))
        if foreground[_ellipse(height, width, CORE)].mean() >= HELD:
            return foreground
    return _ellipse(height, width, MIDDLE)


def _background(colors: NDArray[np.float64], border: NDArray[np.intp]) -> NDArray[np.bool_] | None:
    """Tell which colours (C, 3) are like those that the border's pixels (B,) mostly have; None if these are many."""
    near = np.zeros(len(colors), bool)
    for _ in range(_TONES):
        rest = border[~near[border]]
        if not len(rest):
            break
        tone = np.sort(colors[rest], axis=0)[len(rest) // 2]  # the median, in a third of np.median's time
        away = colors - tone
        like = np.einsum("ij,ij->i", away, away) < NEAR**2
        if like[rest].sum() < PART * len(border):
            break
        near |= like
    return near if near[border].mean() >= UNIFORM else None


@lru_cache(maxsize=64)
def _border(height: int, width: int) -> NDArray[np.bool_]:
    """Mark the outermost pixels, (H * W,)."""
    marked = np.ones((height, width), bool)
    marked[1:-1, 1:-1] = False
    marked.setflags(write=False)  # shared by all photos of this size
    return marked.ravel()


@lru_cache(maxsize=64)
def _ellipse(height: int, width: int, axes: float) -> NDArray[np.bool_]:
    """Mark the pixels (H, W) in the middle; of a tiny picture, all."""
    row, column = np.ogrid[:height, :width]
    down, across = (2 * row + 1 - height) / height, (2 * column + 1 - width) / width
    marked: NDArray[np.bool_] = down**2 + across**2 <= axes**2
    marked |= not marked.any()
    marked.setflags(write=False)
    return marked


def _without_specks(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Let each pixel of marks (H, W) go with most of the nine around it: a background has a pattern, or grain."""
    return cv2.medianBlur(marked.astype(np.uint8), 3) > 0


def _connected(like: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep those marks (H, W) that a path of marks joins to the border."""
    framed = np.pad(like.astype(np.uint8), 1, constant_values=1)
    cv2.floodFill(framed, None, (0, 0), 2)
    joined: NDArray[np.bool_] = framed[1:-1, 1:-1] == 2
    return joined
