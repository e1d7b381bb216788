"""Where the right found things rank once the first matches of lost ones are re-ranked, as `match --rerank` does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.evaluation.ranks import RelevantRanks
from imgsim.search.reranked_things import rerank_things
from imgsim.search.two_sides import Side, match_sides

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.search.reranking import Reranker
    from imgsim.search.two_sides import Allowed, MatchedThings

    Numbers = NDArray[np.intp]


def match_reranked(
    lost: Side, found: Side, k: int, reranker: Reranker | None, allowed: Allowed | None = None
) -> MatchedThings:
    """Find the k found things that come first for each lost one, by distance or as a re-ranking orders the closest."""
    if reranker is None:
        return match_sides(lost, found, k, allowed)
    pairs = match_sides(lost, found, max(k, reranker.shortlist), allowed)
    return rerank_things(lost, found, pairs, k, reranker, allowed)[0]


def rerank_ranks(
    lost: Side,
    found: Side,
    ranks: RelevantRanks,
    asking: Numbers,
    relevant: Numbers,
    reranker: Reranker,
    *,
    itself: Numbers | None = None,
) -> RelevantRanks:
    """Give right things the ranks that they have in the new order; beyond the shortlist nothing changes.

    Arguments are those that `found_ranks.rank_found` made the `ranks` of.
    """
    queries = ranks.photos
    alone = Side(lost.terms, lost.rows_of(queries), lost.parts.places[lost.parts.rows(queries)])
    allowed = None if itself is None else _others(alone, found, itself[queries])
    pairs = match_reranked(alone, found, reranker.shortlist, reranker, allowed)
    answers = []
    for number, query in enumerate(queries.tolist()):
        mine = pairs.found[pairs.lost == number]  # as they are ordered now
        before = ranks.ranks[ranks.offsets[number] : ranks.offsets[number + 1]]
        now = 1 + np.flatnonzero(np.isin(mine, relevant[asking == query]))
        answers.append(np.append(now, before[before > len(mine)]).astype(np.int32))
    return RelevantRanks(queries, ranks.offsets, np.concatenate([np.zeros(0, np.int32), *answers]))


def _others(lost: Side, found: Side, itself: Numbers) -> Allowed:
    """Tell which rows are of different things: `itself` (T,) is the found thing that each lost one is, or -1."""
    own, there = _things_by_row(lost), _things_by_row(found)

    def different(ours: Numbers, theirs: Numbers) -> NDArray[np.bool_]:
        apart: NDArray[np.bool_] = itself[own[ours]][:, None] != there[theirs]
        return apart

    return different


def _things_by_row(side: Side) -> Numbers:
    """Give the thing of each row of the gallery, -1 where it takes no part."""
    things = np.full(side.rows.max(initial=-1) + 1, -1)
    things[side.rows] = side.parts.places
    return things
