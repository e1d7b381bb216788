"""Fitting distance to probability, and judging the fit on queries that it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import ImgsimError
from imgsim.evaluation.probabilities import Reliability, measure_reliability
from imgsim.metrics.calibration import Calibration
from imgsim.search.neighbours import find_neighbours

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from imgsim.search.ranking import Term

    Array = NDArray[np.float64]
    Truth = NDArray[np.bool_]
    Fit = Callable[[Array, Truth], Calibration]

FOLDS = 5


@dataclass(frozen=True)
class CalibrationFit:
    """A calibration, and how well its kind does on queries that it was not fitted to.

    `probabilities` (M,).
    """

    calibration: Calibration
    log_losses: dict[str, float]
    brier: float
    reliability: Reliability
    probabilities: Array
    folds: int


def fit_calibration(distances: ArrayLike, same: ArrayLike, groups: ArrayLike, *, seed: int) -> CalibrationFit:
    """Fit the probability that a match is the same thing as its query.

    Parameters
    ----------
    distances : array_like of float, shape (M,)
        Of matches, as queries rank them: the probabilities hold for matches that come about in the same way, from a
        gallery with as many things and as many photos of each.
    same : array_like of bool, shape (M,)
        Whether the match shows the same thing.
    groups : array_like, shape (M,)
        The query photo of each match: all of a query's matches are in one fold.
    seed : int
        Deals queries to folds.

    Returns
    -------
    CalibrationFit
        Isotonic or logistic, whichever has the lower log loss in a five-fold cross-validation.

    Raises
    ------
    ImgsimError
        If all matches are the same thing, or none is, or they are of one query.

    References
    ----------
    J. Platt, "Probabilistic Outputs for Support Vector Machines and Comparisons to Regularized Likelihood Methods",
    Advances in Large Margin Classifiers, 1999. B. Zadrozny, C. Elkan, "Transforming Classifier Scores into Accurate
    Multiclass Probability Estimates", KDD 2002.
    """
    from sklearn.metrics import log_loss

    measured, truth = np.asarray(distances, np.float64), np.asarray(same, bool)
    queries = np.unique(np.asarray(groups), return_inverse=True)[1]
    if truth.all() or not truth.any():
        raise ImgsimError(
            f"calibration needs both: {truth.sum()} of {len(truth)} matches show the same thing as their query; give "
            "photos of several things, several of some"
        )
    count = int(queries.max()) + 1
    if count < 2:
        raise ImgsimError("calibration needs matches of two queries or more")
    dealt = np.random.default_rng(seed).permutation(count) % FOLDS
    outs = {kind: _out_of_fold(fit, measured, truth, dealt[queries]) for kind, fit in FITS.items()}
    losses = {kind: float(log_loss(truth, out)) for kind, out in outs.items()}
    kind = min(losses, key=lambda name: losses[name])
    out = outs[kind]
    brier = float(np.mean((out - truth) ** 2))
    fitted = FITS[kind](measured, truth)
    return CalibrationFit(fitted, losses, brier, measure_reliability(out, truth), out, min(FOLDS, count))


def fit_logistic(distances: Array, same: Truth) -> Calibration:
    """Fit a logistic curve.

    `distances` (M,), `same` (M,).
    """
    from scipy.optimize import minimize

    centre, unit = distances.mean(), distances.std() or 1.0
    scaled, hits = (distances - centre) / unit, np.count_nonzero(same)
    targets = np.where(same, (hits + 1) / (hits + 2), 1 / (len(same) - hits + 2))

    def loss(line: Array) -> tuple[float, Array]:
        odds = line[0] * scaled + line[1]
        wrong = np.exp(-np.logaddexp(0, -odds)) - targets
        value = np.mean(np.logaddexp(0, odds) - targets * odds)
        return float(value), np.array([np.mean(wrong * scaled), np.mean(wrong)])

    limits = [(-np.inf, 0.0), (-np.inf, np.inf)]
    result = minimize(loss, np.array([-1.0, 0.0]), jac=True, bounds=limits, options={"gtol": 1e-10, "ftol": 1e-15})
    slope = float(result.x[0] / unit)
    ends = float(distances.min()), float(distances.max())
    return Calibration("logistic", ends, slope=slope, intercept=float(result.x[1] - slope * centre))


def fit_isotonic(distances: Array, same: Truth) -> Calibration:
    """Fit a curve of any shape that does not rise.

    `distances` (M,), `same` (M,).
    """
    from sklearn.isotonic import IsotonicRegression

    ends = distances.min(), distances.max()
    padded = np.concatenate([distances, np.repeat(ends, 2)])
    curve = IsotonicRegression(increasing=False).fit(padded, np.concatenate([same, [1, 0, 1, 0]]).astype(np.float64))
    levels = np.minimum.accumulate(curve.y_thresholds_)  # against rounding
    return Calibration("isotonic", tuple(curve.X_thresholds_.tolist()), tuple(levels.tolist()))


FITS: dict[str, Fit] = {"logistic": fit_logistic, "isotonic": fit_isotonic}


def _out_of_fold(fit: Fit, distances: Array, same: Truth, folds: NDArray[np.intp]) -> Array:
    """Give each match the probability by a fit to the other folds."""
    probabilities = np.empty(len(distances))
    for fold in np.unique(folds):
        left_out = folds == fold
        probabilities[left_out] = fit(distances[~left_out], same[~left_out])(distances[left_out])
    return probabilities


def calibrate_distance(
    terms: Sequence[Term],
    codes: NDArray[np.intp],
    k: int,
    *,
    seed: int,
    advanced: Callable[[int], None] = lambda _: None,
) -> CalibrationFit:
    """Fit the probability that a match shows the same thing as its query, by its distance.

    `codes` (photos,).
    """
    found = find_neighbours(terms, k, wanted=codes >= 0, advanced=advanced)
    same = codes[found.photos][:, None] == codes[found.rows]
    groups = np.broadcast_to(found.photos[:, None], same.shape)
    return fit_calibration(found.distances.ravel(), same.ravel(), groups.ravel(), seed=seed)
