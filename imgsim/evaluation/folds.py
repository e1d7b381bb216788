"""The folds of a cross-validation, and scikit-learn's own fit to each."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from imgsim.worker_pool import map_in_processes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    Codes = NDArray[np.intp]

SOFTMAX = 250  # products of two values that take as long as a probability
LONG = 2e9  # as `estimate_fit` counts: some 12 seconds of a core, beside which starting processes is soon made up for


def stratified_folds(codes: Codes, folds: int, *, seed: int) -> list[Codes]:
    """Deal photos to folds, class by class, so that every fold has its share of each class.

    `codes` (N,).

    Examples
    --------
    >>> [fold.tolist() for fold in stratified_folds(np.array([0, 0, 1, 1]), 2, seed=0)]
    [[1, 2], [0, 3]]
    """
    from sklearn.model_selection import StratifiedKFold

    padded = np.append(codes, np.full(folds, codes.max() + 1))  # scikit-learn wants a class with a photo a fold
    with quietly():
        split = StratifiedKFold(folds, shuffle=True, random_state=seed).split(padded, padded)
        return [left_out[left_out < len(codes)] for _, left_out in split]


def estimate_fit(photos: int, dim: int, classes: int) -> float:
    """Estimate how long one fit takes."""
    return float(photos) * classes * (dim + SOFTMAX)


def predict_folds(
    rows: NDArray[np.float64], codes: Codes, folds: Sequence[Codes], pool: Executor, jobs: int
) -> Iterator[Codes]:
    """Predict fold after fold, each from all photos that are not in it."""
    work = len(folds) * estimate_fit(len(rows), rows.shape[1], int(codes.max()) + 1)
    if min(jobs, len(folds)) > 1 and work > LONG:
        return map_in_processes(partial(_predict_fold_quietly, rows, codes), folds, jobs)
    return pool.map(partial(predict_fold, rows, codes), folds)


def _predict_fold_quietly(rows: NDArray[np.float64], codes: Codes, left_out: Codes) -> Codes:
    """Predict a fold in a process of its own, which inherits no filter of warnings."""
    with quietly():
        return predict_fold(rows, codes, left_out)


@contextmanager
def quietly() -> Iterator[None]:
    """Leave unsaid that a fit used up its iterations, whose prediction is taken as it is, or how large classes are."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "The (number of unique classes|least populated class)", UserWarning)
        yield


def predict_fold(rows: NDArray[np.float64], codes: Codes, left_out: Codes) -> Codes:
    """Predict some photos from all others, by scikit-learn.

    `rows` (N, D), `codes` (N,), `left_out` (M,); gives (M,).
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    kept = np.ones(len(rows), bool)
    kept[left_out] = False
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    predicted: Codes = pipeline.fit(rows[kept], codes[kept]).predict(rows[left_out])
    return predicted
