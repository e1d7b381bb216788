"""The few colours that stand for many: weighted k-means in L*a*b*."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ALIKE = 1e-6  # squared distance that is rounding
_ROUNDS = 6  # enough: the answers of more are the same
_STILL = 1.0  # Delta L*, a* or b* that nobody sees


def cluster_colors(
    lab: NDArray[np.float64], weights: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Group colours around a few centres.

    Parameters
    ----------
    lab : ndarray of float64, shape (C, 3)
        L*a*b* colours, C at least 1.
    weights : ndarray of float64, shape (C,)
        How many pixels have each; positive.
    count : int
        Centres wanted.

    Returns
    -------
    centres : ndarray of float64, shape (K, 3)
        At most `count`, each the mean of its colours, or where it was while it had some.
    nearest : ndarray of int, shape (C,)
        The centre of each colour.

    Notes
    -----
    Lloyd's iteration from deterministic first centres: the mean, then again and again the colour whose weight times
    squared distance to the nearest centre is largest (k-means++ of Arthur and Vassilvitskii 2007, its likeliest draw).

    References
    ----------
    S. P. Lloyd, "Least Squares Quantization in PCM", IEEE Transactions on Information Theory 28(2), 1982.

    Examples
    --------
    >>> centres, nearest = cluster_colors(np.array([[0., 0, 0], [2, 0, 0], [90, 0, 0]]), np.ones(3), 2)
    >>> centres[nearest][:, 0].tolist()
    [1.0, 1.0, 90.0]
    """
    centres = _first_centres(lab, weights, count)
    weighted = np.column_stack([lab, np.ones(len(lab))]) * weights[:, None]
    for _ in range(_ROUNDS):
        # Of the squared distances, what is the same to all centres does not count.
        nearest = ((centres**2).sum(axis=1) - 2 * lab @ centres.T).argmin(axis=1)
        sums = (nearest == np.arange(len(centres))[:, None]) @ weighted
        before, centres = centres, np.where(sums[:, 3:] > 0, sums[:, :3] / np.maximum(sums[:, 3:], 1e-300), centres)
        if np.abs(centres - before).max() < _STILL:
            break
    return centres, nearest


def _first_centres(lab: NDArray[np.float64], weights: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    centres = [weights @ lab / weights.sum()]
    distances = np.full(len(lab), np.inf)
    squares = np.einsum("ij,ij->i", lab, lab)
    while len(centres) < count:
        last = centres[-1]
        distances = np.minimum(distances, np.maximum(squares - 2 * (lab @ last) + last @ last, 0))
        farthest = int((weights * distances).argmax())
        if distances[farthest] < _ALIKE:
            break
        centres.append(lab[farthest])
    return np.array(centres)
