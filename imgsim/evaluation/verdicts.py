"""Which differences between candidates are real: each is compared with the best, on the same queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import EvaluationError
from imgsim.evaluation.comparison import compare, holm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.evaluation.judge import Judgement

    Outcomes = tuple[NDArray[np.intp], NDArray[np.float64]]

LEVEL = 0.05


class Verdict(NamedTuple):
    """How a candidate stands to the best."""

    word: str
    difference: float
    p_value: float | None


def give_verdicts(judgements: Sequence[Judgement], figure: str, *, seed: int) -> list[Verdict]:
    """Compare all candidates with the one whose figure is highest."""
    if any(figure not in judgement.figures for judgement in judgements):
        raise EvaluationError(f"no {figure} to compare by: choose another figure, such as recall@1")
    best = max(range(len(judgements)), key=lambda place: judgements[place].figures[figure].value)
    return compare_with_best(best, [(one.queries, one.outcomes[figure]) for one in judgements], seed=seed)


def compare_with_best(best: int, outcomes: Sequence[Outcomes], *, seed: int) -> list[Verdict]:
    """Compare all candidates with the best one, whichever end of the figure is the better.

    `outcomes` (M,).
    """
    others = [place for place in range(len(outcomes)) if place != best]
    comparisons = [compare(*_paired(outcomes[place], outcomes[best]), seed=seed) for place in others]
    adjusted = holm(np.array([comparison.p_value for comparison in comparisons]))
    verdicts = {best: Verdict("best", 0.0, None)}
    for place, comparison, p_value in zip(others, comparisons, adjusted.tolist(), strict=True):
        word = "worse" if p_value < LEVEL else "not told apart"
        verdicts[place] = Verdict(word, comparison.difference, p_value)
    return [verdicts[place] for place in range(len(outcomes))]


def _paired(one: Outcomes, other: Outcomes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give both candidates' figure for the queries that have it from both."""
    _, first, second = np.intersect1d(one[0], other[0], assume_unique=True, return_indices=True)
    mine, theirs = one[1][first], other[1][second]
    both = ~(np.isnan(mine) | np.isnan(theirs))
    return mine[both], theirs[both]
