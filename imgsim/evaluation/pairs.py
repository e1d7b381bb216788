"""Pairs of photos, as many of one class as of different ones, judged by a threshold of their distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import EvaluationError, ImgsimError
from imgsim.search.ranking import Term, distances_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Indices = NDArray[np.intp]

MOST_PAIRS = 100_000
FEW_PAIRS = 10  # from which on it is said that they are equally far apart
NEARLY, AS_GOOD_AS, NEARLY_ALL = 0.01, 1e-9, 0.95  # of the median; in any unit; of the pairs


class TooFewPairsError(EvaluationError):
    """Pairs that show nothing, since there are too few of a kind."""


@dataclass(frozen=True)
class PairCounts:
    """Pairs by what they are and what a threshold says."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int


@dataclass(frozen=True)
class PairScores:
    """How well a distance tells pairs of the same class from pairs of different ones.

    `precisions`, `recalls` (T,), of thresholds from the widest to the narrowest.
    """

    positives: int
    negatives: int
    threshold: float
    held_out: PairCounts
    roc_auc: float
    precisions: NDArray[np.float64]
    recalls: NDArray[np.float64]


def count_pairs(same: ArrayLike, distances: ArrayLike, threshold: float) -> PairCounts:
    """Compare what pairs are with what a threshold says.

    `same` (P,), `distances` (P,).

    Examples
    --------
    >>> count_pairs([True, True, False], [0.1, 0.9, 0.5], 0.5)
    PairCounts(true_positives=1, false_positives=1, false_negatives=1, true_negatives=0)
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
        The threshold is chosen on one half and judged on the other; area and curve are of all pairs.

    Raises
    ------
    TooFewPairsError
        If there are not at least two pairs of either kind: a system judged by pairs of the same class only has
        precision 1 whatever it answers.

    Notes
    -----
    A photo is in several pairs, on both sides of the split: the held-out counts are fair to the threshold, but pairs
    that share a photo are not independent, and an interval that takes them to be is too narrow. ROC-AUC and
    the curve are scikit-learn's, of the negative distance.

    References
    ----------
    T. Saito, M. Rehmsmeier, "The Precision-Recall Plot Is More Informative than the ROC Plot When Evaluating Binary
    Classifiers on Imbalanced Datasets", PLoS ONE 10(3), 2015: what the share of positives does to each.
    """
    from sklearn.metrics import precision_recall_curve, roc_auc_score

    truth, measured = np.asarray(same, bool), np.asarray(distances, np.float64)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if min(positives, negatives) < 2:
        raise TooFewPairsError(
            f"{positives} pairs of the same class and {negatives} of different ones show nothing, since precision is 1 "
            "without the latter and recall 1 without the former: give two of each or more"
        )
    chosen = _half(truth, seed)
    threshold = _best_threshold(truth[chosen], measured[chosen])
    precisions, recalls, _ = precision_recall_curve(truth, -measured)
    return PairScores(
        positives,
        negatives,
        threshold,
        count_pairs(truth[~chosen], measured[~chosen], threshold),
        float(roc_auc_score(truth, -measured)),
        precisions[:-1],  # the last point is a convention without a threshold
        recalls[:-1],
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


@dataclass(frozen=True)
class Pairs:
    """Pairs of photos, by their places.

    `first`, `second` (P,), `same` (P,).
    """

    first: Indices
    second: Indices
    same: NDArray[np.bool_]


def sample_pairs(labels: ArrayLike, *, seed: int, most: int = MOST_PAIRS) -> Pairs:
    """Draw pairs without replacement, half of them of the same class.

    `labels` (N,).
    """
    codes = np.unique(np.asarray(labels), return_inverse=True)[1]
    order, sizes = np.argsort(codes, kind="stable"), np.bincount(codes)
    starts = np.cumsum(sizes) - sizes
    alike, unlike = sizes * (sizes - 1) // 2, sizes * starts  # pairs within a class, and of it with those before
    if len(sizes) < 2:
        raise ImgsimError("pairs need two classes: give photos of another one, or other labels")
    if not alike.any():
        raise ImgsimError("pairs need a class with two photos: no two photos have the same label")
    rng = np.random.default_rng(seed)
    count = min(max(most // 2, 1), alike.sum(), unlike.sum())
    where, rest = _draw(alike, count, rng)
    later = ((1 + np.sqrt(1 + 8 * rest.astype(np.float64))) / 2).astype(np.intp)  # pair number b (b - 1) / 2 + a, a < b
    later -= later * (later - 1) // 2 > rest
    same = starts[where] + later, starts[where] + rest - later * (later - 1) // 2
    where, rest = _draw(unlike, count, rng)
    different = starts[where] + rest // np.maximum(starts[where], 1), rest % np.maximum(starts[where], 1)
    first, second = (order[np.concatenate(both)] for both in zip(same, different, strict=True))
    return Pairs(first, second, np.arange(2 * count) < count)


def _draw(numbers: Indices, count: int, rng: np.random.Generator) -> tuple[Indices, Indices]:
    """Draw from classes that have these numbers of pairs: the class of each drawn pair, and its number there."""
    ends = np.cumsum(numbers)
    drawn = np.sort(rng.choice(ends[-1], count, replace=False, shuffle=False))
    where = np.searchsorted(ends, drawn, side="right")
    return where, drawn - (ends - numbers)[where]


def pair_distances(terms: Sequence[Term], first: Indices, second: Indices) -> NDArray[np.float64]:
    """Measure the distance of each pair, as a query by its first photo would.

    `first`, `second` (P,); gives (P,).
    """
    distances = np.empty(len(first))
    order = np.argsort(first, kind="stable")
    for places in np.split(order, np.flatnonzero(np.diff(first[order])) + 1) if len(first) else []:
        views = [term.gallery.rows[first[places[:1]]] for term in terms]
        distances[places] = distances_to(terms, views, second[places])
    return distances


def common_distance(distances: NDArray[np.float64]) -> float | None:
    """Give the distance that nearly all of some pairs (P,) have, to within a hundredth; None if there is none.

    Examples
    --------
    >>> common_distance(np.full(20, 0.5)), common_distance(np.linspace(0.4, 0.6, 20))
    (0.5, None)
    """
    if len(distances) < FEW_PAIRS:
        return None
    median = float(np.median(distances))
    alike = np.abs(distances - median) <= max(NEARLY * abs(median), AS_GOOD_AS)
    return median if alike.mean() >= NEARLY_ALL else None
