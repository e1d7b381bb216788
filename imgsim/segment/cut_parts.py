"""The parts of a photo that are asked for, found on its label map and cut out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, cast, get_args

import numpy as np

from imgsim.images.opencv import cv2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.core import Image
    from imgsim.segment.base_segmenter import LabelMap

Background = Literal["white", "black", "mean", "blur"]
BACKGROUNDS: tuple[Background, ...] = get_args(Background)
LEAST = 0.0005  # share of a photo that a part has: less is a stray pixel, or too little to compare
_BLUR = 1 / 20  # deviation against the longer side


class Box(NamedTuple):
    """Where a part lies: its corner and its size, in pixels or in shares of the photo."""

    left: float
    top: float
    width: float
    height: float


class PhotoPart(NamedTuple):
    """A part of a photo: its label, or labels, which pixels (H, W) show it, and its share of the photo, 0 to 1."""

    name: str
    mask: NDArray[np.bool_]
    area_share: float

    @property
    def box(self) -> Box:
        """The rectangle around it, in pixels."""
        rows, columns = (np.flatnonzero(self.mask.any(axis=axis)) for axis in (1, 0))
        left, top = int(columns[0]), int(rows[0])
        return Box(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)

    @property
    def share_box(self) -> Box:
        """The rectangle around it, in shares of the photo's width and height."""
        (height, width), box = self.mask.shape, self.box
        shares = (box.left / width, box.top / height, box.width / width, box.height / height)
        return Box(*(round(share, 4) for share in shares))


def find_parts(labels: LabelMap, names: Sequence[str], wanted: Sequence[tuple[str, ...]]) -> list[PhotoPart]:
    """Find the parts on a label map (H, W) that are wanted, each by the labels that it joins; those that are there.

    Examples
    --------
    >>> labels = np.array([[0, 1], [2, 2]], np.uint8)
    >>> [(part.name, part.box) for part in find_parts(labels, ["background", "hat", "bag"], [("bag",), ("hat", "bag")])]
    [('bag', Box(left=0, top=1, width=2, height=1)), ('hat+bag', Box(left=0, top=0, width=2, height=2))]
    """
    places = {name: place for place, name in enumerate(names)}
    parts = []
    for joined in wanted:
        mask = np.isin(labels, [places[name] for name in joined])
        share = float(mask.mean())
        if share >= LEAST:
            parts.append(PhotoPart("+".join(joined), mask, round(share, 4)))
    return parts


def union(parts: Sequence[PhotoPart]) -> NDArray[np.bool_] | None:
    """Mark the pixels (H, W) of any part; None without parts."""
    return np.logical_or.reduce([part.mask for part in parts], axis=0) if parts else None


def cut_out(image: Image, mask: NDArray[np.bool_], background: Background, *, crop: bool) -> Image:
    """Put what a mask (H, W) marks of an image (H, W, 3) on a background, and cut around it: (h, w, 3).

    White, black, the mean colour of what is left out, or the photo out of focus.
    """
    image, marked = np.ascontiguousarray(image), mask.astype(np.uint8)
    behind: Image
    if background == "blur":
        behind = cast("Image", cv2.GaussianBlur(image, (0, 0), max(mask.shape) * _BLUR))
    else:
        shade = {"white": (255.0,) * 3, "black": (0.0,) * 3}.get(background) or cv2.mean(image, 1 - marked)[:3]
        behind = np.empty_like(image)
        behind[:] = np.round(shade)
    seen = slice(None), slice(None)
    if crop and mask.any():
        left, top, width, height = map(int, PhotoPart("", mask, 1.0).box)
        seen = slice(top, top + height), slice(left, left + width)
    image, marked, behind = (np.ascontiguousarray(one[seen]) for one in (image, marked, behind))
    return cast("Image", cv2.copyTo(image, marked, behind))
