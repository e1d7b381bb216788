"""Linear discriminants: the axes along which classes lie farthest apart, for how much each differs in itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.training.embeddings.linear.within_class import class_means

if TYPE_CHECKING:
    from numpy.typing import NDArray


def discriminants(rows: NDArray[np.float64], codes: NDArray[np.intp]) -> NDArray[np.float64]:
    """Find the axes between classes.

    Parameters
    ----------
    rows : ndarray of float64, shape (N, D)
        Whitened within classes.
    codes : ndarray of intp, shape (N,)
        Classes 0 to C - 1.

    Returns
    -------
    ndarray of float64, shape (D, min(C - 1, D))
        Orthonormal, the axis along which the classes' means differ most first.

    References
    ----------
    C. R. Rao, "The Utilization of Multiple Measurements in Problems of Biological Classification", Journal of the Royal
    Statistical Society B 10(2), 1948: discriminants of several classes. The eigenvectors of the covariance between
    classes, taken where that within is the identity.
    """
    means, counts = class_means(rows, codes)
    apart = (means - rows.mean(axis=0)) * np.sqrt(counts)[:, None]
    _, _, axes = np.linalg.svd(apart, full_matrices=False)
    return axes[: min(len(counts) - 1, rows.shape[1])].T
