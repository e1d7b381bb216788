"""How well probabilities of labels fit the labels that are true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgsim.evaluation.intervals import wilson
from imgsim.evaluation.reliability import measure_reliability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

BINS = 15  # of confidence, as Guo et al. have it


@dataclass(frozen=True)
class LabelReport:
    """What came of comparing labels.

    `precision`, `recall` (K,), `support` (K,), `confusion` (K, K).
    """

    count: int
    accuracy: float
    interval: tuple[float, float]
    log_loss: float
    calibration_error: float
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    support: NDArray[np.int64]
    confusion: NDArray[np.int64]


def judge_labels(labels: ArrayLike, probabilities: ArrayLike) -> LabelReport:
    """Judge probabilities of labels.

    `labels` (N,), `probabilities` (N, K).

    Examples
    --------
    >>> report = judge_labels([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    >>> report.confusion.tolist()
    [[1, 0], [1, 1]]
    """
    true, likely = np.asarray(labels, int), np.asarray(probabilities, float)
    called = likely.argmax(axis=1)
    confusion = np.zeros((likely.shape[1],) * 2, np.int64)
    np.add.at(confusion, (true, called), 1)
    right, support, calls = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    accuracy = wilson(int(right.sum()), len(true))
    return LabelReport(
        len(true),
        accuracy.value if len(true) else 0.0,
        (accuracy.low, accuracy.high),
        log_loss(true, likely),
        measure_reliability(likely.max(axis=1), called == true, bins=BINS).calibration_error,
        right / np.maximum(calls, 1),
        right / np.maximum(support, 1),
        support,
        confusion,
    )


def log_loss(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Measure the mean surprise at the true labels.

    `labels` (N,), `probabilities` (N, K).
    """
    true, likely = np.asarray(labels, int), np.asarray(probabilities, float)
    of_true = likely[np.arange(len(true)), true]
    return float(-np.log(np.maximum(of_true, 1e-12)).mean()) if len(true) else 0.0


def accuracy_by_group(
    labels: ArrayLike, probabilities: ArrayLike, groups: Sequence[str] | NDArray[np.str_]
) -> list[tuple[str, int, float]]:
    """Measure accuracy for each group of rows.

    `labels` (N,), `probabilities` (N, K).
    """
    right = np.asarray(probabilities, float).argmax(axis=1) == np.asarray(labels, int)
    found, place, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    shares = np.bincount(place, right, len(found)) / counts
    listed = [(str(name), int(count), float(share)) for name, count, share in zip(found, counts, shares, strict=True)]
    return sorted(listed, key=lambda row: (-row[1], row[0]))
