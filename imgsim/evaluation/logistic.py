"""Logistic regression that leaves one photo out: one fit that answers for most of the n.

Leaving out a photo changes the problem by one row and by the deviation that each value is divided by. In units of all
photos' deviation the second is a change of the penalty alone, since the intercept takes up the shift of the mean: the
weights without the photo are a step or two from the weights with it, and all these steps share one inverse.

scikit-learn's own answer is not the optimum: its solver stops anywhere that no component of the mean gradient is above
`TOL`. So a class is given only if, to first order, every such point gives it; a near tie is left to scikit-learn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Codes = NDArray[np.intp]

TOL = 1e-4  # scikit-learn's default
UNSURE = -1
CHUNK_VALUES = 1 << 22  # 32 MB of float64 at a time
LEAST_SPREAD = 0.5  # share of a value's variance that must be left without the photo
SLOWEST = 0.5  # length of a step, in terms of the one before: above, the curvature is not what it was with the photo
SETTLED = 1e-3  # change of a score, small beside what `TOL` leaves open
MOST_STEPS = 8
LEAST_DEVIATION = 1e-9  # share of a value's mean; what deviates less is made of rounding errors


def count_parameters(dim: int, classes: int) -> int:
    """Count the weights and intercepts of a fit."""
    return (dim + 1) * (classes if classes > 2 else 1)


class SharedFit:
    """The fit to all photos, and what leaving out one of them does to it.

    Parameters
    ----------
    rows : ndarray of float64, shape (N, D)
        Features.
    codes : ndarray of int, shape (N,)
        Classes 0 to K - 1, each with a photo; two or more.

    Notes
    -----
    The problem is that of scikit-learn's ``LogisticRegression`` with C = 1: the photos' log losses (softmax of K
    scores, or the logistic function of one score for two classes) plus half the squared weights, intercepts free. With
    H the Hessian for all photos, x a photo's row and 1, and S = diag(p) - p p', the Hessian without the photo is
    H - (I (x) x) S (I (x) x)', and Woodbury's identity gives its inverse from ``inv(H) (I (x) x)``. Steps by it and by
    the exact gradient without the photo lead to the weights without it. Where the photo is so far out that a step is
    not half as long as the one before (by Newton's decrement), it is left to scikit-learn.

    The margin of class a over b is v'w with v = (e_a - e_b) (x) x. Where no component of the mean gradient exceeds
    `TOL`, it differs from the optimum's by at most ``(N - 1) TOL |inv(H) v|_1``, to first order and H without the
    photo; this is divided by 1 - q, with q the slowest of the steps' ratios, for what the curvature has changed. A
    class whose margin over each other one exceeds that and the last step's change is certain.

    References
    ----------
    D. Pregibon, "Logistic Regression Diagnostics", Annals of Statistics 9(4), 1981: the step that leaves out a row.
    S. Boyd, L. Vandenberghe, "Convex Optimization", 2004, section 9.5: Newton's decrement.
    K. R. Rad, A. Maleki, "A scalable estimate of the out-of-sample prediction error via approximate leave-one-out
    cross-validation", Journal of the Royal Statistical Society B 82(4), 2020.
    """

    def __init__(self, rows: Array, codes: Codes) -> None:
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import LabelBinarizer, StandardScaler

        scaler = StandardScaler().fit(rows)
        standardised = scaler.transform(rows)
        self._fragile = bool(np.any(scaler.scale_ < LEAST_DEVIATION * np.abs(scaler.mean_)))
        self._rows = np.column_stack([standardised, np.ones(len(rows))])
        self._truth: Array = LabelBinarizer().fit_transform(codes).astype(np.float64)  # one column for two classes
        self._penalty = np.append(np.ones(rows.shape[1]), 0.0)
        fit = LogisticRegression(tol=1e-6, max_iter=10_000).fit(standardised, codes)
        weights = np.column_stack([fit.coef_, fit.intercept_])
        self._inverse = np.linalg.inv(self._hessian(weights))
        for _ in range(3):  # from 1e-6 to rounding
            weights -= (self._inverse @ self._gradient(weights, self._penalty).ravel()).reshape(weights.shape)
        self._weights = weights
        self._shares = _probabilities(self._rows @ weights.T)

    def predict(self, photos: Codes) -> Codes:
        """Predict each of some photos from all others.

        `photos` (M,); gives (M,).
        """
        predicted = np.full(len(photos), UNSURE)
        if self._fragile:
            return predicted
        blocks = self._inverse.reshape(-1, self._rows.shape[1])
        step = max(1, CHUNK_VALUES // len(blocks))
        for start in range(0, len(photos), step):
            products = blocks @ self._rows[photos[start : start + step]].T
            for place, photo in enumerate(photos[start : start + step], start):
                predicted[place] = self._leave_out(photo, products[:, place - start])
        return predicted

    def _leave_out(self, photo: int, product: Array) -> int:
        """Predict one photo, given inv(H) (I (x) x) as one long row."""
        row, shares, shape = self._rows[photo], self._shares[photo], self._weights.shape
        count = len(self._rows) - 1
        spread = (count + 1) / count * (1 - row[:-1] ** 2 / count)  # of the others' variance, in units of all photos'
        if spread.min() < LEAST_SPREAD:
            return UNSURE
        columns = product.reshape(*shape, shape[0])
        curvature = np.diag(shares) - np.outer(shares, shares)
        columns = columns @ np.linalg.inv(np.eye(len(shares)) - curvature @ (columns.transpose(2, 0, 1) @ row).T)

        def solve(gradient: Array) -> Array:
            solution: Array = (self._inverse @ gradient.ravel()).reshape(shape)
            solution += columns @ (curvature @ (solution @ row))
            return solution

        penalty, weights, decrement, slowest = np.append(spread, 0.0), self._weights, np.inf, 0.0
        for _ in range(MOST_STEPS):
            gradient = self._gradient(weights, penalty, photo)
            step = solve(gradient)
            before, decrement = decrement, float(np.vdot(gradient, step))
            slowest = max(slowest, (decrement / before) ** 0.5)
            if slowest > SLOWEST:
                return UNSURE
            weights = weights - step
            if np.abs(step @ row).max() < SETTLED:
                break
        columns *= np.sqrt(np.append(spread, 1.0))[:, None]  # the gradient by the weights of the others' units
        return _decide(weights @ row, step @ row, count * TOL / (1 - slowest) * columns)

    def _gradient(self, weights: Array, penalty: Array, left_out: int | None = None) -> Array:
        residuals = _probabilities(self._rows @ weights.T) - self._truth
        if left_out is not None:
            residuals[left_out] = 0
        gradient: Array = residuals.T @ self._rows + penalty * weights
        return gradient

    def _hessian(self, weights: Array) -> Array:
        """Give the second derivatives, a block for each pair of scores; intercepts alike shifted count as one."""
        shares, (scores, width) = _probabilities(self._rows @ weights.T), weights.shape
        blocks = np.empty((scores, width, scores, width))
        for one in range(scores):
            for other in range(one, scores):
                curvature = shares[:, one] * ((one == other) - shares[:, other])
                block = (self._rows * curvature[:, None]).T @ self._rows
                blocks[one, :, other] = block
                blocks[other, :, one] = block.T
            blocks[one, :, one] += np.diag(self._penalty)
        if scores > 1:  # a shift of all intercepts changes no loss: any curvature there makes H invertible
            blocks[:, -1, :, -1] += len(self._rows) / scores**2
        return blocks.reshape(scores * width, scores * width)


def _decide(scores: Array, wrong: Array, reach: Array) -> int:
    """Give the class that wins whatever the solver left undone, or `UNSURE`.

    `scores`, `wrong` (C,), `reach` (C, D + 1, C).
    """
    if len(scores) == 1:  # of two classes: the first one's score is 0
        scores, wrong = np.append(0.0, scores), np.append(0.0, wrong)
        reach = np.concatenate([np.zeros_like(reach), reach], axis=2)
    best = int(scores.argmax())
    doubt = np.abs(reach[:, :, [best]] - reach).sum(axis=(0, 1)) + np.abs(wrong[best] - wrong)
    certain = scores[best] - scores > doubt
    certain[best] = True
    return best if certain.all() else UNSURE


def _probabilities(scores: Array) -> Array:
    """Turn scores, shape (N, C), into probabilities: softmax, or the logistic function of one score."""
    shares: Array
    if scores.shape[1] == 1:
        shares = np.exp(-np.logaddexp(0, -scores))
    else:
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares = powers / powers.sum(axis=1, keepdims=True)
    return shares
