"""Giving each thing at most one other, so that all together fit best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def assign(lost: NDArray[np.intp], found: NDArray[np.intp], distances: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Choose among candidate pairs (n,), all different: as many as can be, and of those the least sum of distances.

    By shortest augmenting paths on the sparse candidates; who cannot get one is given none.

    Examples
    --------
    >>> lost, found = np.array([0, 0, 1]), np.array([5, 6, 5])
    >>> assign(lost, found, np.array([0.1, 0.2, 0.3])).tolist()
    [False, True, True]
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    if not len(lost):
        return np.zeros(0, bool)
    rows, columns = (np.unique(side, return_inverse=True)[1] for side in (lost, found))
    count, there = rows.max() + 1, columns.max() + 1
    least, span = distances.min(), np.ptp(distances)
    # Each lost thing may have a place of its own beside the found ones, which costs more than any exchange gains.
    none = 2 + (span or 1.0) * (min(count, there) + 1)
    own = np.arange(count)
    weights = np.concatenate([1 + distances - least, np.full(count, none)])  # no weight is 0, which would be no pair
    places = (np.concatenate([rows, own]), np.concatenate([columns, there + own]))
    chosen, given = min_weight_full_bipartite_matching(csr_array((weights, places), shape=(count, there + count)))
    partner = np.full(count, -1)
    partner[chosen] = given
    return np.asarray(partner[rows] == columns)
