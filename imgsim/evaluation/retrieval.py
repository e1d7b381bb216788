"""Figures of retrieval, from the ranks of the relevant photos: one value a query, to be averaged over queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgsim.evaluation.ranks import Ranking, RelevantRanks
from imgsim.evaluation.retrieval_curves import FIRST, LEVELS, RetrievalCurves, interpolate_precision, recall_curve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from imgsim.search.ranking import Term
    from imgsim.search.reranking import Reranker

KS = (1, 5, 10)


@dataclass(frozen=True)
class Retrieval:
    """What leave-one-out retrieval came to.

    `photos` (M,), `values` (M,).
    """

    photos: NDArray[np.intp]
    values: dict[str, NDArray[np.float64]]
    curves: RetrievalCurves
    alone: int
    left_out: int


def score_retrieval(
    terms: Sequence[Term],
    labels: NDArray[np.integer],
    *,
    ks: Sequence[int] = KS,
    reranker: Reranker | None = None,
    advanced: Callable[[int], None] = lambda _photos: None,
) -> Retrieval:
    """Let every photo of a labelled gallery ask for the others of its class, and score the answers.

    `labels` (photos of the gallery,); `ks` are those of recall@k and precision@k.
    """
    ranking = Ranking(terms, labels, reranker)
    nothing = RelevantRanks(np.zeros(0, np.intp), np.zeros(1, np.intp), np.zeros(0, np.int32))
    photos, scored, firsts = [nothing.photos], [score_ranks(nothing, ks)], [nothing.ranks]
    precisions = np.zeros(LEVELS)
    for block in ranking.blocks():
        photos.append(block.photos)
        scored.append(score_ranks(block, ks))
        firsts.append(block.ranks[block.offsets[:-1]])
        precisions += interpolate_precision(block).sum(axis=0)
        advanced(len(block.photos))
    values = {name: np.concatenate([scores[name] for scores in scored]) for name in scored[0]}
    most = min(max(FIRST, *ks), ranking.queries + ranking.alone - 1)
    curves = RetrievalCurves(recall_curve(np.concatenate(firsts), max(1, most)), precisions / max(1, ranking.queries))
    return Retrieval(np.concatenate(photos), values, curves, ranking.alone, ranking.left_out)


def score_ranks(found: RelevantRanks, ks: Sequence[int] = KS) -> dict[str, NDArray[np.float64]]:
    """Score the ranks of the relevant photos of each query.

    Parameters
    ----------
    found : RelevantRanks
        Of M queries; all relevant photos have a rank, so none that is missed goes uncounted.
    ks : sequence of int, default (1, 5, 10)
        For recall@k and precision@k; each at least 1.

    Returns
    -------
    dict of str to ndarray of float64, shape (M,)
        ``recall@k``, ``precision@k``, ``map``, ``map@r``, ``r_precision`` and ``ndcg``, from 0 to 1.

    Notes
    -----
    With R relevant photos of ranks ``r_1 < ... < r_R``:

    - ``recall@k`` is 1 if any is among the k first, else 0: the convention of metric learning [1]_, not the share
      of the R that are found.
    - ``precision@k`` is the share of the k first that are relevant; there are k of them even in a smaller gallery.
    - ``map`` is the average precision ``mean(i / r_i)``, a step function of recall, without interpolation [2]_.
    - ``map@r`` is ``sum(i / r_i, r_i <= R) / R`` and ``r_precision`` the share of the R first that are relevant [3]_.
    - ``ndcg`` has gain 1 for a relevant photo, the discount ``1 / log2(1 + rank)`` at every rank, over the whole
      gallery, and is divided by that of the best ranking [4]_.

    The names are those of the means over queries, of which these are the terms.

    References
    ----------
    .. [1] Jegou, Douze and Schmid, "Product quantization for nearest neighbor search", PAMI 2011 (recall@R); Oh Song,
       Xiang, Jegelka and Savarese, "Deep metric learning via lifted structured feature embedding", CVPR 2016.
    .. [2] Manning, Raghavan and Schuetze, "Introduction to Information Retrieval", 2008, section 8.4.
    .. [3] Musgrave, Belongie and Lim, "A metric learning reality check", ECCV 2020, section 3.2.
    .. [4] Jarvelin and Kekalainen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002.

    Examples
    --------
    >>> from imgsim.evaluation.ranks import RelevantRanks
    >>> found = RelevantRanks(np.array([0]), np.array([0, 2]), np.array([1, 4], np.int32))
    >>> scores = score_ranks(found, ks=[1, 5])
    >>> {name: float(value[0].round(3)) for name, value in scores.items()}  # doctest: +NORMALIZE_WHITESPACE
    {'recall@1': 1.0, 'recall@5': 1.0, 'precision@1': 1.0, 'precision@5': 0.4, 'map': 0.75, 'map@r': 0.5,
     'r_precision': 0.5, 'ndcg': 0.877}
    """
    starts, relevant = found.offsets[:-1], np.diff(found.offsets)
    ranks = found.ranks.astype(np.float64)
    firsts = found.ranks[starts]
    precision = (np.arange(1, len(ranks) + 1) - np.repeat(starts, relevant)) / ranks
    in_time = found.ranks <= np.repeat(relevant, relevant)

    def total(terms: NDArray[np.floating] | NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.add.reduceat(terms, starts, dtype=np.float64) if len(starts) else np.zeros(0)

    ideal = np.cumsum(1 / np.log2(np.arange(2, relevant.max(initial=0) + 2)))
    return {
        **{f"recall@{k}": (firsts <= k).astype(np.float64) for k in ks},
        **{f"precision@{k}": total(found.ranks <= k) / k for k in ks},
        "map": total(precision) / relevant,
        "map@r": total(np.where(in_time, precision, 0)) / relevant,
        "r_precision": total(in_time) / relevant,
        "ndcg": total(1 / np.log2(ranks + 1)) / ideal[relevant - 1],
    }
