"""Whether what is said to be so with probability p is so in a share p of cases, and labels taken for others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgsim.evaluation.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

BINS = 10  # of the probability of one event
CONFIDENCE_BINS = 15  # of that in an answer, as Guo et al. have it


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
        measure_reliability(likely.max(axis=1), called == true, bins=CONFIDENCE_BINS).calibration_error,
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


@dataclass(frozen=True)
class Reliability:
    """Probabilities in bins, beside what came true; bins that are empty are left out.

    `predicted` (B,), `observed` (B,), `hits`, `count` (B,).
    """

    predicted: NDArray[np.float64]
    observed: NDArray[np.float64]
    hits: NDArray[np.intp]
    count: NDArray[np.intp]

    @property
    def calibration_error(self) -> float:
        """The expected calibration error: mean difference of the two, weighted by the count; 0 without any."""
        gaps = np.abs(self.predicted - self.observed)
        return float(np.average(gaps, weights=self.count)) if len(gaps) else 0.0


def measure_reliability(probabilities: ArrayLike, same: ArrayLike, *, bins: int = BINS) -> Reliability:
    """Sort probabilities into bins of equal width.

    Parameters
    ----------
    probabilities : array_like of float, shape (M,)
        From 0 to 1.
    same : array_like of bool, shape (M,)
        What was so.
    bins : int, default 10
        Bins from 0 to 1; each has its lower edge, and the last one both.

    Returns
    -------
    Reliability
        Of the bins that are not empty.

    Notes
    -----
    Where the probabilities are of one event, and not the confidence in whichever answer is given, both ends of the
    scale are judged.

    References
    ----------
    M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI
    2015. C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017,
    equation 3.

    Examples
    --------
    >>> round(measure_reliability([0.5, 0.5, 0.9], [True, False, True]).calibration_error, 4)
    0.0333
    """
    given, truth = np.asarray(probabilities, np.float64), np.asarray(same, bool)
    places = np.minimum((given * bins).astype(np.intp), bins - 1)
    count, hits, total = (np.bincount(places, weights, bins) for weights in (None, truth, given))
    filled = count > 0
    count, hits, total = count[filled], hits[filled], total[filled]
    return Reliability(total / count, hits / count, hits.astype(np.intp), count.astype(np.intp))
