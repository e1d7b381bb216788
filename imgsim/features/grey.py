"""Grey as every texture and shape extractor sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from imgsim.images.opencv import cv2

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imgsim.core import Image


def to_grey(image: Image) -> NDArray[np.uint8]:
    """Convert RGB (H, W, 3) to grey (H, W): 0.299 R + 0.587 G + 0.114 B, rounded (ITU-R BT.601, as in OpenCV)."""
    return cast("NDArray[np.uint8]", cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))


def halve_size(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Reduce a grey image to half its size by averaging.

    `grey` (H, W); gives (ceil(H / 2).
    """
    height, width = grey.shape
    size = (width + 1) // 2, (height + 1) // 2
    return cast("NDArray[np.uint8]", cv2.resize(grey, size, interpolation=cv2.INTER_AREA))
