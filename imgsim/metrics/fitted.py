"""Distances that one matrix product gives for a whole gallery.

A float32 product of rows with D values errs by less than ``D * u * |x| * |y|``, with u the unit roundoff (Higham,
"Accuracy and Stability of Numerical Algorithms", 2002, section 3.1). `bounds` carries that error, so the rows that may
belong to an answer are never missed; `exact` subtracts rows in float64, where equal rows are at distance 0 exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgsim.core import Distances, Features

    Embed = Callable[[NDArray[np.float64]], NDArray[np.float64]]

ROUNDOFF = float(np.finfo(np.float32).eps) / 2
CHUNK_VALUES = 1 << 22  # 32 MB of float64 at a time


@dataclass(frozen=True)
class Product:
    """Shared by the metrics below: an embedding, and float64 distances in chunks."""

    space: str
    transform: Embed

    def embed(self, features: Features) -> NDArray[np.float32]:
        """Bring features, shape (N, D), into the metric's space."""
        return self.transform(np.asarray(features, np.float64)).astype(np.float32)

    def exact(self, query: NDArray[Any], rows: NDArray[Any]) -> NDArray[np.float64]:
        """Measure the distances from one embedded query to embedded rows in float64."""
        distances = np.empty(len(rows))
        step = max(1, CHUNK_VALUES // max(1, rows.shape[1]))
        wide = query.astype(np.float64)
        for start in range(0, len(rows), step):
            distances[start : start + step] = self._distances(wide, rows[start : start + step].astype(np.float64))
        return distances

    def __call__(self, queries: Features, gallery: Features) -> Distances:
        """Measure every distance between features (Q, D) and (N, D)."""
        rows = self.embed(gallery)
        return np.array([self.exact(query, rows) for query in self.embed(queries)]).reshape(len(queries), len(rows))

    def _distances(self, query: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
        raise NotImplementedError

    @staticmethod
    def _error(dim: int) -> float:
        """Bound the error of a dot product, as a share of the norms' product; a few roundings more for the sums."""
        return (dim + 8) * ROUNDOFF


def _squared_distances(query: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    difference = rows - query
    squared: NDArray[np.float64] = np.einsum("nd,nd->n", difference, difference)
    return squared


class FittedEuclidean(Product):
    """Euclidean distance in the space, to a power (1, or 2 for squared) and times a scale."""

    power: ClassVar[int] = 1
    scale: ClassVar[float] = 1.0

    def bounds(
        self, query: NDArray[Any], rows: NDArray[Any], squared_norms: NDArray[np.float32]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Enclose the distances by |x|^2 + |q|^2 - 2 x.q, give or take its rounding."""
        norms = squared_norms + np.float32(query @ query)
        squared = norms - 2 * (rows @ query)
        margin = norms * np.float32(2 * self._error(rows.shape[1]))
        return self._finish(np.maximum(squared - margin, 0)), self._finish(np.maximum(squared + margin, 0))

    def _distances(self, query: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._finish(_squared_distances(query, rows))

    def _finish(self, squared: NDArray[Any]) -> NDArray[Any]:
        distances: NDArray[Any] = squared if self.power == 2 else np.sqrt(squared) * squared.dtype.type(self.scale)
        return distances


class FittedSqEuclidean(FittedEuclidean):
    """Its square."""

    power = 2


class FittedHellinger(FittedEuclidean):
    """Of roots of shares, scaled to at most 1."""

    scale = 1 / np.sqrt(2)


class FittedCosine(Product):
    """One minus the dot product of unit rows."""

    def bounds(
        self, query: NDArray[Any], rows: NDArray[Any], squared_norms: NDArray[np.float32]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Enclose the distances by 1 - x.q, give or take its rounding."""
        del squared_norms
        distances: NDArray[np.float32] = 1 - rows @ query
        margin = np.float32(2 * self._error(rows.shape[1]))
        # A row of zeros is at distance 0 of another one, which the product cannot see.
        return (distances - margin if query.any() else np.zeros_like(distances)), distances + margin

    def _distances(self, query: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
        distances: NDArray[np.float64] = _squared_distances(query, rows) / 2
        empty = ~rows.any(axis=1)
        if not query.any():
            distances = np.ones(len(rows))
        distances[empty] = 1.0 if query.any() else 0.0
        return distances


class FittedInnerProduct(Product):
    """The negative dot product."""

    def bounds(
        self, query: NDArray[Any], rows: NDArray[Any], squared_norms: NDArray[np.float32]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Enclose the distances by -x.q, give or take its rounding."""
        distances = -(rows @ query)
        margin = np.sqrt(squared_norms) * np.float32(self._error(rows.shape[1]) * np.linalg.norm(query))
        return distances - margin, distances + margin

    def _distances(self, query: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
        products: NDArray[np.float64] = -np.einsum("nd,d->n", rows, query)
        return products
