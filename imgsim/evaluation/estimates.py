"""Figures with 95 % intervals, from what was observed photo by photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.evaluation.intervals import CONFIDENCE, NORMAL_QUANTILE, RESAMPLES, Estimate, bootstrap, wilson
from imgsim.evaluation.macro_f1 import estimate_macro_f1

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.evaluation.classification import Classification
    from imgsim.evaluation.pairs import PairScores

PAIR_FIGURES = ("pair_precision", "pair_recall", "pair_f1", "pair_accuracy", "pair_roc_auc")


def estimate_outcomes(values: NDArray[np.float64], seed: int) -> Estimate:
    """Average what queries came to.

    `values` (M,).
    """
    if np.isin(values, (0, 1)).all():
        return wilson(int(values.sum()), len(values))
    return bootstrap(values, seed=seed)


def estimate_classification(classification: Classification) -> dict[str, Estimate]:
    """Sum up predictions."""
    judged = classification.judged
    return {
        "loocv_accuracy": wilson(int(classification.correct.sum()), int(judged.sum())),
        "loocv_macro_f1": estimate_macro_f1(classification.truth[judged], classification.predicted[judged]),
    }


def estimate_pairs(pairs: PairScores, seed: int) -> dict[str, Estimate]:
    """Sum up what a threshold says of pairs that had no say in it.

    Parameters
    ----------
    pairs : PairScores
        As judged.
    seed : int
        Chooses resamples.

    Returns
    -------
    dict of str to Estimate
        ``pair_precision``, ``pair_recall`` and ``pair_accuracy`` with Wilson's interval; ``pair_f1`` with the
        bootstrap's over pairs; ``pair_roc_auc`` with that of Hanley and McNeil.

    Notes
    -----
    Pairs share photos, so that these intervals are too narrow.

    References
    ----------
    J. Hanley, B. McNeil, "The Meaning and Use of the Area under a Receiver Operating Characteristic (ROC) Curve",
    Radiology 143, 1982, equation 2.
    """
    held = pairs.held_out
    hits, wrong = held.true_positives, held.false_positives + held.false_negatives
    return {
        "pair_precision": wilson(hits, hits + held.false_positives),
        "pair_recall": wilson(hits, hits + held.false_negatives),
        "pair_f1": _f1(hits, wrong, held.true_negatives, seed),
        "pair_accuracy": wilson(hits + held.true_negatives, hits + held.true_negatives + wrong),
        "pair_roc_auc": _area(pairs.roc_auc, pairs.positives, pairs.negatives),
    }


def _f1(hits: int, wrong: int, rejected: int, seed: int) -> Estimate:
    """Draw the kinds of pairs again, in numbers that follow a multinomial distribution."""
    kinds = np.array([hits, wrong, rejected])
    drawn = np.random.default_rng(seed).multinomial(kinds.sum(), kinds / kinds.sum(), RESAMPLES)
    values = 2 * drawn[:, 0] / np.maximum(1, 2 * drawn[:, 0] + drawn[:, 1])
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(2 * hits / max(1, 2 * hits + wrong), float(low), float(high))


def _area(area: float, positives: int, negatives: int) -> Estimate:
    both = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (positives - 1) * (both[0] - area**2) + (negatives - 1) * (both[1] - area**2)
    reach = NORMAL_QUANTILE * np.sqrt(max(0.0, variance) / (positives * negatives))
    return Estimate(area, float(max(0.0, area - reach)), float(min(1.0, area + reach)))
