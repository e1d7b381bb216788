"""Extractors judged by scores instead of classes: whether photos that look alike have scores alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.evaluation.intervals import Estimate
from imgsim.evaluation.neighbours import find_neighbours
from imgsim.evaluation.scores import score_agreement
from imgsim.evaluation.tables import figures_of, number
from imgsim.evaluation.verdicts import compare_with_best
from imgsim.index.choosing import choose_distance, load_facets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from imgsim.evaluation.candidates import Candidate
    from imgsim.evaluation.scores import ScoreAgreement
    from imgsim.index.store import Store

TITLES = {"spearman": "Spearman", "mae": "error", "mae_baseline": "error of the mean", "difference": "difference"}
FIGURE = "mae"  # that candidates are compared by
HUGE = 2.0**900  # sums and differences of larger scores may be more than a float holds


@dataclass(frozen=True)
class ScoreJudgement:
    """What was found out about a candidate.

    Parameters
    ----------
    candidate : Candidate
        Judged.
    specs : tuple of str
        Its extractors, every parameter written out.
    metric : str
        Its distance; several where fused extractors have each its own.
    agreement : ScoreAgreement
        Of the scores divided by `unit`.
    unit : float
        A power of two; 1 unless scores are huge.
    """

    candidate: Candidate
    specs: tuple[str, ...]
    metric: str
    agreement: ScoreAgreement
    unit: float


def judge_scores(
    directory: str,
    store: Store,
    scores: NDArray[np.float64],
    candidate: Candidate,
    k: int,
    *,
    seed: int,
    advanced: Callable[[int], None] = lambda _: None,
) -> ScoreJudgement:
    """Judge a candidate by how well a photo's neighbours tell its score.

    Parameters
    ----------
    directory : str
        The index's own folder.
    store : Store
        The index, within a snapshot.
    scores : ndarray of float64, shape (photos,)
        By path; NaN for none.
    candidate : Candidate
        Whose extractors are in the index.
    k : int
        Neighbours.
    seed : int
        Of all that is drawn.
    advanced : callable, optional
        Hears how many more photos have asked.

    Returns
    -------
    ScoreJudgement
        All there is to say.

    Raises
    ------
    EvaluationError
        If fewer than two photos have a score.
    MetricDomainError
        If the features do not suit the metric.
    """
    distance = choose_distance(store, candidate.extractors, candidate.metric)
    facets = load_facets(directory, store, distance)
    scored, unit = np.isfinite(scores), _unit(scores)
    agreement = score_agreement(scores / unit, find_neighbours(facets, k, wanted=scored, advanced=advanced), seed=seed)
    specs = tuple(str(one.stored.spec) for one in distance.extractors)
    return ScoreJudgement(candidate, specs, " + ".join(dict.fromkeys(distance.metrics)), agreement, unit)


def score_objects(judgements: Sequence[ScoreJudgement], *, seed: int) -> list[dict[str, Any]]:
    """Write judgements for programs, each compared with the one of the least error.

    Parameters
    ----------
    judgements : sequence of ScoreJudgement
        At least one, all by the same scores.
    seed : int
        Chooses resamples and permutations.

    Returns
    -------
    list of dict
        What JSON can hold: ``extractor``, ``metric``, ``n``, ``k``, ``spearman``, ``mae``, ``mae_baseline`` and their
        ``difference``, each with its ``_ci`` pair, the ``p_value`` of the difference, and the ``verdict`` with
        ``best_difference`` and ``best_p_value``.
    """
    best = min(range(len(judgements)), key=lambda place: judgements[place].agreement.error.value)
    outcomes = [(one.agreement.photos, one.agreement.errors) for one in judgements]
    rows = []
    for judgement, verdict in zip(judgements, compare_with_best(best, outcomes, seed=seed), strict=True):
        rows.append(
            _object(judgement)
            | {
                "compared_by": FIGURE,
                "verdict": verdict.word,
                "best_difference": number(verdict.difference * judgement.unit),
                "best_p_value": None if verdict.p_value is None else number(verdict.p_value),
            }
        )
    return rows


def _object(judgement: ScoreJudgement) -> dict[str, Any]:
    agreement, unit = judgement.agreement, judgement.unit
    against = agreement.against_baseline
    figures = {
        "mae": agreement.error,
        "mae_baseline": agreement.baseline,
        "difference": Estimate(against.difference, against.low, against.high),
    }
    return {
        "extractor": judgement.candidate.name,
        "metric": judgement.metric,
        "n": agreement.n,
        "k": agreement.k,
        **figures_of({"spearman": agreement.spearman} | {name: _times(one, unit) for name, one in figures.items()}),
        "p_value": number(against.p_value),
        "specs": list(judgement.specs),
    }


def _unit(scores: NDArray[np.float64]) -> float:
    """Give what to divide huge scores by, which changes no digit of them; 1 for all others."""
    largest = float(np.abs(scores[np.isfinite(scores)]).max(initial=0))
    return 1.0 if largest < HUGE else math.ldexp(1.0, math.frexp(largest)[1] - 1)


def _times(estimate: Estimate, unit: float) -> Estimate:
    """Bring an estimate back to the scores' unit; infinite where that is more than a float holds."""
    return Estimate(*(float(value) * unit for value in (estimate.value, estimate.low, estimate.high)))
