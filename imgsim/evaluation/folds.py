"""The folds of a cross-validation, and scikit-learn's own fit to each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.intp]


def stratified_folds(codes: Codes, folds: int, *, seed: int) -> list[Codes]:
    """Deal photos to folds, class by class, so that every fold has its share of each class.

    Parameters
    ----------
    codes : ndarray of int, shape (N,)
        Classes.
    folds : int
        At least 2.
    seed : int
        Shuffles the photos first.

    Returns
    -------
    list of ndarray of int
        Photos of each fold. A class of m photos is in m folds, or in all: it is never left out as a whole, unless it
        has one photo only.

    Examples
    --------
    >>> [fold.tolist() for fold in stratified_folds(np.array([0, 0, 1, 1]), 2, seed=0)]
    [[0, 2], [1, 3]]
    """
    shuffled = np.random.default_rng(seed).permutation(len(codes))
    dealt = shuffled[np.argsort(codes[shuffled], kind="stable")]
    return [np.sort(dealt[first::folds]) for first in range(folds)]


def predict_fold(rows: NDArray[np.float64], codes: Codes, left_out: Codes) -> Codes:
    """Predict some photos from all others, by scikit-learn.

    Parameters
    ----------
    rows : ndarray of float64, shape (N, D)
        Features.
    codes : ndarray of int, shape (N,)
        Classes.
    left_out : ndarray of int, shape (M,)
        Photos to predict.

    Returns
    -------
    ndarray of int, shape (M,)
        Classes.

    Notes
    -----
    ``LogisticRegression`` with its default C = 1 and ``max_iter=1000``, after ``StandardScaler``; both are fitted to
    the other photos.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    kept = np.ones(len(rows), bool)
    kept[left_out] = False
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    predicted: Codes = pipeline.fit(rows[kept], codes[kept]).predict(rows[left_out])
    return predicted
