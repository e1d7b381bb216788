"""How several classifiers vote: a temperature for each, and weights, both fitted to photos that none learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.training.classifiers.probe_fit import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.intp]
    Array = NDArray[np.float64]

LEAST = 1e-30  # of a probability whose logarithm is taken, as in the graph of a vote
COLDEST, HOTTEST = 0.1, 10.0
SPREAD = 0.5  # of the logarithm of a temperature, as far as it is known before any photo is seen
VOTES_BEFORE = 1.0  # that each member has before any photo is seen
_ROUNDS, _STILL = 10_000, 1e-9  # of fitting weights: at most so many, until none changes by more


def fit_temperature(probabilities: NDArray[np.floating], truth: Codes) -> float:
    """Fit the temperature at which probabilities surprise least.

    Parameters
    ----------
    probabilities : ndarray of float, shape (N, C)
        Of photos that nothing was learned from.
    truth : ndarray of int, shape (N,)
        The classes that they are of.

    Returns
    -------
    float
        From 0.1 to 10; 1 of no photos.

    Notes
    -----
    Temperature scaling [1]_: logits, which the logarithms of probabilities are but for a constant, are divided by it.
    Beyond the paper, the temperature is taken to be near 1 before any photo is seen (its logarithm normal, of deviation
    0.5): on the few photos of a small data set, all of which a good classifier may get right, the paper's fit would
    make it as cold as it may be.

    References
    ----------
    .. [1] C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.

    Examples
    --------
    >>> sure = np.tile([[0.999, 0.001]], (100, 1))
    >>> fit_temperature(sure, np.repeat([0, 1], [70, 30])) > 3
    True
    """
    from scipy.optimize import minimize_scalar

    if not len(truth):
        return 1.0
    logits, places = np.log(np.maximum(probabilities, LEAST, dtype=np.float64)), np.arange(len(truth))

    def surprise(logarithm: float) -> float:
        scaled = softmax(logits * np.exp(-logarithm))
        of_photos = -np.log(np.maximum(scaled[places, truth], LEAST)).sum()
        return float(of_photos + logarithm**2 / (2 * SPREAD**2))

    found = minimize_scalar(surprise, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
    return round(float(np.exp(found.x)), 6)


def at_temperature(probabilities: NDArray[np.floating], temperature: float) -> Array:
    """Give probabilities (..., C) as they are at a temperature.

    Examples
    --------
    >>> at_temperature(np.array([[0.8, 0.2]]), 0.5).round(4).tolist()
    [[0.9412, 0.0588]]
    """
    return softmax(np.log(np.maximum(probabilities, LEAST, dtype=np.float64)) / temperature)


def fit_weights(votes: Array, truth: Codes) -> list[float]:
    """Fit the weights by which the mean of votes surprises least, the same for each to begin with.

    Parameters
    ----------
    votes : ndarray of float, shape (M, N, C)
        Probabilities by members.
    truth : ndarray of int, shape (N,)
        The classes that photos are of.

    Returns
    -------
    list of float
        Weights of members, which sum to 1.

    Notes
    -----
    Expectation maximisation of a mixture's weights [1]_, each with one vote before any photo is seen: where photos are
    few, the weights stay near the plain mean.

    References
    ----------
    .. [1] A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum Likelihood from Incomplete Data via the EM Algorithm",
       Journal of the Royal Statistical Society B 1977.
    """
    own = np.maximum(votes[:, np.arange(len(truth)), truth], LEAST)
    weights = np.full(len(votes), 1 / len(votes))
    for _ in range(_ROUNDS):
        shares = weights[:, None] * own
        counts = (shares / shares.sum(axis=0)).sum(axis=1) + VOTES_BEFORE
        before, weights = weights, counts / counts.sum()
        if np.abs(weights - before).max() < _STILL:
            break
    rounded = [round(float(weight), 6) for weight in weights]
    return [*rounded[:-1], round(1 - sum(rounded[:-1]), 6)]


def take_vote(votes: Array, weights: list[float]) -> Array:
    """Give the weighted mean (N, C) of votes (M, N, C)."""
    made: Array = np.tensordot(np.array(weights), votes, 1)
    return made
