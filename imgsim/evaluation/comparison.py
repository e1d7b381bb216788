"""Whether one method is better than another on the same queries, or only luckier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import EvaluationError
from imgsim.evaluation.intervals import Estimate, bootstrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from imgsim.evaluation.judge import Judgement

    Outcomes = tuple[NDArray[np.intp], NDArray[np.float64]]

PERMUTATIONS = 9999
CHUNK_VALUES = 1 << 22  # 32 MB of signs at a time
SAME = 1e-12  # relative: two sums this close differ by rounding alone


@dataclass(frozen=True)
class Comparison:
    """Two methods on the same queries: the first less the second."""

    difference: Estimate
    p_value: float


def compare(first: NDArray[np.float64], second: NDArray[np.float64], *, seed: int) -> Comparison:
    """Compare two methods by a figure that each query has from both.

    `first`, `second` (n,).
    """
    differences = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    if np.isin(first, (0, 1)).all() and np.isin(second, (0, 1)).all():
        p_value = mcnemar(int((differences > 0).sum()), int((differences < 0).sum()))
    else:
        p_value = sign_flip(differences, seed=seed)
    return Comparison(bootstrap(differences, seed=seed), p_value)


def mcnemar(only_first: int, only_second: int) -> float:
    """Test whether two methods succeed equally often, by the queries where one succeeds and the other does not.

    Parameters
    ----------
    only_first, only_second : int
        Queries that only the first method answers rightly, and only the second.

    Returns
    -------
    float
        Two-sided p-value.

    Notes
    -----
    The exact test: under no difference each of those queries falls to either side with probability 1/2.

    References
    ----------
    .. [1] McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
       Psychometrika 1947.

    Examples
    --------
    >>> mcnemar(0, 5)
    0.0625
    """
    from scipy.special import bdtr

    either = only_first + only_second
    return min(1.0, 2 * float(bdtr(min(only_first, only_second), either, 0.5)))


def sign_flip(differences: NDArray[np.float64], *, seed: int, permutations: int = PERMUTATIONS) -> float:
    """Test whether paired differences have mean 0, by exchanging the two methods query by query at random.

    Parameters
    ----------
    differences : ndarray of float64, shape (n,)
        Of each query, first less second.
    seed : int
        Chooses the permutations.
    permutations : int, default 9999
        How many; where there are no more than that in all, each is taken once.

    Returns
    -------
    float
        Two-sided p-value: the share of permutations, the observed one among them, whose mean is as far from 0.

    Notes
    -----
    Under no difference, either method could as well have given either figure of a query, independently of all others.

    References
    ----------
    .. [1] Fisher, "The Design of Experiments", 1935, chapter 3.
    .. [2] Phipson and Smyth, "Permutation p-values should never be zero: calculating exact p-values when permutations
       are randomly drawn", Statistical Applications in Genetics and Molecular Biology 2010.

    Examples
    --------
    >>> sign_flip(np.array([1.0, 1.0, 2.0]), seed=0)
    0.25
    """
    values = differences[differences != 0]
    if not len(values):
        return 1.0
    total = values.sum()
    least = abs(total) * (1 - SAME)
    every = len(values) < 63 and 2 ** len(values) <= permutations
    flips = _every_flip(len(values)) if every else _random_flips(len(values), permutations, seed)
    extreme = sum(int((np.abs(total - 2 * (flipped @ values)) >= least).sum()) for flipped in flips)
    return extreme / 2 ** len(values) if every else (extreme + 1) / (permutations + 1)


def _every_flip(n: int) -> Iterator[NDArray[np.float64]]:
    """Give all subsets of n differences that may be flipped, as rows of 0 and 1."""
    yield (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(np.float64)


def _random_flips(n: int, permutations: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Draw subsets of n differences that are flipped, in chunks of rows of 0 and 1."""
    rng = np.random.default_rng(seed)
    step = max(1, CHUNK_VALUES // n)
    for start in range(0, permutations, step):
        drawn = rng.integers(256, size=(min(step, permutations - start), -(-n // 8)), dtype=np.uint8)
        yield np.unpackbits(drawn, axis=1, count=n).astype(np.float64)


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjust p-values for being many: below a level they are wrong altogether with at most that probability.

    Parameters
    ----------
    p_values : ndarray of float64, shape (m,)
        Of all comparisons that are made.

    Returns
    -------
    ndarray of float64, shape (m,)
        Adjusted, at most 1, in the same order.

    References
    ----------
    .. [1] Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 1979.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values)
    scaled = np.asarray(p_values, np.float64)[order] * np.arange(len(order), 0, -1)
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(scaled))
    return adjusted


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
        verdicts[place] = Verdict(word, comparison.difference.value, p_value)
    return [verdicts[place] for place in range(len(outcomes))]


def _paired(one: Outcomes, other: Outcomes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give both candidates' figure for the queries that have it from both."""
    _, first, second = np.intersect1d(one[0], other[0], assume_unique=True, return_indices=True)
    mine, theirs = one[1][first], other[1][second]
    both = ~(np.isnan(mine) | np.isnan(theirs))
    return mine[both], theirs[both]
