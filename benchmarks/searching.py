"""Exact search of a mapped gallery, against a bare matrix product on an array in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.indexes import make_index
from benchmarks.measuring import interleave, seconds, slowdown
from imgsim.index.index import open_index
from imgsim.index.stored_distances import rescore
from imgsim.metrics import load_metric
from imgsim.search.gallery import lay_out
from imgsim.search.leave_one_out import LeaveOneOut
from imgsim.search.ranking import Term, rank
from imgsim.search.reranking import RERANKERS, load_reranker
from imgsim.search.shortlist import Shortlist

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from benchmarks.measuring import Figure, Setting
    from imgsim.search.reranking import Reranker

K = 10
NETWORK = 1280  # values of a row


def search(setting: Setting) -> list[Figure]:
    """Find the ten closest rows by cosine; both sides find the same."""
    term = _facet(setting)
    query = np.random.default_rng(1).random((1, term.gallery.rows.shape[1]), np.float32)
    rows, views = np.array(term.gallery.rows), term.metric.embed(query)
    assert rank([term], [views], K).rows.tolist() == _plain(rows, views[0]).tolist()
    runs = {
        "ours": lambda: seconds(lambda: rank([term], [views], K)),
        "theirs": lambda: seconds(lambda: _plain(rows, views[0])),
    }
    name = "search {:,} x {} by cosine".format(*rows.shape)
    times = interleave(runs, 20 * setting.repeats)
    return [slowdown(name, "matrix product, argpartition", times, 1.3), _rescored(setting, [views])]


def rerank(setting: Setting) -> list[Figure]:
    """Put the first 200 in another order by their neighbours in the whole gallery, of rows as a network's."""
    term = _gallery(np.random.default_rng(0).random((setting.rows, NETWORK), np.float32))
    views = [term.metric.embed(np.random.default_rng(1).random((1, NETWORK), np.float32))]
    gallery = LeaveOneOut([term])
    figures = []
    for name in RERANKERS:
        reranker = load_reranker(name)

        def reranked(reranker: Reranker = reranker) -> None:
            found = rank([term], views, reranker.shortlist)
            reranker.values(Shortlist(gallery, views, found.rows, found.distances))

        runs = {"ours": lambda: seconds(reranked), "theirs": lambda: seconds(lambda: rank([term], views, K))}
        shown = f"search {setting.rows:,} x {NETWORK:,}, re-ranked by {name}"
        figures.append(slowdown(shown, "the search alone", interleave(runs, setting.repeats), None))
    return figures


def _gallery(rows: NDArray[np.float32]) -> Term:
    metric = load_metric("cosine").fit(None)
    return Term(lay_out(rows, metric), metric)


def _rescored(setting: Setting, views: Sequence[NDArray[np.float32]]) -> Figure:
    """Measure what is found once more, from the store's checksummed rows, as every query does."""
    directory = make_index(setting.scratch, "histogram", setting.rows)
    with open_index(directory) as index, index.snapshot():
        distance = index.distance(metric="cosine")
        terms = distance.terms()

        def rescored() -> None:
            found = rank(terms, views, K)
            assert (
                rescore(distance.store, distance.extractors, terms, views, found).ranked.rows.tolist()
                == found.rows.tolist()
            )

        runs = {"ours": lambda: seconds(rescored), "theirs": lambda: seconds(lambda: rank(terms, views, K))}
        times = interleave(runs, 20 * setting.repeats)
    return slowdown("the same, rescored from the store", "without", times, 1.1)


def _plain(rows: NDArray[np.float32], view: NDArray[np.float32]) -> NDArray[np.intp]:
    products = rows @ view
    best = np.argpartition(products, -K)[-K:]
    return best[np.argsort(-products[best])]


def _facet(setting: Setting) -> Term:
    directory = make_index(setting.scratch, "histogram", setting.rows)
    with open_index(directory) as index, index.snapshot():
        (term,) = index.distance(metric="cosine").terms()
        return term
