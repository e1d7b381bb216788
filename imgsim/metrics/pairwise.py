"""Distances without a shortcut: scipy's `cdist` over chunks of the gallery, and chi2.

Where a formula comes to 0/0, equal rows are at distance 0 and others at the metric's `unrelated` distance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from imgsim.errors import MetricDomainError, ParameterError
from imgsim.metrics.fitted import CHUNK_VALUES, MetricEntry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Distances, Features, Statistics


@dataclass(frozen=True)
class PairwiseMetric(MetricEntry):
    """A metric, and the fitted one too, since nothing is fitted."""

    unrelated: ClassVar[float] = 1.0
    values: ClassVar[type] = np.float64  # what they are compared as
    space: ClassVar[str] = "raw"

    def fit(self, statistics: Statistics | None = None) -> PairwiseMetric:
        """Return the distance; statistics are not read."""
        del statistics
        return self

    def embed(self, features: Features) -> NDArray[np.float32]:
        """Leave features as they are."""
        return np.asarray(features, np.float32)

    def bounds(
        self, queries: NDArray[Any], rows: NDArray[Any], squared_norms: NDArray[np.float32]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Give the exact distances, as both bounds."""
        del squared_norms
        distances = self._measure(queries, rows)
        return distances, distances

    def exact(self, query: NDArray[Any], rows: NDArray[Any]) -> NDArray[np.float64]:
        """Measure the distances from one embedded query, shape (R,), to embedded rows, shape (N, R)."""
        distances: NDArray[np.float64] = self._measure(query[None], rows)[0]
        return distances

    def __call__(self, queries: Features, gallery: Features) -> Distances:
        """Measure every distance between features (Q, D) and (N, D)."""
        return self._measure(self.embed(queries), self.embed(gallery))

    def _measure(self, queries: NDArray[Any], rows: NDArray[Any]) -> Distances:
        if self.domain == "non-negative" and min(queries.min(initial=0), rows.min(initial=0)) < 0:
            raise MetricDomainError(
                f"{self.name} compares histograms, and these features have negative values: use cityblock"
            )
        distances = np.empty((len(queries), len(rows)))
        step = max(1, CHUNK_VALUES // max(1, rows.shape[1]))
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            distances[:, start : start + step] = self._defined(queries, part, self._chunk(queries, part))
        return distances

    def _chunk(self, queries: Features, rows: Features) -> Distances:
        from scipy.spatial.distance import cdist

        # float64 here, not in scipy: some metrics treat float32 otherwise.
        with np.errstate(divide="ignore", invalid="ignore"):
            return cdist(queries.astype(self.values), rows.astype(self.values), self.name, **vars(self))  # type: ignore[call-overload, no-any-return]

    def _defined(self, queries: Features, rows: Features, distances: Distances) -> Distances:
        for q, n in np.argwhere(~np.isfinite(distances)):
            distances[q, n] = 0.0 if np.array_equal(queries[q], rows[n]) else self.unrelated
        return distances


class BrayCurtis(PairwiseMetric):
    """Bray and Curtis's dissimilarity (1957)."""

    name = "braycurtis"
    definition = "sum(|x - y|) / sum(|x + y|)"
    degenerate = "0/0: 0 for equal rows, else 1"


class Canberra(PairwiseMetric):
    """Lance and Williams's Canberra distance (1967)."""

    name = "canberra"
    definition = "sum(|x - y| / (|x| + |y|))"
    degenerate = "a term 0/0 counts 0"


class Chebyshev(PairwiseMetric):
    """The largest difference of two values."""

    name = "chebyshev"
    definition = "max(|x - y|)"


class CityBlock(PairwiseMetric):
    """The Manhattan distance."""

    name = "cityblock"
    definition = "sum(|x - y|)"


class Hamming(PairwiseMetric):
    """The share of values that differ."""

    name = "hamming"
    definition = "share of values with x != y"
    range = (0.0, 1.0)


class JensenShannon(PairwiseMetric):
    """The square root of the Jensen-Shannon divergence, natural logarithm (Endres and Schindelin, 2003)."""

    name = "jensenshannon"
    domain = "non-negative"
    definition = "sqrt((KL(p, m) + KL(q, m)) / 2), m = (p + q) / 2"
    degenerate = "two empty histograms: 0; one: sqrt(log(2))"
    unrelated = float(np.sqrt(np.log(2)))
    range = (0.0, unrelated)


@dataclass(frozen=True)
class Minkowski(PairwiseMetric):
    """Minkowski's distance of order `p`.

    Parameters
    ----------
    p : float, default 2
        At least 1.
    """

    name = "minkowski"
    definition = "sum(|x - y|^p)^(1/p), p=2 unless given"

    p: float = 2.0

    def __post_init__(self) -> None:
        if not 1 <= self.p < np.inf:
            raise ParameterError(f"minkowski: p is at least 1 and finite, not {self.p:g}")


class ChiSquare(PairwiseMetric):
    """The chi-square distance of two histograms (Rubner, Tomasi and Guibas, IJCV 2000, eq. 4, up to symmetry)."""

    name = "chi2"
    domain = "non-negative"
    definition = "sum((x - y)^2 / (x + y)) / 2"
    degenerate = "a term 0/0 counts 0"

    def _chunk(self, queries: Features, rows: Features) -> Distances:
        wide = rows.astype(np.float64)
        distances = np.empty((len(queries), len(rows)))
        for answer, query in zip(distances, queries.astype(np.float64), strict=True):
            total = wide + query
            terms = np.divide((wide - query) ** 2, total, out=np.zeros_like(total), where=total > 0)
            answer[:] = terms.sum(axis=1) / 2
        return distances
