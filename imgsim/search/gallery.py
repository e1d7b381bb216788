"""Rows laid out for searching: arrays alone, wherever they come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Features, FittedMetric, Keys

CHUNK_ROWS = 4096  # embedded at a time: some metrics do so in float64


@dataclass(frozen=True)
class Gallery:
    """Every part in the index, photo by photo, as one extractor and one metric's space see it.

    `rows` (N, R), zeros where `present` (N,) is false; `parts`, `photos` (N,) are keys; `whole` (N,): one row a photo.
    """

    rows: NDArray[Any]
    squared_norms: NDArray[np.float32]
    present: NDArray[np.bool_]
    parts: Keys
    photos: Keys
    whole: NDArray[np.bool_]
    damaged: Keys = field(default_factory=lambda: np.zeros(0, np.int64))  # parts whose features are not as stored

    def at(self, places: NDArray[np.intp]) -> Gallery:
        """Lay out some of the rows, (n,), alone."""
        rows, norms, present = self.rows[places], self.squared_norms[places], self.present[places]
        return Gallery(rows, norms, present, self.parts[places], self.photos[places], self.whole[places])


def lay_out(features: Features, metric: FittedMetric) -> Gallery:
    """Lay out features (N, D) that are at hand as a gallery of whole photos, numbered in their order."""
    chunks = [
        metric.embed(features[start : start + CHUNK_ROWS]) for start in range(0, max(len(features), 1), CHUNK_ROWS)
    ]
    rows, keys = np.concatenate(chunks), np.arange(len(features))
    return Gallery(rows, squared_norms(rows), np.ones(len(rows), bool), keys, keys, np.ones(len(rows), bool))


def squared_norms(rows: NDArray[Any]) -> NDArray[np.float32]:
    """Give each row's squared length, shape (N,)."""
    squared: NDArray[np.float32] = np.einsum("nd,nd->n", rows, rows, dtype=np.float32)
    return squared
