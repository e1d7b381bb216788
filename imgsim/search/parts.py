"""Which rows of a gallery belong to which photo: a photo's parts lie side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Keys


class Parts:
    """The photos that rows belong to, numbered from 0 in the order of the rows.

    `photos` (N,) is each row's photo, by any key; equal keys lie side by side.

    Examples
    --------
    >>> parts = Parts(np.array([7, 7, 9]))
    >>> parts.closest(np.array([0.5, 0.2, 0.4])).tolist(), parts.rows(np.array([1])).tolist()
    ([0.2, 0.4], [2])
    """

    def __init__(self, photos: Keys) -> None:
        first = np.ones(len(photos), bool)
        first[1:] = photos[1:] != photos[:-1]
        self.starts = np.flatnonzero(first)
        self.places = np.cumsum(first) - 1
        self.single = len(self.starts) == len(photos)

    def __len__(self) -> int:
        return len(self.starts)

    def rows(self, chosen: NDArray[np.intp]) -> NDArray[np.intp]:
        """List all rows of chosen photos, shape (n,), in their order."""
        if self.single:
            return chosen
        counts = np.diff(self.starts, append=len(self.places))[chosen]
        before = np.cumsum(counts) - counts
        rows: NDArray[np.intp] = np.repeat(self.starts[chosen] - before, counts) + np.arange(counts.sum())
        return rows

    def closest(self, distances: NDArray[Any], axis: int = -1) -> NDArray[Any]:
        """Let each photo speak by its closest row: N values along an axis become one a photo."""
        if self.single:
            return distances
        least: NDArray[Any] = np.minimum.reduceat(distances, self.starts, axis=axis)
        return least
