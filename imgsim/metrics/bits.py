"""The Hamming distance of packed bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.metrics.pairwise import Hamming

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Distances, Features


@dataclass(frozen=True)
class BitHamming(Hamming):
    """The share of bits that differ, from rows of 0 and 1 packed eight to a byte; a row has a multiple of 8 values."""

    space = "bits"

    def embed(self, features: Features) -> NDArray[Any]:
        """Pack rows of values 0 and 1, shape (N, D), into bytes, shape (N, D / 8)."""
        return np.packbits(features > 0, axis=1)

    def exact(self, query: NDArray[Any], rows: NDArray[Any]) -> NDArray[np.float64]:
        """Count the differing bits of one packed query and packed rows, as a share of all bits."""
        differing: NDArray[np.int64] = np.bitwise_count(rows ^ query).sum(axis=1, dtype=np.int64)
        return differing / (8 * len(query))

    def __call__(self, queries: Features, gallery: Features) -> Distances:
        """Measure every distance between features (Q, D) and (N, D)."""
        rows = self.embed(gallery)
        return np.array([self.exact(query, rows) for query in self.embed(queries)]).reshape(len(queries), len(rows))
