"""How well features tell classes apart: logistic regression, each photo predicted from the others."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import ImgsimError
from imgsim.evaluation.logistic import UNSURE, SharedFit, count_parameters
from imgsim.processes import single_threads
from imgsim.worker_pool import map_in_processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor

    from numpy.typing import ArrayLike, NDArray

    from imgsim.core import Features

    Codes = NDArray[np.intp]

ALONE = -1  # in place of a prediction
FOLDS = 10
MOST_WORK = 1e10  # as `estimate_work` counts: some minute of a core at 2.5 GHz
SHARED = 0.2  # of the work is left where one fit serves most photos
MOST_PARAMETERS = 2000  # of a shared fit; beyond, its steps take as long as the fits that they save
CHUNK = 32  # photos that a thread takes at a time
SOFTMAX = 250  # products of two values that take as long as a probability
LONG = 2e9  # as `estimate_fit` counts: some 12 seconds of a core, beside which starting processes is soon made up for


@dataclass(frozen=True)
class Classification:
    """What was predicted for each photo by a fit that had not seen it.

    `classes` (K,), `truth` (N,), `predicted` (N,).
    """

    classes: NDArray[np.generic]
    truth: Codes
    predicted: Codes
    procedure: str
    fits: int

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Photos that are not alone in their class, shape (N,): the others are fitted to, but not predicted."""
        judged: NDArray[np.bool_] = self.predicted != ALONE
        return judged

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each photo judged is predicted right, in order."""
        correct: NDArray[np.bool_] = (self.predicted == self.truth)[self.judged]
        return correct

    @property
    def confusion(self) -> NDArray[np.intp]:
        """Photos judged of each class (rows) by the class predicted (columns), shape (K, K)."""
        from sklearn.metrics import confusion_matrix

        labels = range(len(self.classes))
        counts: NDArray[np.intp] = confusion_matrix(self.truth[self.judged], self.predicted[self.judged], labels=labels)
        return counts


def classify(
    features: Features,
    labels: ArrayLike,
    *,
    seed: int = 0,
    jobs: int = 1,
    most_work: float = MOST_WORK,
    advanced: Callable[[int], None] = lambda _: None,
) -> Classification:
    """Predict every photo's class from the other photos.

    `features` (N, D), `labels` (N,).
    """
    classes, truth = np.unique(np.asarray(labels), return_inverse=True)
    judged = np.flatnonzero(np.bincount(truth)[truth] > 1)
    if len(classes) < 2:
        raise ImgsimError("classification needs two classes: give photos of another one, or other labels")
    if not len(judged):
        raise ImgsimError(f"classification needs a class with two photos: each of the {len(classes)} classes has one")
    rows = np.asarray(features, np.float64)
    predicted = np.full(len(rows), ALONE)
    one_by_one = estimate_work(len(rows), rows.shape[1], len(classes)) <= most_work
    advanced(len(rows) - len(judged))
    with single_threads(jobs) as pool, quietly():
        if one_by_one:
            predicted[judged] = _certain(rows, truth, judged, pool, advanced)
            folds = list(judged[predicted[judged] == UNSURE, None])
        else:
            dealt = (fold[np.isin(fold, judged)] for fold in stratified_folds(truth, FOLDS, seed=seed))
            folds = [fold for fold in dealt if len(fold)]
        for fold, codes in zip(folds, predict_folds(rows, truth, folds, pool, jobs), strict=True):
            predicted[fold] = codes
            advanced(len(fold))
    procedure = "leave-one-out" if one_by_one else f"{FOLDS}-fold"
    return Classification(classes, truth, predicted, procedure, len(folds))


def estimate_work(photos: int, dim: int, classes: int) -> float:
    """Estimate how long it takes to leave out one photo after another."""
    work = photos * estimate_fit(photos, dim, classes)
    return SHARED * work if _is_shared(photos, dim, classes) else work


def _is_shared(photos: int, dim: int, classes: int) -> bool:
    """Tell whether one fit to all photos is worth its while: not where few would be certain, or it is too large."""
    return dim < photos and count_parameters(dim, classes) <= MOST_PARAMETERS


def _certain(
    rows: NDArray[np.float64], truth: Codes, judged: Codes, pool: Executor, advanced: Callable[[int], None]
) -> Codes:
    """Predict what is certain from one fit, in parallel; nothing, where few would be or that fit is too large."""
    photos, dim = rows.shape
    if not _is_shared(photos, dim, int(truth.max()) + 1):
        return np.full(len(judged), UNSURE)
    predicted = []
    chunks = [judged[start : start + CHUNK] for start in range(0, len(judged), CHUNK)]
    for codes in pool.map(SharedFit(rows, truth).predict, chunks):
        predicted.append(codes)
        advanced(int(np.count_nonzero(codes != UNSURE)))
    return np.concatenate(predicted)


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
