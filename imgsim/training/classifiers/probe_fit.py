"""Logistic regression on rows of extractors: a linear probe, its regularisation chosen by cross-validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np

from imgsim.evaluation.classification import quietly, stratified_folds
from imgsim.processes import single_threads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Codes = NDArray[np.intp]

Scaling = Literal["blocks", "columns"]
FOLDS = 5
STRENGTHS = (0.1, 1.0, 10.0, 100.0, 1000.0, 10_000.0)
BESIDE = (10**-0.5, 10**0.5)  # the best of those is tried once more in smaller steps
LEAST = 1e-12  # of a probability whose logarithm is taken
_FLAT = 1e-20  # a variance that nothing is divided by
_ITERATIONS, _TOLERANCE = 2000, 1e-6


class ProbeForm(NamedTuple):
    """How rows are scaled, and how weakly the coefficients are held: `strength` is scikit-learn's C."""

    scaling: Scaling
    strength: float


class TriedForm(NamedTuple):
    """A form, and what it came to on photos left out: the log loss, and the share that is right at once."""

    form: ProbeForm
    log_loss: float
    top_1: float

    def to_row(self) -> dict[str, object]:
        """Name its figures."""
        return {**self.form._asdict(), "log-loss": round(self.log_loss, 6), "top-1": round(self.top_1, 6)}


