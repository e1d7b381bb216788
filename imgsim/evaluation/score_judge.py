"""Extractors judged by scores instead of classes: whether photos that look alike have scores alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgsim.evaluation.scores import score_agreement
from imgsim.index.distance import choose_distance, load_facets
from imgsim.search.neighbours import find_neighbours

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgsim.evaluation.candidates import Candidate
    from imgsim.evaluation.scores import ScoreAgreement
    from imgsim.index.store import Store

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


def _unit(scores: NDArray[np.float64]) -> float:
    """Give what to divide huge scores by, which changes no digit of them; 1 for all others."""
    largest = float(np.abs(scores[np.isfinite(scores)]).max(initial=0))
    return 1.0 if largest < HUGE else math.ldexp(1.0, math.frexp(largest)[1] - 1)
