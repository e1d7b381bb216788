"""Distances that one matrix product gives for a whole gallery.

A product of rows with D values errs by less than ``g(D) * |x| * |y|``, where ``g(n) = n * u / (1 - n * u)`` and u is
the unit roundoff (Higham, "Accuracy and Stability of Numerical Algorithms", 2002, section 3.1). `bounds` carries that
error, so the rows that may belong to an answer are never missed; `exact` subtracts rows in float64, where equal rows
are at distance 0 exactly. Rows are embedded as float32; a float64 copy of them has the same distances, but narrower
bounds.
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

OTHER_ROUNDINGS = 16  # more than those outside the product: of norms, sums, margins, roots and scales
CHUNK_VALUES = 1 << 22  # 32 MB of float64 at a time


class MetricEntry:
    """What the table of metrics says of each."""

    name: ClassVar[str]
    needs_statistics: ClassVar[bool] = False
    domain: ClassVar[str] = "real"
    definition: ClassVar[str]
    degenerate: ClassVar[str] = "-"
    range: ClassVar[tuple[float, float]] = (0.0, np.inf)


@dataclass(frozen=True)
class Product:
    """Shared by the metrics below: an embedding, and float64 distances in chunks.

    Parameters
    ----------
    space : str
        Its name.
    transform : callable
        Brings rows of float64, shape (N, D), into it.
    """

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
    def _error(rows: NDArray[Any]) -> float:
        """Bound the error of a dot product and what is made of it, and of `exact`, as a share of the norms' product."""
        roundings = [(rows.shape[1] + OTHER_ROUNDINGS) * np.finfo(kind).eps / 2 for kind in (rows.dtype, np.float64)]
        return float(sum(n / (1 - n) for n in roundings))

    @staticmethod
    def _tiny(rows: NDArray[Any]) -> float:
        """Give more than underflow can lose."""
        return float(np.finfo(rows.dtype).tiny)


def _squared_norms(rows: NDArray[Any]) -> NDArray[Any]:
    squared: NDArray[Any] = np.einsum("nr,nr->n", rows, rows)
    return squared


def _squared_distances(query: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measure squared distances; the differences take the place of the rows, which are a copy of their own."""
    return _squared_norms(np.subtract(rows, query, out=rows))


def _empty(rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which rows have only zeros; few have to be looked through, since most do not begin with one."""
    empty: NDArray[np.bool_] = rows[:, 0] == 0
    empty[empty] = ~rows[empty].any(axis=1)
    return empty


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
        margin, tiny = 2 * self._error(rows), self._tiny(rows)
        less, more = rows.dtype.type(1 - margin), rows.dtype.type(1 + margin)
        lower = upper + squared_norms * less
        lower += own * less - tiny
        upper += squared_norms * more
        upper += own * more + tiny
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
        """Enclose the distances by (|x|^2 + |q|^2) / 2 - x.q, give or take its rounding."""
        products = queries @ rows.T
        margin = rows.dtype.type(self._error(rows))
        # Unit rows have length 1 up to float32's rounding, which float64 sees.
        length: Any = rows.dtype.type(1)
        if rows.dtype != np.float32:
            length = (squared_norms + _squared_norms(queries)[:, None]) / 2
        lower = (length - margin) - products
        upper = np.subtract(length + margin, products, out=products)
        # Rows of zeros are at distance 0 of each other and 1 of all else, which the product cannot see.
        empty = np.flatnonzero(squared_norms == 0)
        lower[:, empty] = upper[:, empty] = 1
        empty = np.flatnonzero(~queries.any(axis=1))
        lower[empty], upper[empty] = 0, 1
        return lower, upper

    def _distances(self, query: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
        empty = _empty(rows)
        if not query.any():
            return np.where(empty, 0.0, 1.0)
        distances: NDArray[np.float64] = _squared_distances(query, rows) / 2
        distances[empty] = 1.0
        return distances


class FittedInnerProduct(Product):
    """The negative dot product."""

    def bounds(
        self, queries: NDArray[Any], rows: NDArray[Any], squared_norms: NDArray[np.float32]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Enclose the distances by -x.q, give or take its rounding."""
        upper = -queries @ rows.T
        own = np.sqrt(_squared_norms(queries) + self._tiny(rows)) * rows.dtype.type(self._error(rows))
        margins = np.outer(own, np.sqrt(squared_norms + self._tiny(rows)))
        lower = upper - margins
        upper += margins
        return lower, upper

    def _distances(self, query: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
        products: NDArray[np.float64] = -np.einsum("nd,d->n", rows, query)
        return products