class FittedProbe(NamedTuple):
    """What takes rows to logits: `mean` (D,), `coefficients` (D, C), `intercepts` (C,)."""

    mean: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    intercepts: NDArray[np.float64]

    def probabilities(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Give probabilities (N, C) of rows (N, D)."""
        return softmax((rows - self.mean) @ self.coefficients + self.intercepts)


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn logits (..., C) into probabilities."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    made: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return made


def choose_form(
    rows: NDArray[np.float64],
    codes: Codes,
    groups: Codes,
    widths: Sequence[int],
    *,
    folds: int = FOLDS,
    strengths: Sequence[float] = STRENGTHS,
    seed: int = 0,
) -> tuple[ProbeForm, list[TriedForm]]:
    """Try forms on photos left out, copies together, and choose that of the least log loss.

    `rows` (N, D), of extractors of so many values each; `codes` (N,), classes 0 to C - 1; `groups` (N,), of copies.
    """
    kept = _fold_places(codes, groups, folds, seed)
    tried: list[TriedForm] = []
    for scaling in get_args(Scaling):
        tried += _try(rows, codes, kept, widths, scaling, sorted(strengths))
    best = min(tried, key=_badness)
    if len(strengths) > 1:
        beside = sorted(best.form.strength * factor for factor in BESIDE)
        tried += _try(rows, codes, kept, widths, best.form.scaling, beside)
    return min(tried, key=_badness).form, sorted(tried, key=lambda one: one.form)


def _badness(tried: TriedForm) -> tuple[float, float]:
    return tried.log_loss, tried.form.strength


def _fold_places(codes: Codes, groups: Codes, folds: int, seed: int) -> list[Codes]:
    """Deal groups of copies to folds, class by class; give each fold's photos."""
    _, first, numbers = np.unique(groups, return_index=True, return_inverse=True)
    dealt = stratified_folds(codes[first], min(folds, len(first)), seed=seed)
    return [np.flatnonzero(np.isin(numbers, fold)) for fold in dealt if len(fold)]


def _try(
    rows: NDArray[np.float64],
    codes: Codes,
    folds: Sequence[Codes],
    widths: Sequence[int],
    scaling: Scaling,
    strengths: Sequence[float],
) -> Iterator[TriedForm]:
    """Judge one scaling by each strength; a class of which a fit has no photo is never said, at the least chance."""
    classes = int(codes.max()) + 1
    said = {strength: np.zeros((len(rows), classes)) for strength in strengths}
    for fold in folds:
        learned = np.setdiff1d(np.arange(len(rows)), fold)
        if len(np.unique(codes[learned])) < 2:
            continue
        for strength, probe in fit_probes(rows[learned], codes[learned], widths, scaling, strengths, classes):
            said[strength][fold] = probe.probabilities(rows[fold])
    for strength, probabilities in said.items():
        own = np.maximum(probabilities[np.arange(len(rows)), codes], LEAST)
        right = float((probabilities.argmax(axis=1) == codes).mean())
        yield TriedForm(ProbeForm(scaling, strength), float(-np.log(own).mean()), right)


def fit_probe(
    rows: NDArray[np.float64], codes: Codes, widths: Sequence[int], form: ProbeForm, classes: int
) -> FittedProbe:
    """Fit a probe of this form to rows (N, D) and their classes (N,), of which there are so many."""
    ((_, probe),) = fit_probes(rows, codes, widths, form.scaling, [form.strength], classes)
    return probe


def fit_probes(
    rows: NDArray[np.float64],
    codes: Codes,
    widths: Sequence[int],
    scaling: Scaling,
    strengths: Sequence[float],
    classes: int,
) -> Iterator[tuple[float, FittedProbe]]:
    """Fit probes of ascending strengths, each from where the last one ended.

    Parameters
    ----------
    rows : ndarray of float64, shape (N, D)
        Of extractors joined.
    codes : ndarray of int, shape (N,)
        Classes, 0 to `classes` - 1; one that no row is of is never said.
    widths : sequence of int
        How many values each extractor gives.
    scaling : {"blocks", "columns"}
        Whether extractors are brought to one scale, or all values.
    strengths : sequence of float
        As scikit-learn's C, ascending.
    classes : int
        How many there are.

    Yields
    ------
    tuple of (float, FittedProbe)
        A strength and what was fitted by it.

    Notes
    -----
    Multinomial logistic regression with an L2 penalty [1]_. As the penalty does not change where rows are turned, it is
    fitted in the space that the rows span, of N axes at most, which takes a fraction of the time where D is larger.

    References
    ----------
    .. [1] D. R. Cox, "The Regression Analysis of Binary Sequences", Journal of the Royal Statistical Society B 1958; as
       a probe of features: G. Alain, Y. Bengio, "Understanding intermediate layers using linear classifier probes",
       ICLR 2017 workshop.
    """
    from sklearn.linear_model import LogisticRegression

    mean = rows.mean(axis=0)
    scale = scale_of(rows - mean, widths, scaling)
    left, values, axes = np.linalg.svd((rows - mean) / scale, full_matrices=False)
    spanned = values > values.max(initial=0) * 1e-10
    turned, axes = left[:, spanned] * values[spanned], axes[spanned]
    known = np.unique(codes)
    model = LogisticRegression(max_iter=_ITERATIONS, tol=_TOLERANCE, warm_start=True)
    with quietly(), single_threads(1):
        for strength in strengths:
            model.set_params(C=strength).fit(turned, codes)
            made, met = (axes.T @ model.coef_.T) / scale[:, None], model.intercept_
            if len(known) == 2:  # one logit, of the second class against the first
                made, met = np.hstack([np.zeros_like(made), made]), np.array([0.0, met[0]])
            coefficients, intercepts = np.zeros((len(mean), classes)), np.full(classes, np.log(LEAST))
            coefficients[:, known], intercepts[known] = made, met
            yield strength, FittedProbe(mean, coefficients, intercepts)


def scale_of(centred: NDArray[np.float64], widths: Sequence[int], scaling: Scaling) -> NDArray[np.float64]:
    """Tell by what columns (D,) of centred rows (N, D) are divided, so that a row's mean squared length becomes 1.

    By blocks, extractors of so many values share it equally, and by columns the values do.

    Examples
    --------
    >>> rows = np.array([[3.0, 0, 8], [-3.0, 0, -8]])
    >>> np.square(rows / scale_of(rows, [2, 1], "blocks")).mean(axis=0)
    array([0.5, 0. , 0.5])
    """
    variances = np.square(centred).mean(axis=0)
    if scaling == "columns":
        shares = variances * max(int((variances > _FLAT).sum()), 1)
    else:
        edges = np.cumsum([0, *widths])
        totals = np.add.reduceat(variances, edges[:-1])
        shares = np.repeat(totals * max(int((totals > _FLAT).sum()), 1), widths)
    return np.sqrt(np.where(shares > _FLAT, shares, 1.0))
