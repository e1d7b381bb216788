"""How sure a figure is: 95 % confidence intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Statistic: TypeAlias = Callable[[NDArray[Any], NDArray[np.float64]], NDArray[np.float64]]

CONFIDENCE = 0.95
NORMAL_QUANTILE = 1.959963984540054  # of (1 + CONFIDENCE) / 2
RESAMPLES = 2000
ROUNDING = 1e-9  # of a proportion's variance: less is none
CHUNK_VALUES = 1 << 22  # 32 MB of counts at a time


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % confidence interval."""

    value: float
    low: float
    high: float


def wilson(successes: int, n: int) -> Estimate:
    """Estimate a proportion, with Wilson's score interval.

    Parameters
    ----------
    successes : int
        From 0 to n.
    n : int
        Independent trials.

    Returns
    -------
    Estimate
        The share of successes; of no trials NaN, from 0 to 1.

    Notes
    -----
    Without continuity correction. The interval stays within 0 to 1 and has a width even where all trials agree.

    References
    ----------
    .. [1] Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.

    Examples
    --------
    >>> round(wilson(10, 10).low, 4), wilson(10, 10).high
    (0.7225, 1.0)
    """
    from scipy.stats import binomtest

    if n == 0:
        return Estimate(float("nan"), 0.0, 1.0)
    interval = binomtest(successes, n).proportion_ci(CONFIDENCE, "wilson")
    return Estimate(successes / n, float(interval.low), float(interval.high))


def wilson_of_variance(value: float, variance: float, n: int) -> Estimate:
    """Estimate a figure between 0 and 1 that is no plain proportion, but whose variance is known.

    Parameters
    ----------
    value : float
        From 0 to 1.
    variance : float
        Of the value.
    n : int
        Observations behind it, at least 1: they count as trials where the variance is 0 and tells nothing.

    Returns
    -------
    Estimate
        Wilson's interval for the effective sample size: as many trials as would give a proportion that variance.

    References
    ----------
    .. [1] Korn and Graubard, "Confidence intervals for proportions with small expected number of positive counts
       estimated from survey data", Survey Methodology 1998: the effective sample size.
    .. [2] Dean and Pagano, "Evaluating confidence interval methods for binomial proportions in clustered surveys",
       Journal of Survey Statistics and Methodology 2015: Wilson's interval with it.

    Examples
    --------
    >>> round(wilson_of_variance(0.7, 0.7 * 0.3 / 10, 25).low, 12) == round(wilson(7, 10).low, 12)
    True
    """
    of_trial = value * (1 - value)
    weight = NORMAL_QUANTILE**2 / (of_trial / variance if variance * n > ROUNDING * of_trial > 0 else n)
    centre = (value + weight / 2) / (1 + weight)
    reach = float(np.sqrt(of_trial * weight + weight**2 / 4)) / (1 + weight)
    return Estimate(value, 0.0 if value == 0 else centre - reach, 1.0 if value == 1 else centre + reach)


def weighted_mean(values: NDArray[Any], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the mean of each resample.

    `values` (n,), `counts` (B, n); gives (B,).
    """
    means: NDArray[np.float64] = counts @ np.asarray(values, np.float64) / counts.sum(axis=1)
    return means


def bootstrap(
    values: NDArray[Any], statistic: Statistic = weighted_mean, *, seed: int, resamples: int = RESAMPLES
) -> Estimate:
    """Estimate a statistic of independent observations, with the percentile bootstrap's interval.

    Parameters
    ----------
    values : ndarray, shape (n, ...)
        One observation a row.
    statistic : callable, optional
        Given the observations and how often each of them is in each resample, shape (B, n), the statistic of every
        resample, shape (B,); the mean unless given.
    seed : int
        Chooses the resamples.
    resamples : int, default 2000
        How many.

    Returns
    -------
    Estimate
        NaN for no observations; with one, the interval is that value. Resamples whose statistic is NaN are left out.

    Notes
    -----
    A resample is told by counts, so a statistic costs a matrix product and no sorting; the counts are drawn in chunks.

    References
    ----------
    .. [1] Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 1979; percentile intervals in
       Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.

    Examples
    --------
    >>> bootstrap(np.array([0.5, 0.5, 0.5]), seed=0)
    Estimate(value=0.5, low=0.5, high=0.5)
    """
    if not len(values):
        return Estimate(float("nan"), float("nan"), float("nan"))
    value = float(statistic(values, np.ones((1, len(values))))[0])
    drawn = np.concatenate([statistic(values, counts) for counts in _resample(len(values), resamples, seed)])
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return Estimate(value, float("nan"), float("nan"))
    return between_percentiles(value, drawn)


def between_percentiles(value: float, drawn: NDArray[np.float64]) -> Estimate:
    """Give a figure the interval that holds 95 % of what resamples came to, (B,)."""
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]).tolist()
    return Estimate(value, low, high)


def _resample(n: int, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Draw n of n with replacement, again and again: give counts, shape (B, n), in chunks."""
    rng = np.random.default_rng(seed)
    step = max(1, CHUNK_VALUES // n)
    for start in range(0, resamples, step):
        counts = np.empty((min(step, resamples - start), n))
        for row in counts:
            row[:] = np.bincount(rng.integers(n, size=n, dtype=np.int32), minlength=n)
        yield counts
