"""Label maps, brought to other sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.images.opencv import cv2

if TYPE_CHECKING:
    from imgsim.segment.base_segmenter import LabelMap


def enlarge(labels: LabelMap, shape: tuple[int, int]) -> LabelMap:
    """Bring a label map to another height and width: each pixel has the label that most of it is of, (H, W).

    Borders come out smooth, since each label's share is interpolated; of equal shares the first label wins.

    Examples
    --------
    >>> enlarge(np.array([[0, 7]], np.uint8), (1, 4)).tolist()
    [[0, 0, 7, 7]]
    """
    if labels.shape == shape:
        return labels
    size = shape[1], shape[0]
    how = cv2.INTER_AREA if shape[0] * shape[1] < labels.size else cv2.INTER_LINEAR
    here = np.flatnonzero(np.bincount(labels.ravel(), minlength=256)).tolist()
    if len(here) == 2:  # as mostly: what is not of the one is of the other
        share = cv2.resize((labels == here[1]).astype(np.float32), size, interpolation=how)
        return np.where(share > 0.5, here[1], here[0]).astype(np.uint8)
    best, most = np.zeros(shape, np.uint8), np.zeros(shape, np.float32)
    for label in here:
        share = cv2.resize((labels == label).astype(np.float32), size, interpolation=how)
        larger = share > most
        best[larger], most[larger] = label, share[larger]
    return best
