"""Judgements as rows, by classes or by scores: every figure beside its interval, for programs and for people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from imgsim.evaluation.comparison import Verdict, compare_with_best
from imgsim.evaluation.intervals import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from imgsim.evaluation.judge import Judgement
    from imgsim.evaluation.scores import ScoreJudgement
    from imgsim.evaluation.triplet_decisions import TripletJudgement

TITLES = {
    "recall@1": "recall@1",
    "recall@5": "recall@5",
    "map": "mAP",
    "map@r": "mAP@R",
    "loocv_accuracy": "accuracy",
    "loocv_macro_f1": "macro F1",
    "pair_roc_auc": "pair AUC",
}
SCORE_TITLES = {"spearman": "Spearman", "mae": "error", "mae_baseline": "error of the mean", "difference": "difference"}
TRIPLET_TITLES = {"accuracy": "accuracy", "f1_of_true": "F1 of true ones", "above_chance": "above chance"}
TRIPLET_FIGURE = "accuracy"
SCORE_FIGURE = "mae"  # that candidates are compared by
DIGITS = 6
LONG = 1e9  # numbers for people are written with an exponent from here on


def to_objects(judgements: Sequence[Judgement], verdicts: Sequence[Verdict], by: str) -> list[dict[str, Any]]:
    """Write judgements for programs."""
    return [_object(judgement, verdict, by) for judgement, verdict in zip(judgements, verdicts, strict=True)]


def _object(judgement: Judgement, verdict: Verdict, by: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "extractor": judgement.candidate.name,
        "metric": judgement.metric,
        "n": len(judgement.queries),
        **figures_of(judgement.figures),
        **judgement.counts,
        "specs": list(judgement.specs),
    }
    if judgement.classification is not None:
        row["loocv_procedure"] = judgement.classification.procedure
    if judgement.pairs is not None:
        both = judgement.pairs.positives + judgement.pairs.negatives
        row |= {"pairs": both, "pair_threshold": number(judgement.pairs.threshold)}
    return row | {
        "compared_by": by,
        "verdict": verdict.word,
        "difference": number(verdict.difference),
        "p_value": number(verdict.p_value),
    }


def figures_of(figures: Mapping[str, Estimate]) -> dict[str, Any]:
    """Write figures for programs."""
    written: dict[str, Any] = {}
    for name, estimate in figures.items():
        written |= {name: number(estimate.value), f"{name}_ci": [number(estimate.low), number(estimate.high)]}
    return written


def to_flat(objects: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give every interval two columns of its own, as CSV needs it."""
    return [dict(_flat(row)) for row in objects]


