"""Statistics of a gallery, gathered chunk by chunk."""

from __future__ import annotations

import numpy as np

from imgsim.core import Features, FittedMetric, Statistics

MAX_COVARIANCE_DIM = 1024  # 8 MB in the index
SAMPLE_ROWS = 256  # 32,640 pairs


class StatisticsBuilder:
    """Accumulate `Statistics` over chunks of rows in one pass.

    Sums are taken about the first chunk's mean, which keeps them accurate for values far from zero (Chan, Golub and
    LeVeque, "Algorithms for computing the sample variance", The American Statistician, 1983).

    Parameters
    ----------
    dim : int
        Values in a row.
    count : int
        Rows that will come in all.
    seed : int, default 0
        Chooses the sample.
    """

    def __init__(self, dim: int, count: int, *, seed: int = 0) -> None:
        self._sampled = np.sort(np.random.default_rng(seed).permutation(count)[:SAMPLE_ROWS])
        self._sample: list[Features] = []
        self._count = 0
        self._shift: np.ndarray | None = None
        self._sum = np.zeros(dim)
        self._squares = np.zeros(dim)
        self._products = np.zeros((dim, dim)) if dim <= MAX_COVARIANCE_DIM else None

    def add(self, rows: Features) -> None:
        """Take in the next chunk.

        Parameters
        ----------
        rows : ndarray of float32, shape (n, D)
            Those that follow the ones before.
        """
        if not len(rows):
            return
        if self._shift is None:
            self._shift = rows.mean(axis=0, dtype=np.float64)
        here = self._sampled[(self._sampled >= self._count) & (self._sampled < self._count + len(rows))] - self._count
        self._sample.append(rows[here])
        centred = rows - self._shift
        self._count += len(rows)
        self._sum += centred.sum(axis=0)
        self._squares += np.einsum("nd,nd->d", centred, centred)
        if self._products is not None:
            self._products += centred.T @ centred

    def result(self) -> Statistics:
        """Give the statistics of all rows taken in; zeros where there were fewer than two."""
        dim, count = len(self._sum), self._count
        shift = np.zeros(dim) if self._shift is None else self._shift
        mean, freedom = self._sum / max(count, 1), max(count - 1, 1)
        variance = np.maximum(self._squares - count * mean**2, 0) / freedom
        covariance = None
        if self._products is not None:
            covariance = (self._products - count * np.outer(mean, mean)) / freedom
        sample = np.concatenate(self._sample) if self._sample else np.zeros((0, dim), np.float32)
        return Statistics(count, shift + mean, variance, covariance, sample)


def measure_statistics(features: Features, *, seed: int = 0) -> Statistics:
    """Measure the statistics of a gallery that is at hand as one array.

    Parameters
    ----------
    features : ndarray of float32, shape (N, D)
        The rows.
    seed : int, default 0
        Chooses the sample.

    Returns
    -------
    Statistics
        As the index would pin them.
    """
    builder = StatisticsBuilder(features.shape[1], len(features), seed=seed)
    builder.add(features)
    return builder.result()


def median_pair_distance(metric: FittedMetric, statistics: Statistics) -> float:
    """Give the median distance between two photos of the sample: the unit in which fused distances are added.

    Parameters
    ----------
    metric : FittedMetric
        The distance.
    statistics : Statistics
        Whose sample is measured.

    Returns
    -------
    float
        Above 0; 1 where the sample has no two rows, or their median distance is 0.
    """
    rows = statistics.sample
    median = float(np.median(metric(rows, rows)[np.triu_indices(len(rows), 1)])) if len(rows) > 1 else 0.0
    return median if median > 0 else 1.0
