"""Extractors judged by scores instead of classes: whether photos that look alike have scores alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgsim.evaluation.scores import ScoreAgreement, score_agreement
from imgsim.search.neighbours import find_neighbours

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgsim.evaluation.candidates import Candidate, Choose

HUGE = 2.0**900  # sums and differences of larger scores may be more than a float holds


@dataclass(frozen=True)
class ScoreJudgement:
    """What was found out about a candidate."""

    candidate: Candidate
    specs: tuple[str, ...]
    metric: str
    agreement: ScoreAgreement
    unit: float


def judge_scores(
    choose: Choose,
    scores: NDArray[np.float64],
    candidate: Candidate,
    k: int,
    *,
    seed: int,
    advanced: Callable[[int], None] = lambda _: None,
) -> ScoreJudgement:
    """Judge a candidate by how well a photo's neighbours tell its score.

    `scores` (photos,).
    """
    distance = choose(candidate.extractors, candidate.metric)
    scored, unit = np.isfinite(scores), _unit(scores)
    agreement = score_agreement(
        scores / unit, find_neighbours(distance.terms(), k, wanted=scored, advanced=advanced), seed=seed
    )
    return ScoreJudgement(candidate, distance.specs, " + ".join(dict.fromkeys(distance.metrics)), agreement, unit)


def _unit(scores: NDArray[np.float64]) -> float:
    """Give what to divide huge scores by, which changes no digit of them; 1 for all others."""
    largest = float(np.abs(scores[np.isfinite(scores)]).max(initial=0))
    return 1.0 if largest < HUGE else math.ldexp(1.0, math.frexp(largest)[1] - 1)