def _flat(row: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in row.items():
        if name.endswith("_ci"):
            yield from ((name.removesuffix("ci") + end, one) for end, one in zip(("low", "high"), value, strict=True))
        else:
            yield name, " ".join(value) if isinstance(value, list) else value


class Style(NamedTuple):
    """How a table for people writes an interval, if it does, and what stands between the things of one cell."""

    between: str = " "
    interval: Literal["ends", "reach", "none"] = "ends"


IN_A_LINE, IN_TWO_LINES = Style(), Style("\n")
NARROW, BARE = Style("\n", "reach"), Style("\n", "none")  # for terminals that have no room for more


def to_cells(
    objects: Sequence[Mapping[str, Any]], titles: Mapping[str, str], style: Style = IN_A_LINE
) -> list[list[str]]:
    """Write rows for people: a figure and its interval in one cell."""
    shown = [name for name in titles if any(name in row for row in objects)]
    lines = [["extractor", "metric", "n", *(titles[name] for name in shown), "compared"]]
    for row in objects:
        figures = [_cell(row, name, style) for name in shown]
        lines.append([row["extractor"], row["metric"], str(row["n"]), *figures, _verdict(row, style.between)])
    return lines


def _cell(row: Mapping[str, Any], name: str, style: Style) -> str:
    value, (low, high) = row.get(name), row.get(f"{name}_ci", (None, None))
    if value is None:
        return "-"
    if style.interval == "none" or low is None or high is None:
        return _digits(value, 3)
    if style.interval == "reach":
        return f"{_digits(value, 2)} ±{_digits(max(high - value, value - low), 2).removeprefix('0')}"
    return f"{_digits(value, 3)}{style.between}{_digits(low, 2)}..{_digits(high, 2)}"


def _digits(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if abs(value) < LONG else f"{value:.{digits}e}"


def _verdict(row: Mapping[str, Any], between: str) -> str:
    p_value = row["best_p_value" if "best_p_value" in row else "p_value"]  # scores have one against the mean, too
    if p_value is None:
        return str(row["verdict"])
    return str(row["verdict"]) + between + ("p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}")


def number(value: float | None) -> float | None:
    """Write a number for programs, none where it is not finite."""
    return None if value is None or not math.isfinite(value) else round(float(value), DIGITS)


def to_notes(objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say what stands behind judgements and is seen in no figure of the table."""
    notes = _noted(objects, "alone", "{} photos are alone in their class: they ask nothing, but may be found")
    notes += _noted(objects, "left_out", "{} photos have no label or no features, or are copies, and take no part")
    notes += _noted(objects, "partnerless", "{} photos lack one of a near or one of a far score, and are no anchors")
    folds = "accuracy and macro F1 are by {}, stratified, since leaving one out would take too long"
    return notes + _noted(objects, "loocv_procedure", folds, usual="leave-one-out")


def _noted(objects: Sequence[Mapping[str, Any]], name: str, text: str, usual: object = 0) -> list[str]:
    rows: dict[object, dict[str, None]] = {}
    for row in objects:
        rows.setdefault(row.get(name, usual), {})[row["extractor"]] = None
    of_whom = (f" ({', '.join(extractors)})" if len(rows) > 1 else "" for extractors in rows.values())
    return [text.format(value) + names for value, names in zip(rows, of_whom, strict=True) if value != usual]


def score_objects(judgements: Sequence[ScoreJudgement], *, seed: int) -> list[dict[str, Any]]:
    """Write judgements for programs, each compared with the one of the least error."""
    best = min(range(len(judgements)), key=lambda place: judgements[place].agreement.error.value)
    outcomes = [(one.agreement.photos, one.agreement.errors) for one in judgements]
    verdicts = compare_with_best(best, outcomes, seed=seed)
    return [_score_object(judgement, verdict) for judgement, verdict in zip(judgements, verdicts, strict=True)]


def _score_object(judgement: ScoreJudgement, verdict: Verdict) -> dict[str, Any]:
    agreement, unit, against = judgement.agreement, judgement.unit, judgement.agreement.against_baseline
    figures = {"mae": agreement.error, "mae_baseline": agreement.baseline, "difference": against.difference}
    return {
        "extractor": judgement.candidate.name,
        "metric": judgement.metric,
        "n": len(agreement.photos),
        "k": agreement.k,
        **figures_of({"spearman": agreement.spearman} | {name: _times(one, unit) for name, one in figures.items()}),
        "p_value": number(against.p_value),
        "specs": list(judgement.specs),
        "compared_by": SCORE_FIGURE,
        "verdict": verdict.word,
        "best_difference": number(verdict.difference * unit),
        "best_p_value": number(verdict.p_value),
    }


def triplet_objects(judgements: Sequence[TripletJudgement], *, seed: int) -> list[dict[str, Any]]:
    """Write judgements for programs, each compared with the one that decides best."""
    best = max(range(len(judgements)), key=lambda place: judgements[place].decisions.accuracy.value)
    outcomes = [(one.decisions.photos, one.decisions.errors) for one in judgements]
    verdicts = compare_with_best(best, outcomes, seed=seed)
    return [_triplet_object(judgement, verdict) for judgement, verdict in zip(judgements, verdicts, strict=True)]


def _triplet_object(judgement: TripletJudgement, verdict: Verdict) -> dict[str, Any]:
    decisions, difference = judgement.decisions, judgement.decisions.against_chance.difference
    above = Estimate(0 - difference.value, 0 - difference.high, 0 - difference.low)  # and 0 stays 0, not -0
    figures = {"accuracy": decisions.accuracy, "f1_of_true": decisions.f1_of_true, "above_chance": above}
    return {
        "extractor": judgement.candidate.name,
        "metric": judgement.metric,
        "n": len(decisions.photos),
        "triplets": decisions.triplets,
        "partnerless": decisions.without,
        "within": number(decisions.widths.within),
        "beyond": number(decisions.widths.beyond),
        **figures_of(figures),
        "p_value": number(decisions.against_chance.p_value),
        "specs": list(judgement.specs),
        "compared_by": TRIPLET_FIGURE,
        "verdict": verdict.word,
        "best_difference": number(0 - verdict.difference),
        "best_p_value": number(verdict.p_value),
    }


def _times(estimate: Estimate, unit: float) -> Estimate:
    """Bring an estimate back to the scores' unit; infinite where that is more than a float holds."""
    return Estimate(*(float(value) * unit for value in (estimate.value, estimate.low, estimate.high)))
