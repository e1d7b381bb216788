"""Distances by scipy's names, defined for every pair of rows that the extractors can produce."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.metrics.metric_table import METRICS, load_metric

if TYPE_CHECKING:
    from imgsim.metrics.statistics import StatisticsBuilder, measure_statistics, median_pair_distance

__all__ = ["METRICS", "StatisticsBuilder", "load_metric", "measure_statistics", "median_pair_distance"]


def __getattr__(name: str) -> object:
    """Import what needs NumPy when it is asked for: a shell that completes a metric's name does not."""
    if name not in __all__:
        raise AttributeError(f"module 'imgsim.metrics' has no attribute {name!r}")
    from imgsim.metrics import statistics

    return getattr(statistics, name)
