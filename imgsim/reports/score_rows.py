"""Judgements by scores as rows, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgsim.evaluation.intervals import Estimate
from imgsim.evaluation.verdicts import compare_with_best
from imgsim.reports.judgement_rows import figures_of, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.evaluation.score_judge import ScoreJudgement

TITLES = {"spearman": "Spearman", "mae": "error", "mae_baseline": "error of the mean", "difference": "difference"}
FIGURE = "mae"  # that candidates are compared by


def score_objects(judgements: Sequence[ScoreJudgement], *, seed: int) -> list[dict[str, Any]]:
    """Write judgements for programs, each compared with the one of the least error."""
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


def _times(estimate: Estimate, unit: float) -> Estimate:
    """Bring an estimate back to the scores' unit; infinite where that is more than a float holds."""
    return Estimate(*(float(value) * unit for value in (estimate.value, estimate.low, estimate.high)))
