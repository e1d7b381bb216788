"""Re-ranking by a query that its first matches are added to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from imgsim.metrics.product import unit_rows
from imgsim.search.reranking import Reranking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.search.shortlist import Shortlist


@dataclass(frozen=True)
class QueryExpansion(Reranking):
    """Alpha query expansion: search again by the sum of the query and its nearest photos, the alike ones most [1]_.

    Parameters
    ----------
    shortlist : int, default 200
        How many of the nearest photos change places.
    k : int, default 3
        Photos that are added; [1]_ has 50, for larger classes.
    alpha : float, default 3
        A photo's weight is its cosine to the query to this power, and 0 where that is negative; 0 is the plain mean.

    Notes
    -----
    Of several extractors that are fused, the fused cosine weights the rows of each. A photo of several parts is added
    by the part that is closest; each view of a thing is expanded by itself.

    References
    ----------
    .. [1] Radenovic, Tolias and Chum, "Fine-tuning CNN image retrieval with no human annotation", PAMI 2019 (arXiv
       2018), section 3.4.
    """

    name: ClassVar[str] = "query_expansion"
    k: int = 3
    alpha: float = 3.0
    neighbours: ClassVar[int] = 0

    def __post_init__(self) -> None:
        self.require(self.k >= 1, f"k is at least 1, not {self.k}")
        self.require(0 <= self.alpha < np.inf, f"alpha is a number from 0, not {self.alpha:g}")
        self.require(self.shortlist >= self.k, f"the shortlist is at least k, {self.k}, not {self.shortlist}")

    def check(self, metrics: Sequence[str]) -> None:
        """Raise ParameterError unless all of the metrics are cosines: what is added up are directions."""
        others = ", ".join(sorted(set(metrics) - {"cosine", "centred_cosine"}))
        self.require(not others, f"it is for features that are compared by cosine, not by {others}")

    def values(self, found: Shortlist) -> NDArray[np.float64]:
        """Measure the distances from the expanded query to its shortlist: (L,)."""
        expanded = [self._expanded(found, place) for place in range(len(found.views[0]))]
        views = [np.stack(rows) for rows in zip(*expanded, strict=True)]
        return found.gallery.distances_from(views, found.photos)

    def _expanded(self, found: Shortlist, place: int) -> list[NDArray[np.float32]]:
        """Add its neighbours to one view of the query: a row of length 1 a term."""
        terms = found.gallery.terms
        own = [view[place : place + 1] for view in found.views]
        distances = found.distances if len(found.views[0]) == 1 else found.gallery.distances_from(own, found.photos)
        nearest = np.argsort(distances, kind="stable")[: self.k]
        scale = sum(term.factor for term in terms) / sum(term.weight for term in terms)
        weights = np.maximum(1 - distances[nearest] / scale, 0) ** self.alpha
        added = [found.gallery.closest_rows(own, photo) for photo in found.photos[nearest].tolist()]
        sums = (view[0] + weights @ np.stack(rows) for view, rows in zip(own, zip(*added, strict=True), strict=True))
        return [unit_rows(row[None].astype(np.float64))[0].astype(np.float32) for row in sums]
