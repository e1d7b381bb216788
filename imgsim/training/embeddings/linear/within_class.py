"""What photos of the same thing differ by, and rows divided by that: within-class whitening."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgsim.training.embeddings.linear.refusals import LearningError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALLEST = 1e-12  # of the whole variance: a share of it that is rounding


@dataclass(frozen=True)
class Differences:
    """The covariance of rows of the same thing, by its axes: that of differences between two such rows, halved.

    `axes` (D, r), orthonormal; `variances` (r,) along them, the largest first; there is none along all others.
    """

    axes: NDArray[np.float64]
    variances: NDArray[np.float64]

    @classmethod
    def of_classes(cls, rows: NDArray[np.float64], codes: NDArray[np.intp]) -> Differences:
        """Learn them from rows (N, D) of classes 0 to C - 1, (N,): the pooled covariance within classes."""
        means, counts = class_means(rows, codes)
        return cls._of((rows - means[codes]) / np.sqrt(max(1, len(rows) - len(counts))))

    @classmethod
    def of_pairs(cls, rows: NDArray[np.float64], pairs: NDArray[np.intp]) -> Differences:
        """Learn them from pairs (P, 2) of rows (N, D) of the same thing."""
        return cls._of((rows[pairs[:, 0]] - rows[pairs[:, 1]]) / np.sqrt(2 * max(1, len(pairs))))

    @classmethod
    def _of(cls, differences: NDArray[np.float64]) -> Differences:
        axes, variances = find_axes(differences)
        if not len(variances):
            raise LearningError("photos of the same class have the same rows: there is no difference to learn from")
        return cls(axes, variances)

    def whitener(self, shrinkage: float) -> Whitener:
        """Invert the square root of the covariance, brought so far towards its mean variance along every axis.

        Parameters
        ----------
        shrinkage : float
            a in (1 - a) C + a v I, C being the covariance and v its mean variance: above 0, where there are fewer rows
            than values, and 1 leaves rows as they are, but for their unit.

        Returns
        -------
        Whitener
            A symmetric matrix: of all that whiten, the one that moves rows least.

        References
        ----------
        K. Mikolajczyk, J. Matas, "Improving Descriptors for Fast Tree Matching by Optimal Linear Projection", ICCV
        2007, section 3: rows multiplied by the inverse square root of the covariance of differences between matches.
        O. Ledoit, M. Wolf, "A Well-Conditioned Estimator for Large-Dimensional Covariance Matrices", Journal of
        Multivariate Analysis 88, 2004, equation 2: the form of the shrinkage.
        """
        rest = shrinkage * float(self.variances.sum()) / len(self.axes)
        return Whitener(self.axes, ((1 - shrinkage) * self.variances + rest) ** -0.5, rest**-0.5)


@dataclass(frozen=True)
class Whitener:
    """A symmetric matrix: `factors` (r,) along the columns of `axes` (D, r), and `rest` along all that is across."""

    axes: NDArray[np.float64]
    factors: NDArray[np.float64]
    rest: float

    def __call__(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Multiply rows, (N, D)."""
        return ((rows @ self.axes) * (self.factors - self.rest)) @ self.axes.T + self.rest * rows

    def products(self, rows: NDArray[np.float64], plain: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the inner products of multiplied rows (N, D), (N, N), of `plain`, those of the rows as they are."""
        along = rows @ self.axes
        return (along * (self.factors**2 - self.rest**2)) @ along.T + self.rest**2 * plain


def find_axes(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find the axes (D, r) along which rows (N, D) are not zero, and the sums of squares along them, largest first."""
    if len(rows) > 2 * rows.shape[1]:  # quicker, and precise enough: what it loses is below what is kept
        squares, axes = np.linalg.eigh(rows.T @ rows)
        squares, axes = squares[::-1], axes[:, ::-1]
    else:
        _, deviations, transposed = np.linalg.svd(rows, full_matrices=False)
        squares, axes = deviations**2, transposed.T
    kept = squares > SMALLEST * max(float(squares.sum()), np.finfo(float).tiny)
    return axes[:, kept], squares[kept]


def class_means(rows: NDArray[np.float64], codes: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Give the mean of each class, (C, D), and how many rows it has, (C,)."""
    counts = np.bincount(codes)
    order = np.argsort(codes, kind="stable")
    starts = np.concatenate([[0], counts.cumsum()[:-1]])
    return np.add.reduceat(rows[order], starts, axis=0) / counts[:, None], counts
