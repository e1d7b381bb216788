"""Pairs judged by a distance threshold: the same thing where they are at most that far apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import EvaluationError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class TooFewPairsError(EvaluationError):
    """Pairs that show nothing, since there are too few of a kind."""


@dataclass(frozen=True)
class PairCounts:
    """Pairs by what they are and what a threshold says."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def precision(self) -> float:
        """Share of the pairs called the same that are; 0 where none is called so."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """Share of the pairs of the same class that are called so; 0 where there are none."""
        return _share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        wrong = self.false_positives + self.false_negatives
        return _share(2 * self.true_positives, 2 * self.true_positives + wrong)

    @property
    def accuracy(self) -> float:
        """Share of the pairs called what they are."""
        right = self.true_positives + self.true_negatives
        return _share(right, right + self.false_positives + self.false_negatives)


@dataclass(frozen=True)
class PairScores:
    """How well a distance tells pairs of the same class from pairs of different ones.

    `precisions`, `recalls`, `thresholds` (T,).
    """

    positives: int
    negatives: int
    threshold: float
    held_out: PairCounts
    roc_auc: float
    average_precision: float
    precisions: NDArray[np.float64]
    recalls: NDArray[np.float64]
    thresholds: NDArray[np.float64]


def count_pairs(same: ArrayLike, distances: ArrayLike, threshold: float) -> PairCounts:
    """Compare what pairs are with what a threshold says.

    `same` (P,), `distances` (P,).

    Examples
    --------
    Pairs of one class only show nothing: whatever is called the same then is, at every threshold.

    >>> [count_pairs([True, True, True], [0.1, 0.5, 0.9], threshold).precision for threshold in (0.1, 0.5, 2.0)]
    [1.0, 1.0, 1.0]
    """
    truth, called = np.asarray(same, bool), np.asarray(distances) <= threshold
    kinds = np.bincount(2 * truth + called, minlength=4)
    return PairCounts(int(kinds[3]), int(kinds[1]), int(kinds[2]), int(kinds[0]))


def score_pairs(same: ArrayLike, distances: ArrayLike, *, seed: int) -> PairScores:
    """Judge pairs by a distance threshold.

    Parameters
    ----------
    same : array_like of bool, shape (P,)
        Whether each pair is of the same class.
    distances : array_like of float, shape (P,)
        How far apart its photos are.
    seed : int
        Halves the pairs.

    Returns
    -------
    PairScores
        The threshold is chosen on one half and judged on the other; areas and curve are of all pairs.

    Raises
    ------
    TooFewPairsError
        If there are not at least two pairs of either kind: a system judged by pairs of the same class only has
        precision 1 whatever it answers.

    Notes
    -----
    A photo is in several pairs, on both sides of the split: the held-out counts are fair to the threshold, but pairs
    that share a photo are not independent, and an interval that takes them to be is too narrow. ROC-AUC, average
    precision and the curve are scikit-learn's, of the negative distance.

    References
    ----------
    T. Saito, M. Rehmsmeier, "The Precision-Recall Plot Is More Informative than the ROC Plot When Evaluating Binary
    Classifiers on Imbalanced Datasets", PLoS ONE 10(3), 2015: what the share of positives does to each.
    """
    from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

    truth, measured = np.asarray(same, bool), np.asarray(distances, np.float64)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if min(positives, negatives) < 2:
        raise TooFewPairsError(
            f"{positives} pairs of the same class and {negatives} of different ones show nothing, since precision is 1 "
            "without the latter and recall 1 without the former: give two of each or more"
        )
    chosen = _half(truth, seed)
    threshold = _best_threshold(truth[chosen], measured[chosen])
    precisions, recalls, closeness = precision_recall_curve(truth, -measured)
    return PairScores(
        positives,
        negatives,
        threshold,
        count_pairs(truth[~chosen], measured[~chosen], threshold),
        float(roc_auc_score(truth, -measured)),
        float(average_precision_score(truth, -measured)),
        precisions[:-1],  # the last point is a convention without a threshold
        recalls[:-1],
        -closeness,
    )


def _half(truth: NDArray[np.bool_], seed: int) -> NDArray[np.bool_]:
    """Choose one half of either kind of pairs."""
    chosen, rng = np.zeros(len(truth), bool), np.random.default_rng(seed)
    for kind in (np.flatnonzero(truth), np.flatnonzero(~truth)):
        chosen[rng.permutation(kind)[: len(kind) // 2]] = True
    return chosen


def _best_threshold(truth: NDArray[np.bool_], distances: NDArray[np.float64]) -> float:
    """Give the distance with the best F1; of several, the shortest."""
    from sklearn.metrics import precision_recall_curve

    precisions, recalls, closeness = precision_recall_curve(truth, -distances)
    f1 = 2 * precisions * recalls / np.maximum(precisions + recalls, np.finfo(float).tiny)
    return float(-closeness[np.flatnonzero(f1[:-1] == f1[:-1].max())[-1]])


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
