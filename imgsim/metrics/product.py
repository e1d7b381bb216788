"""Distances that one matrix product gives for a whole gallery.

A float32 product of rows with D values errs by less than ``D * u * |x| * |y|``, with u the unit roundoff (Higham,
"Accuracy and Stability of Numerical Algorithms", 2002, section 3.1). `bounds` carries that error, so the rows that may
belong to an answer are never missed; `exact` subtracts rows in float64, where equal rows are at distance 0 exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from imgsim.errors import MetricDomainError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgsim.core import Distances, Features, Statistics

    Embed = Callable[[NDArray[np.float64]], NDArray[np.float64]]

ROUNDOFF = float(np.finfo(np.float32).eps) / 2
CHUNK_VALUES = 1 << 22  # 32 MB of float64 at a time


@dataclass(frozen=True)
class _Product:
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


class _FittedEuclidean(_Product):
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


class _FittedSqEuclidean(_FittedEuclidean):
    power = 2


class _FittedHellinger(_FittedEuclidean):
    scale = 1 / np.sqrt(2)


class _FittedCosine(_Product):
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


class _FittedInnerProduct(_Product):
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


@dataclass(frozen=True)
class _Fixed:
    """A metric that needs no statistics."""

    name: ClassVar[str]
    needs_statistics: ClassVar[bool] = False
    domain: ClassVar[str] = "real"
    definition: ClassVar[str]
    degenerate: ClassVar[str] = "-"
    fitted: ClassVar[type[_Product]]
    space: ClassVar[str] = "raw"

    def transform(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bring rows into the space: as they are."""
        return rows

    def fit(self, statistics: Statistics | None = None) -> _Product:
        """Return the distance; statistics are not read."""
        del statistics
        return self.fitted(self.space, self.transform)


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    norms[norms == 0] = 1
    unit: NDArray[np.float64] = rows / norms
    return unit


def _centred_unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = rows - rows.mean(axis=1, keepdims=True)
    # Of a constant row only rounding is left: it has no direction.
    centred[np.ptp(rows, axis=1) == 0] = 0
    return _unit(centred)


def _root_of_shares(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    if rows.size and rows.min() < 0:
        raise MetricDomainError("hellinger compares histograms, and these features have negative values: use euclidean")
    totals = rows.sum(axis=1, keepdims=True)
    totals[totals == 0] = 1
    roots: NDArray[np.float64] = np.sqrt(rows / totals)
    return roots


class Euclidean(_Fixed):
    """The straight-line distance."""

    name = "euclidean"
    definition = "sqrt(sum((x - y)^2))"
    fitted = _FittedEuclidean


class SqEuclidean(_Fixed):
    """The squared straight-line distance."""

    name = "sqeuclidean"
    definition = "sum((x - y)^2)"
    fitted = _FittedSqEuclidean


class InnerProduct(_Fixed):
    """The negative dot product, so that smaller is closer; below 0 for similar rows."""

    name = "inner_product"
    definition = "-sum(x * y)"
    fitted = _FittedInnerProduct


class Cosine(_Fixed):
    """One minus the cosine of the angle between two rows."""

    name = "cosine"
    definition = "1 - x.y / (|x| |y|)"
    degenerate = "two rows of zeros: 0; one: 1"
    fitted = _FittedCosine
    space = "unit"

    def transform(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Divide each row by its length."""
        return _unit(rows)


class Correlation(_Fixed):
    """One minus Pearson's correlation of two rows."""

    name = "correlation"
    definition = "cosine of the rows less their means"
    degenerate = "two constant rows: 0; one: 1"
    fitted = _FittedCosine
    space = "centred-unit"

    def transform(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Subtract its mean from each row, then divide by the length."""
        return _centred_unit(rows)


class Hellinger(_Fixed):
    """Hellinger's distance of two histograms, each divided by its sum first (Hellinger, 1909; Bhattacharyya, 1943)."""

    name = "hellinger"
    domain = "non-negative"
    definition = "sqrt(sum((sqrt(p) - sqrt(q))^2) / 2)"
    degenerate = "two empty histograms: 0; one: sqrt(1/2)"
    fitted = _FittedHellinger
    space = "hellinger"

    def transform(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take the square root of each row divided by its sum."""
        return _root_of_shares(rows)


@dataclass(frozen=True)
class _Scaled:
    """Euclidean distance after scaling by the gallery's statistics."""

    name: ClassVar[str]
    needs_statistics: ClassVar[bool] = True
    domain: ClassVar[str] = "real"
    definition: ClassVar[str]
    degenerate: ClassVar[str] = "values that do not vary in the gallery do not count; in a gallery of one, euclidean"

    def fit(self, statistics: Statistics | None = None) -> _FittedEuclidean:
        """Return the distance for a gallery with these statistics.

        Parameters
        ----------
        statistics : Statistics
            Of the gallery.

        Returns
        -------
        FittedMetric
            The distance.

        Raises
        ------
        MetricDomainError
            If the statistics are absent, or lack the covariance that the metric needs.
        """
        if statistics is None:
            raise MetricDomainError(f"{self.name} needs the statistics of a gallery")
        mean = statistics.mean
        if statistics.count < 2:
            return _FittedEuclidean(self.name, lambda rows: rows - mean)
        scaling = self._scaling(statistics)
        return _FittedEuclidean(self.name, lambda rows: scaling(rows - mean))

    def _scaling(self, statistics: Statistics) -> Embed:
        raise NotImplementedError


class SEuclidean(_Scaled):
    """The euclidean distance with each value divided by its standard deviation in the gallery."""

    name = "seuclidean"
    definition = "sqrt(sum((x - y)^2 / variance))"

    def _scaling(self, statistics: Statistics) -> Embed:
        varies = statistics.variance > 0
        factors = np.where(varies, 1 / np.sqrt(np.where(varies, statistics.variance, 1)), 0)
        return lambda rows: rows * factors


class Mahalanobis(_Scaled):
    """The euclidean distance after whitening with the gallery's covariance (Mahalanobis, 1936)."""

    name = "mahalanobis"
    definition = "sqrt((x - y) covariance^-1 (x - y))"

    def _scaling(self, statistics: Statistics) -> Embed:
        if statistics.covariance is None:
            dim = len(statistics.mean)
            raise MetricDomainError(f"mahalanobis has no covariance for rows of {dim} values: use seuclidean")
        values, vectors = np.linalg.eigh(statistics.covariance)
        # The pseudo-inverse: directions that the gallery does not span do not count.
        spanned = values > values[-1] * len(values) * np.finfo(np.float64).eps
        whitening = vectors[:, spanned] / np.sqrt(values[spanned])
        return lambda rows: rows @ whitening
