"""Whether of the things said to be so with probability p a share p is so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

BINS = 10


@dataclass(frozen=True)
class Reliability:
    """Probabilities in bins, beside what came true; bins that are empty are left out.

    `predicted` (B,), `observed` (B,), `hits`, `count` (B,).
    """

    predicted: NDArray[np.float64]
    observed: NDArray[np.float64]
    hits: NDArray[np.intp]
    count: NDArray[np.intp]

    @property
    def calibration_error(self) -> float:
        """The expected calibration error."""
        return expected_calibration_error(self.predicted, self.observed, self.count)


def expected_calibration_error(
    predicted: NDArray[np.float64], observed: NDArray[np.float64], count: NDArray[Any]
) -> float:
    """Give the mean difference of what was predicted and observed in each bin, weighted by its count; 0 of no bin."""
    return float(np.average(np.abs(predicted - observed), weights=count)) if len(count) else 0.0


def measure_reliability(probabilities: ArrayLike, same: ArrayLike, *, bins: int = BINS) -> Reliability:
    """Sort probabilities into bins of equal width.

    Parameters
    ----------
    probabilities : array_like of float, shape (M,)
        From 0 to 1.
    same : array_like of bool, shape (M,)
        What was so.
    bins : int, default 10
        Bins from 0 to 1; each has its lower edge, and the last one both.

    Returns
    -------
    Reliability
        Of the bins that are not empty.

    Notes
    -----
    Where the probabilities are of one event, and not the confidence in whichever answer is given, both ends of the
    scale are judged.

    References
    ----------
    M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI
    2015. C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017,
    equation 3.

    Examples
    --------
    >>> round(measure_reliability([0.5, 0.5, 0.9], [True, False, True]).calibration_error, 4)
    0.0333
    """
    given, truth = np.asarray(probabilities, np.float64), np.asarray(same, bool)
    places = np.minimum((given * bins).astype(np.intp), bins - 1)
    count, hits, total = (np.bincount(places, weights, bins) for weights in (None, truth, given))
    filled = count > 0
    count, hits, total = count[filled], hits[filled], total[filled]
    return Reliability(total / count, hits / count, hits.astype(np.intp), count.astype(np.intp))
