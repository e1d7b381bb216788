"""How well rows find photos of their class among others: each photo asks for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Features

BLOCK = 1024  # photos that ask together


class RetrievalFigures(NamedTuple):
    """Of each photo that has company in its class: its class, and two figures, (Q,) each."""

    labels: NDArray[np.int64]
    recall: NDArray[np.float64]
    precision: NDArray[np.float64]

    @property
    def recall_at_1(self) -> float:
        """The share of photos whose nearest is of their class; NaN where none asks."""
        return float(self.recall.mean()) if len(self.recall) else float("nan")

    @property
    def map_at_r(self) -> float:
        """The mean of their average precision at R; NaN where none asks."""
        return float(self.precision.mean()) if len(self.precision) else float("nan")

    def named(self) -> dict[str, float]:
        """Give both figures by their names."""
        return {"recall@1": self.recall_at_1, "map@r": self.map_at_r}


def judge_rows(rows: Features, labels: NDArray[np.int64], queries: NDArray[np.bool_] | None = None) -> RetrievalFigures:
    """Let each photo ask for the others, or some for those that do not ask.

    Parameters
    ----------
    rows : ndarray of float32, shape (N, D)
        Of length 1.
    labels : ndarray of int64, shape (N,)
        Classes.
    queries : ndarray of bool, shape (N,), optional
        Which photos ask, of those that do not. Without it each asks all others.

    Returns
    -------
    RetrievalFigures
        Recall@1, and average precision at R: of the first R photos, R being how many others the class has, the mean of
        the precision at each that is of the class, those that are not counting 0. The earlier photo is first of two as
        near.

    References
    ----------
    K. Musgrave, S. Belongie, S.-N. Lim, "A Metric Learning Reality Check", ECCV 2020, section 3.2: MAP@R.
    """
    asked = np.ones(len(labels), bool) if queries is None else ~queries
    counts = np.bincount(labels[asked], minlength=int(labels.max(initial=0)) + 1)[labels] - (queries is None)
    asking = np.flatnonzero((counts > 0) & (True if queries is None else queries))
    recall, precision = np.zeros(len(asking)), np.zeros(len(asking))
    for start in range(0, len(asking), BLOCK):
        chunk = asking[start : start + BLOCK]
        near = -(rows[chunk] @ rows.T)
        near[np.arange(len(chunk)), chunk] = np.inf
        near[:, ~asked] = np.inf
        order = _nearest(near, counts[chunk].max())
        hits = labels[order] == labels[chunk][:, None]
        hits &= np.arange(order.shape[1]) < counts[chunk][:, None]
        recall[start : start + len(chunk)] = hits[:, 0]
        at = hits.cumsum(axis=1) / np.arange(1, order.shape[1] + 1)
        precision[start : start + len(chunk)] = (at * hits).sum(axis=1) / counts[chunk]
    return RetrievalFigures(labels[asking], recall, precision)


def _nearest(near: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Give the places of the nearest in each row, the earlier first of two as near; sorting no more than it must."""
    places = np.argpartition(near, count - 1, axis=1)[:, :count]
    reach = np.take_along_axis(near, places, axis=1).max(axis=1, keepdims=True)
    if (width := int((near <= reach).sum(axis=1).max())) > count:  # ties, of which any may have been taken
        places = np.argpartition(near, width - 1, axis=1)[:, :width]
    places.sort(axis=1)
    order = np.argsort(np.take_along_axis(near, places, axis=1), axis=1, kind="stable")[:, :count]
    return np.take_along_axis(places, order, axis=1)
