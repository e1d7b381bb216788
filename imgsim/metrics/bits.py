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

    def _measure(self, queries: NDArray[Any], rows: NDArray[Any]) -> Distances:
        """Count the differing bits of packed queries and packed rows, as a share of all bits."""
        distances = np.empty((len(queries), len(rows)))
        for answer, query in zip(distances, queries, strict=True):
            answer[:] = np.bitwise_count(rows ^ query).sum(axis=1, dtype=np.int64) / (8 * len(query))
        return distances
