"""Distances by several extractors, fused as a query fuses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.metrics.metric_table import load_metric
from imgsim.metrics.statistics import measure_statistics, median_pair_distance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.core import Distances, Extractor, Features


def fused_distances(
    extractors: Sequence[Extractor],
    features: Sequence[Features],
    others: Sequence[Features],
    *,
    weights: Sequence[float],
    metric: str | None = None,
) -> Distances:
    """Measure all pairs by each extractor, and average over the extractors, each in its own unit.

    Parameters
    ----------
    extractors : sequence of Extractor
        At least one.
    features : sequence of ndarray of float32, each of shape (Q, D)
        Rows by each extractor; what metrics must know of a gallery is measured on them.
    others : sequence of ndarray of float32, each of shape (N, D)
        Rows to compare them with.
    weights : sequence of float
        One for each extractor.
    metric : str, optional
        In place of each extractor's own.

    Returns
    -------
    ndarray of float64, shape (Q, N)
        The weighted mean of each extractor's distances over the median distance between two rows of `features`; one
        extractor's distances are left in their own unit.

    Raises
    ------
    MetricDomainError
        If features do not suit a metric.
    """
    matrices = []
    for extractor, rows, columns in zip(extractors, features, others, strict=True):
        statistics = measure_statistics(rows)
        fitted = load_metric(metric or extractor.metric, binary=extractor.binary).fit(statistics)
        unit = median_pair_distance(fitted, statistics) if len(extractors) > 1 else 1.0
        matrices.append(fitted(rows, columns) / unit)
    return np.average(matrices, axis=0, weights=weights)
