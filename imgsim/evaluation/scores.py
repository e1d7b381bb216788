"""Extractors judged by scores instead of classes: whether photos that look alike have scores alike."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import EvaluationError
from imgsim.evaluation.comparison import Comparison, compare
from imgsim.evaluation.intervals import Estimate, bootstrap
from imgsim.search.neighbours import Neighbours, find_neighbours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.evaluation.candidates import Candidate, Choose

HUGE = 2.0**900  # sums and differences of larger scores may be more than a float holds


@dataclass(frozen=True)
class ScoreAgreement:
    """How well the neighbours' scores tell a photo's own.

    `photos` (n,), `errors` (n,).
    """

    k: int
    photos: NDArray[np.intp] = field(repr=False)
    errors: NDArray[np.float64] = field(repr=False)
    spearman: Estimate
    error: Estimate
    baseline: Estimate
    against_baseline: Comparison


@dataclass(frozen=True)
class ScoreJudgement:
    """What was found out about a candidate."""

    candidate: Candidate
    specs: tuple[str, ...]
    metric: str
    agreement: ScoreAgreement
    unit: float


def judge_scores(
    choose: Choose, scores: NDArray[np.float64], candidate: Candidate, k: int, *, seed: int
) -> ScoreJudgement:
    """Judge a candidate by how well a photo's neighbours tell its score.

    `scores` (photos,).
    """
    distance = choose(candidate.extractors, candidate.metric)
    neighbours, unit = find_neighbours(distance.terms(), k, wanted=np.isfinite(scores)), _unit(scores)
    agreement = score_agreement(scores / unit, neighbours, seed=seed)
    return ScoreJudgement(candidate, distance.specs, " + ".join(dict.fromkeys(distance.metrics)), agreement, unit)


def score_agreement(scores: NDArray[np.float64], neighbours: Neighbours, *, seed: int) -> ScoreAgreement:
    """Compare every photo's score with those of its nearest neighbours.

    Parameters
    ----------
    scores : ndarray of float64, shape (photos of the gallery,)
        Finite for all photos that have neighbours; others are not read.
    neighbours : Neighbours
        Found among the photos that have a score.
    seed : int
        Chooses resamples and permutations.

    Returns
    -------
    ScoreAgreement
        With bootstrap intervals.

    Raises
    ------
    EvaluationError
        If fewer than two photos have a score, one that takes part has none, or all others are neighbours of each.

    Notes
    -----
    All k neighbours count the same. The intervals resample photos and keep their neighbours.

    References
    ----------
    .. [1] Spearman, "The proof and measurement of association between two things", American Journal of Psychology 1904.
    """
    if len(neighbours.photos) < 2:
        raise EvaluationError("scores are compared between at least two photos")
    own = np.asarray(scores, np.float64)[neighbours.photos]
    if not np.isfinite(own).all():
        raise EvaluationError(f"{np.count_nonzero(~np.isfinite(own))} of {len(own)} scores are not finite numbers")
    k = neighbours.rows.shape[1]
    if k == len(own) - 1 > 1:  # the others' mean falls as a photo's own score rises: a correlation of -1
        raise EvaluationError(f"{len(own)} photos have a score, and {k} neighbours are all others: choose a smaller k")
    guesses = np.asarray(scores, np.float64)[neighbours.rows].mean(axis=1)
    mean_of_others = (own.sum() - own) / (len(own) - 1)
    errors, baseline = np.abs(guesses - own), np.abs(mean_of_others - own)
    return ScoreAgreement(
        k=k,
        photos=neighbours.photos,
        errors=errors,
        spearman=bootstrap(np.stack([own, guesses], axis=1), spearman, seed=seed),
        error=bootstrap(errors, seed=seed),
        baseline=bootstrap(baseline, seed=seed),
        against_baseline=compare(errors, baseline, seed=seed),
    )


def _unit(scores: NDArray[np.float64]) -> float:
    """Give what to divide huge scores by, which changes no digit of them; 1 for all others."""
    largest = float(np.abs(scores[np.isfinite(scores)]).max(initial=0))
    return 1.0 if largest < HUGE else math.ldexp(1.0, math.frexp(largest)[1] - 1)


def spearman(pairs: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate the ranks of two values in each resample.

    `pairs` (n, 2), `counts` (B, n); gives (B,).
    """
    first, second = (_centred_ranks(values, counts) for values in pairs.T)
    pairs_of_ranks = (first, second), (first, first), (second, second)
    together, one, other = (np.einsum("bn,bn,bn->b", counts, *both) for both in pairs_of_ranks)
    correlation = np.full(len(counts), np.nan)
    np.divide(together, np.sqrt(one * other), out=correlation, where=one * other > 0)
    return correlation


def _centred_ranks(values: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank values that come several times each, less the mean rank: shape (B, n)."""
    distinct, place = np.unique(values, return_inverse=True)
    order = np.argsort(place, kind="stable")
    firsts = np.searchsorted(place[order], np.arange(len(distinct)))
    together = np.add.reduceat(counts[:, order], firsts, axis=1)
    ranks = np.cumsum(together, axis=1) - (together - 1) / 2
    centred: NDArray[np.float64] = (ranks - (counts.sum(axis=1, keepdims=True) + 1) / 2)[:, place]
    return centred
