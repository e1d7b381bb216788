"""Which extractor and metric suit a folder's photos best, within a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsim.evaluation.candidates import Candidate
from imgsim.features import load_extractor
from imgsim.recommend.footprints import Footprint, measure_footprints
from imgsim.recommend.halving import FIRST, halve
from imgsim.recommend.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imgsim.core import ExtractorSpec
    from imgsim.evaluation.judge import Judgement
    from imgsim.recommend.trials import Trial

SMALLEST = 16  # photos of the first round, however short the time: two each of 8 classes
OPENING = 0.25  # of the time, which measuring for the first round may take
PROBING = 0.1  # of the time, which footprints may take


@dataclass(frozen=True)
class Recommendation:
    """A candidate, how it was judged, and what it costs."""

    judgement: Judgement
    photos: int
    footprint: Footprint


def recommend(trial: Trial, extractors: Sequence[str], *, end: float, jobs: int) -> list[Recommendation]:
    """Rank extractors, each with its best metric, and at the end the two best fused."""
    clock = trial.clock
    footprints, decoding = measure_footprints(
        trial.folder, trial.paths, extractors, seconds=PROBING * (end - clock()), limits=trial.limits, clock=clock
    )
    pace = Pace({text: one.seconds for text, one in footprints.items()}, decoding, jobs)
    trial.pace, trial.end = pace, end
    standings = halve(
        extractors,
        trial.judge,
        len(trial.paths),
        end=end,
        cost=pace.foresee,
        after=pace.foresee_end,
        first=_first_round(pace, extractors, end - clock()),
        clock=clock,
    )
    ranked = [
        Recommendation(trial.judgements[one.contestant], one.photos, footprints[one.contestant]) for one in standings
    ]
    if len(standings) > 1 and standings[1].photos == standings[0].photos and clock() < end:
        ranked.append(_fused(trial, ranked[0], ranked[1]))
    return sorted(ranked, key=lambda one: (-one.photos, -one.judgement.figures[trial.by].value))


def distinct(extractors: Iterable[str]) -> list[str]:
    """Leave out extractors that are the same as an earlier one, however they are written.

    Examples
    --------
    >>> distinct(["hog", "histogram", "histogram:space=rgb", "hog"])
    ['hog', 'histogram']
    """
    by_spec: dict[ExtractorSpec, str] = {}
    for text in extractors:
        by_spec.setdefault(load_extractor(text).spec, text)
    return list(by_spec.values())


def _first_round(pace: Pace, extractors: Sequence[str], seconds: float) -> int:
    """Count the photos of the first round: fewer than usual where measuring them would take much of the time."""
    affordable = FIRST * OPENING * seconds / max(pace.foresee_measuring(extractors, FIRST), 1e-9)
    return int(min(FIRST, max(SMALLEST, affordable)))


def _fused(trial: Trial, first: Recommendation, second: Recommendation) -> Recommendation:
    """Judge the two best together, in equal shares: by the metric that both won with, or each by its own.

    A candidate has one metric for all its extractors or none, and so has an index's default.
    """
    candidates = first.judgement.candidate, second.judgement.candidate
    metric = candidates[0].metric if candidates[0].metric == candidates[1].metric else None
    candidate = Candidate(candidates[0].extractors + candidates[1].extractors, metric)
    together = Footprint(
        first.footprint.seconds + second.footprint.seconds, first.footprint.bytes + second.footprint.bytes
    )
    return Recommendation(trial.judge_one(candidate), first.photos, together)
