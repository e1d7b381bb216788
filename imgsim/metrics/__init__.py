"""Distances by scipy's names, defined for every pair of rows that the extractors can produce."""

from imgsim.metrics.metric_table import METRICS, load_metric
from imgsim.metrics.statistics import StatisticsBuilder, measure_statistics, median_pair_distance

__all__ = ["METRICS", "StatisticsBuilder", "load_metric", "measure_statistics", "median_pair_distance"]
