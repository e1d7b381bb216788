"""Re-ranking by neighbours that are mutual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from imgsim.search.reranking import Reranking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.search.shortlist import Graph, Shortlist


@dataclass(frozen=True)
class KReciprocal(Reranking):
    """Re-ranking by k-reciprocal neighbours: photos are alike that have the same mutual neighbours [1]_.

    Parameters
    ----------
    shortlist : int, default 200
        How many of the nearest photos change places.
    k1 : int, default 10
        Neighbours that are looked at, of each photo in the whole gallery; [1]_ has 20, for larger classes.
    k2 : int, default 3
        A photo's weights are averaged with those of its k2 - 1 nearest neighbours; 1 leaves that out. [1]_ has 6.
    weight : float, default 0.5
        The share of the distance as it was, lambda in [1]_, which has 0.3.

    Notes
    -----
    The distance of the query's metric takes the place of Mahalanobis' in [1]_, and is divided by that to the farthest
    photo, as in its authors' own experiments. Neighbours beyond the shortlist count as not mutual; where the shortlist
    is the whole gallery, the values are those of [1]_. Equal distances are ordered by path, the query and the photo
    itself going first.

    References
    ----------
    .. [1] Zhong, Zheng, Cao and Li, "Re-ranking person re-identification with k-reciprocal encoding", CVPR 2017,
       equations 1 to 12.
    """

    name: ClassVar[str] = "k_reciprocal"
    k1: int = 10
    k2: int = 3
    weight: float = 0.5

    def __post_init__(self) -> None:
        self.require(self.k1 >= 1, f"k1 is at least 1, not {self.k1}")
        self.require(1 <= self.k2 <= self.k1, f"k2 is 1 to k1, {self.k1}, not {self.k2}")
        self.require(0 <= self.weight <= 1, f"weight is 0 to 1, not {self.weight:g}")
        self.require(self.shortlist >= self.k1, f"the shortlist is at least k1, {self.k1}, not {self.shortlist}")

    def check(self, metrics: Sequence[str]) -> None:
        """Raise ParameterError where distances may be negative."""
        self.require("inner_product" not in metrics, "it needs distances from 0, which inner_product does not give")

    @property
    def neighbours(self) -> int:
        """How many neighbours of each photo it goes by."""
        return self.k1

    def values(self, found: Shortlist) -> NDArray[np.float64]:
        """Give the distances d* of [1]_, equation 12, between the query and its shortlist: (L,)."""
        graph = found.graph(self.k1)
        distances = graph.distances / np.where(graph.farthest > 0, graph.farthest, 1)[:, None]
        weights = self._weights(graph, distances)
        least = np.minimum(weights[0], weights).sum(axis=1)
        jaccard = 1 - least / (2 - least)
        values: NDArray[np.float64] = (1 - self.weight) * jaccard + self.weight * distances[0]
        return values[1:]

    def _weights(self, graph: Graph, distances: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weight the mutual neighbours of each thing: (n, n), each row adding up to 1 (equations 3 to 7 and 11)."""
        mutual, closely = (_mutual(graph.nearest[:, :k]) for k in (self.k1, round(self.k1 / 2)))
        wide, narrow = mutual.astype(np.float32), closely.astype(np.float32)  # counts, in a matrix product's type
        joining = mutual & (3 * (wide @ narrow.T) > 2 * narrow.sum(axis=1))  # those of whose own most are there
        theirs = mutual | (joining.astype(np.float32) @ narrow > 0)
        weights = np.where(theirs, np.exp(-distances), 0)
        weights /= weights.sum(axis=1, keepdims=True)
        if self.k2 == 1:
            return weights
        averaged = _with_itself(graph.nearest[:, : self.k2 - 1]).astype(float)
        averaged /= averaged.sum(axis=1, keepdims=True)
        mean: NDArray[np.float64] = averaged @ weights
        return mean


def _with_itself(nearest: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell of n things who is in whose list, each being in its own: (n, n)."""
    listed = np.eye(len(nearest), dtype=bool)
    rows, columns = np.nonzero(nearest >= 0)
    listed[rows, nearest[rows, columns]] = True
    return listed


def _mutual(nearest: NDArray[np.intp]) -> NDArray[np.bool_]:
    listed = _with_itself(nearest)
    return listed & listed.T
