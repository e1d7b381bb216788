"""How well probabilities say what photos show: the log loss, how often the truth is among the first, and F1."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.evaluation.intervals import Estimate, bootstrap, wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.intp]

LEAST = 1e-7  # of a probability: 32 bits hold no smaller part of 1
NAMES = ("log-loss", "top-1", "top-3", "macro-f1")


class LabelFigures(NamedTuple):
    """Figures of N photos, each with its 95 % interval: of log loss and macro F1 by a bootstrap over photos."""

    photos: int
    classes: int  # of those photos
    log_loss: Estimate
    top_1: Estimate
    top_3: Estimate
    macro_f1: Estimate

    def to_row(self) -> dict[str, float | int | None]:
        """Name figures and the ends of their intervals; None where there are none."""
        row: dict[str, float | int | None] = {"photos": self.photos, "classes": self.classes}
        for name in NAMES:
            estimate: Estimate = getattr(self, name.replace("-", "_"))
            ends = {"": estimate.value, "_low": estimate.low, "_high": estimate.high}
            row |= {name + end: None if np.isnan(value) else round(value, 4) for end, value in ends.items()}
        return row


def judge_labels(probabilities: NDArray[np.floating], truth: Codes, *, seed: int = 0) -> LabelFigures:
    """Judge probabilities (N, C) by the classes that photos are of, (N,)."""
    ranks = rank_truth(probabilities, truth)
    return LabelFigures(
        len(truth),
        len(np.unique(truth)),
        bootstrap(surprises(probabilities, truth), seed=seed),
        wilson(int((ranks < 1).sum()), len(truth)),
        wilson(int((ranks < 3).sum()), len(truth)),
        estimate_f1(truth, first_of(probabilities), seed=seed),
    )


def name_figures(probabilities: NDArray[np.floating], truth: Codes) -> dict[str, float]:
    """Give the same figures by their names, without intervals; NaN of no photos."""
    if not len(truth):
        return dict.fromkeys(NAMES, float("nan"))
    ranks = rank_truth(probabilities, truth)
    pairs = _right_and_wrong(truth, first_of(probabilities))
    f1 = float(_mean_f1(pairs, np.ones((1, len(truth))))[0])
    values = (float(surprises(probabilities, truth).mean()), float((ranks < 1).mean()), float((ranks < 3).mean()), f1)
    return dict(zip(NAMES, values, strict=True))


def first_of(probabilities: NDArray[np.floating]) -> Codes:
    """Give the most probable class of each photo (N,), the earlier of two as probable."""
    first: Codes = probabilities.argmax(axis=1)
    return first


def rank_truth(probabilities: NDArray[np.floating], truth: Codes) -> Codes:
    """Tell before how many classes that are no photo's own each of N photos has its own: 0 is right at once.

    Examples
    --------
    >>> rank_truth(np.array([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2]]), np.array([2, 1])).tolist()
    [2, 1]
    """
    own = np.take_along_axis(probabilities, truth[:, None], axis=1)
    earlier = np.arange(probabilities.shape[1]) < truth[:, None]
    ranks: Codes = ((probabilities > own) | ((probabilities == own) & earlier)).sum(axis=1)
    return ranks


def surprises(probabilities: NDArray[np.floating], truth: Codes) -> NDArray[np.float64]:
    """Give the logarithm, negated, of the probability that each photo's own class had, (N,)."""
    own = np.take_along_axis(probabilities, truth[:, None], axis=1)[:, 0].astype(np.float64)
    surprise: NDArray[np.float64] = -np.log(np.clip(own, LEAST, 1))
    return surprise


def estimate_f1(truth: Codes, said: Codes, *, seed: int) -> Estimate:
    """Estimate the mean over classes of F1: of those that photos are of, and those that were said of any."""
    return bootstrap(_right_and_wrong(truth, said), _mean_f1, seed=seed)


def _right_and_wrong(truth: Codes, said: Codes) -> NDArray[np.float64]:
    """Mark for each photo and class, (N, K, 2), what is twice right, and which of the two, truth and said, are it."""
    classes = np.union1d(truth, said)
    is_true, is_said = (codes[:, None] == classes for codes in (truth, said))
    return np.stack([2 * (is_true & is_said), is_true.astype(int) + is_said], axis=2).astype(np.float64)


def _mean_f1(pairs: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the mean F1 of resamples (B, N), over the classes that are true or said of any photo in each."""
    right, either = (np.tensordot(counts, pairs[:, :, place], 1) for place in (0, 1))
    scores: NDArray[np.float64] = np.where(either > 0, right / np.maximum(either, 1), np.nan)
    known = ~np.isnan(scores)
    means: NDArray[np.float64] = np.where(known, scores, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return means
