"""Neighbourhood components: a matrix by which nearest neighbours are of the same class more often."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS = 10  # of the optimiser: with few photos a class, more of them find less on other classes
NEAR = 1.0  # the median squared distance to the nearest row, where it starts: far above it, no gradient is left


def neighbourhood_components(
    rows: NDArray[np.float64], codes: NDArray[np.intp], axes: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    """Turn axes so that each row's neighbours by chance are of its class, as far as scikit-learn finds.

    Parameters
    ----------
    rows : ndarray of float64, shape (N, D)
        Centred.
    codes : ndarray of intp, shape (N,)
        Classes.
    axes : ndarray of float64, shape (D, R)
        Where it starts from.
    seed : int
        Of scikit-learn's.

    Returns
    -------
    ndarray of float64, shape (D, R)
        The axes times what was learned, (R, R).

    References
    ----------
    J. Goldberger, S. Roweis, G. Hinton, R. Salakhutdinov, "Neighbourhood Components Analysis", NIPS 2004, equation 5.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import pairwise_distances
    from sklearn.neighbors import NeighborhoodComponentsAnalysis

    start = rows @ axes
    apart = pairwise_distances(start, metric="sqeuclidean")
    np.fill_diagonal(apart, np.inf)
    unit = np.sqrt(max(float(np.median(apart.min(axis=1))), np.finfo(float).tiny) / NEAR)
    learner = NeighborhoodComponentsAnalysis(axes.shape[1], init="identity", max_iter=STEPS, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is meant to stop early
        learner.fit(start / unit, codes)
    turned: NDArray[np.float64] = axes @ learner.components_.T
    return turned
