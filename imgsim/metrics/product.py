"""The metrics that a matrix product serves: what each does to the rows before, and how the product is read after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from imgsim.errors import MetricDomainError
from imgsim.metrics.fitted import (
    FittedCosine,
    FittedEuclidean,
    FittedHellinger,
    FittedInnerProduct,
    FittedSqEuclidean,
    MetricEntry,
    Product,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Statistics
    from imgsim.metrics.fitted import Embed


@dataclass(frozen=True)
class _Fixed(MetricEntry):
    """A metric that needs no statistics."""

    fitted: ClassVar[type[Product]]
    space: ClassVar[str] = "raw"

    def transform(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bring rows into the space: as they are."""
        return rows

    def fit(self, statistics: Statistics | None = None) -> Product:
        """Return the distance; statistics are not read."""
        del statistics
        return self.fitted(self.space, self.transform)


def unit_rows(rows: NDArray[Any]) -> NDArray[Any]:
    """Divide rows by their length.

    Parameters
    ----------
    rows : ndarray of floating, shape (N, D)
        Any.

    Returns
    -------
    ndarray of floating, shape (N, D)
        Of length 1 each; rows of zeros stay.
    """
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    norms[norms == 0] = 1
    return rows / norms  # type: ignore[no-any-return]


class Euclidean(_Fixed):
    """The straight-line distance."""

    name = "euclidean"
    definition = "sqrt(sum((x - y)^2))"
    fitted = FittedEuclidean


class SqEuclidean(_Fixed):
    """The squared straight-line distance."""

    name = "sqeuclidean"
    definition = "sum((x - y)^2)"
    fitted = FittedSqEuclidean


class InnerProduct(_Fixed):
    """The negative dot product, so that smaller is closer; below 0 for similar rows."""

    name = "inner_product"
    definition = "-sum(x * y)"
    range = (-np.inf, np.inf)
    fitted = FittedInnerProduct


class Cosine(_Fixed):
    """One minus the cosine of the angle between two rows."""

    name = "cosine"
    definition = "1 - x.y / (|x| |y|)"
    degenerate = "two rows of zeros: 0; one: 1"
    range = (0.0, 2.0)
    fitted = FittedCosine
    space = "unit"

    def transform(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Divide each row by its length."""
        return unit_rows(rows)


class Correlation(Cosine):
    """One minus Pearson's correlation of two rows."""

    name = "correlation"
    definition = "cosine of the rows less their means"
    degenerate = "two constant rows: 0; one: 1"
    space = "centred-unit"

    def transform(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Subtract its mean from each row, then divide by the length."""
        centred = rows - rows.mean(axis=1, keepdims=True)
        # Of a constant row only rounding is left: it has no direction.
        centred[np.ptp(rows, axis=1) == 0] = 0
        return super().transform(centred)


class Hellinger(_Fixed):
    """Hellinger's distance of two histograms, each divided by its sum first (Hellinger, 1909; Bhattacharyya, 1943)."""

    name = "hellinger"
    domain = "non-negative"
    definition = "sqrt(sum((sqrt(p) - sqrt(q))^2) / 2)"
    degenerate = "two empty histograms: 0; one: sqrt(1/2)"
    range = (0.0, 1.0)
    fitted = FittedHellinger
    space = "hellinger"

    def transform(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take the square root of each row divided by its sum."""
        if rows.size and rows.min() < 0:
            raise MetricDomainError(
                "hellinger compares histograms, and these features have negative values: use euclidean"
            )
        totals = rows.sum(axis=1, keepdims=True)
        totals[totals == 0] = 1
        roots: NDArray[np.float64] = np.sqrt(rows / totals)
        return roots


@dataclass(frozen=True)
class _Scaled(MetricEntry):
    """Euclidean distance after scaling by the gallery's statistics."""

    needs_statistics = True
    degenerate = "values that do not vary in the gallery do not count; in a gallery of one, euclidean"

    def fit(self, statistics: Statistics | None = None) -> FittedEuclidean:
        """Return the distance; MetricDomainError if statistics, or the covariance where it is needed, are absent."""
        if statistics is None:
            raise MetricDomainError(f"{self.name} needs the statistics of a gallery")
        mean = statistics.mean
        if statistics.count < 2:
            return FittedEuclidean(self.name, lambda rows: rows - mean)
        scaling = self._scaling(statistics)
        return FittedEuclidean(self.name, lambda rows: scaling(rows - mean))

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


@dataclass(frozen=True)
class CentredCosine(MetricEntry):
    """The cosine distance after the gallery's mean is subtracted: what all photos have in common does not count [1]_.

    References
    ----------
    .. [1] Jegou and Chum, "Negative evidences and co-occurences in image retrieval: the benefit of PCA and whitening",
       ECCV 2012, section 3.1.
    """

    needs_statistics = True
    name = "centred_cosine"
    definition = "cosine of the rows less the gallery's mean"
    degenerate = "a row that is the mean to another: 1; in a gallery of one, cosine"
    range = (0.0, 2.0)

    def fit(self, statistics: Statistics | None = None) -> FittedCosine:
        """Return the distance; MetricDomainError if statistics are absent."""
        if statistics is None:
            raise MetricDomainError(f"{self.name} needs the statistics of a gallery")
        mean = statistics.mean if statistics.count > 1 else np.zeros_like(statistics.mean)
        return FittedCosine(self.name, lambda rows: unit_rows(rows - mean))


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
