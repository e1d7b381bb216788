"""Which extractor and metric suit a folder's photos best, within a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsim.evaluation.candidates import Candidate
from imgsim.evaluation.halving import halve
from imgsim.evaluation.trials import Footprint, Trial, measure_footprints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.evaluation.judging import Judgement


@dataclass(frozen=True)
class Recommendation:
    """A candidate, how it was judged, and what it costs.

    Parameters
    ----------
    judgement : Judgement
        Of retrieval.
    photos : int
        How many took part; those who were given up early were judged on fewer.
    footprint : Footprint
        Of all its extractors together.
    """

    judgement: Judgement
    photos: int
    footprint: Footprint


def recommend(
    trial: Trial, folder: str, paths: Sequence[str], extractors: Sequence[str], *, by: str, seconds: float, jobs: int
) -> list[Recommendation]:
    """Rank extractors, each with its best metric, and at the end the two best fused.

    Parameters
    ----------
    trial : Trial
        On these photos.
    folder : str
        The photos.
    paths : sequence of str
        Labelled photos, relative to the folder, in the order in which they join in.
    extractors : sequence of str
        At least one.
    by : str
        The figure that decides.
    seconds : float
        Time for all of it; the first round is held whatever it takes.
    jobs : int
        Processes that share the work.

    Returns
    -------
    list of Recommendation
        The best first: those judged on most photos, by figure.
    """
    footprints = measure_footprints(folder, paths, extractors)
    standings = halve(
        extractors, trial.judge, len(paths), seconds=seconds, cost=lambda text: footprints[text].seconds / jobs
    )
    ranked = [
        Recommendation(trial.judgements[one.contestant], one.photos, footprints[one.contestant]) for one in standings
    ]
    if len(standings) > 1 and standings[1].photos == standings[0].photos:
        ranked.append(_fused(trial, ranked[0], ranked[1]))
    return sorted(ranked, key=lambda one: (-one.photos, -one.judgement.figures[by].value))


def _fused(trial: Trial, first: Recommendation, second: Recommendation) -> Recommendation:
    """Judge the two best together, in equal shares, each by its own metric."""
    candidate = Candidate(first.judgement.candidate.extractors + second.judgement.candidate.extractors)
    together = Footprint(
        first.footprint.seconds + second.footprint.seconds, first.footprint.bytes + second.footprint.bytes
    )
    return Recommendation(trial.judge_one(candidate), first.photos, together)
