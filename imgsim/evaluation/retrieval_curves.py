"""Two curves of retrieval: recall@k over k, and precision over recall, each the mean over queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.evaluation.ranks import RelevantRanks

LEVELS = 11  # of recall: 0, 0.1, ..., 1
FIRST = 100  # matches that a curve of recall@k reaches, where there are so many


@dataclass(frozen=True)
class RetrievalCurves:
    """What queries find, at every k and at every level of recall.

    `recalls` (K,), of k from 1; `precisions` (11,), at a recall of 0, 0.1, ..., 1.
    """

    recalls: NDArray[np.float64]
    precisions: NDArray[np.float64]


def interpolate_precision(found: RelevantRanks) -> NDArray[np.float64]:
    """Interpolate the precision of each query at eleven levels of recall.

    Parameters
    ----------
    found : RelevantRanks
        Of M queries, at least one relevant photo each.

    Returns
    -------
    ndarray of float64, shape (M, 11)
        At a recall of 0, 0.1, ..., 1; never ascending.

    Notes
    -----
    The interpolated precision at a level is the highest precision at any recall that is not lower [1]_, equation 8.7;
    the mean over queries at eleven levels is the curve that TREC drew, and the mean of those the eleven-point average
    precision. Levels are compared in whole photos: a recall of 0.3 takes three of ten, not four.

    References
    ----------
    .. [1] Manning, Raghavan and Schuetze, "Introduction to Information Retrieval", 2008, section 8.4.

    Examples
    --------
    >>> from imgsim.evaluation.ranks import RelevantRanks
    >>> found = RelevantRanks(np.array([0]), np.array([0, 2]), np.array([1, 4], np.int32))
    >>> interpolate_precision(found)[0].tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5]
    """
    starts, relevant = found.offsets[:-1], np.diff(found.offsets)
    if not len(starts):
        return np.zeros((0, LEVELS))
    precision = (np.arange(1, len(found.ranks) + 1) - np.repeat(starts, relevant)) / found.ranks
    last = LEVELS - 1
    needed = np.maximum(1, -(-np.arange(LEVELS) * relevant[:, None] // last))  # photos, (M, 11)
    # The best from each level to the next: a level that begins where the next does is that one photo.
    between = np.maximum.reduceat(precision, (starts[:, None] + needed - 1).ravel()).reshape(-1, LEVELS)
    best: NDArray[np.float64] = np.maximum.accumulate(between[:, ::-1], axis=1)[:, ::-1]
    return best


def recall_curve(firsts: NDArray[np.integer], most: int) -> NDArray[np.float64]:
    """Give recall@k for k from 1 to `most`, (most,), of queries whose first relevant photos have these ranks, (M,).

    Examples
    --------
    >>> recall_curve(np.array([1, 3, 9, 1]), 4).tolist()
    [0.5, 0.5, 0.75, 0.75]
    """
    reached = np.bincount(np.minimum(firsts, most + 1), minlength=most + 2)[1 : most + 1]
    shares: NDArray[np.float64] = np.cumsum(reached) / max(1, len(firsts))
    return shares
