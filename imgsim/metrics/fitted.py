"""Distances that one matrix product gives for a whole gallery.

A float32 product of rows with D values errs by less than ``g(D) * |x| * |y|``, where ``g(n) = n * u / (1 - n * u)`` and
u is the unit roundoff (Higham, "Accuracy and Stability of Numerical Algorithms", 2002, section 3.1). `bounds` carries
that error, so the rows that may belong to an answer are never missed; `exact` subtracts rows in float64, where equal
rows are at distance 0 exactly.
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
TINY = np.finfo(np.float32).tiny  # above all that underflow can lose
OTHER_ROUNDINGS = 16  # more than those outside the product: of norms, sums, margins, roots and scales
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
        """Bound the error of a dot product, and of what is done with it, as a share of the norms' product."""
        roundings = (dim + OTHER_ROUNDINGS) * ROUNDOFF
        return roundings / (1 - roundings)


def _squared_norms(rows: NDArray[Any]) -> NDArray[Any]:
    squared: NDArray[Any] = np.einsum("nr,nr->n", rows, rows)
    return squared


def _squared_distances(query: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return _squared_norms(rows - query)


class FittedEuclidean(Product):
    """Euclidean distance in the space, to a power (1, or 2 for squared) and times a scale."""

    power: ClassVar[int] = 1
    scale: ClassVar[float] = 1.0

    def bounds(
        self, queries: NDArray[Any], rows: NDArray[Any], squared_norms: NDArray[np.float32]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Enclose the distances by |x|^2 + |q|^2 - 2 x.q, give or take its rounding."""
        upper = (-2 * queries) @ rows.T
        own = _squared_norms(queries)[:, None]
        margin = 2 * self._error(rows.shape[1])
        lower = upper + squared_norms * np.float32(1 - margin)
        lower += own * np.float32(1 - margin) - TINY
        upper += squared_norms * np.float32(1 + margin)
        upper += own * np.float32(1 + margin) + TINY
        return self._finish(np.maximum(lower, 0, out=lower)), self._finish(np.maximum(upper, 0, out=upper))

    def _distances(self, query: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._finish(_squared_distances(query, rows))

    def _finish(self, squared: NDArray[Any]) -> NDArray[Any]:
        if self.power == 1:
            np.sqrt(squared, out=squared)
            squared *= squared.dtype.type(self.scale)
        return squared


class FittedSqEuclidean(FittedEuclidean):
    """Its square."""

    power = 2


class FittedHellinger(FittedEuclidean):
    """Of roots of shares, scaled to at most 1."""

    scale = 1 / np.sqrt(2)


class FittedCosine(Product):
    """One minus the dot product of unit rows."""

    def bounds(
        self, queries: NDArray[Any], rows: NDArray[Any], squared_norms: NDArray[np.float32]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Enclose the distances by 1 - x.q, give or take its rounding."""
        del squared_norms
        products = queries @ rows.T
        margin = self._error(rows.shape[1])
        lower = np.float32(1 - margin) - products
        upper = np.subtract(np.float32(1 + margin), products, out=products)
        # A row of zeros is at distance 0 of another one, which the product cannot see.
        lower[~queries.any(axis=1)] = 0
        return lower, upper

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
        self, queries: NDArray[Any], rows: NDArray[Any], squared_norms: NDArray[np.float32]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Enclose the distances by -x.q, give or take its rounding."""
        upper = -queries @ rows.T
        own = np.sqrt(_squared_norms(queries) + TINY) * np.float32(self._error(rows.shape[1]))
        margins = np.outer(own, np.sqrt(squared_norms + TINY))
        lower = upper - margins
        upper += margins
        return lower, upper

    def _distances(self, query: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
        products: NDArray[np.float64] = -np.einsum("nd,d->n", rows, query)
        return products
