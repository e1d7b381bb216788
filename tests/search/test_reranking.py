"""Re-ranking, against the published algorithms written out as plain loops."""

import numpy as np
import pytest

from imgsim.errors import ParameterError, UnknownNameError
from imgsim.evaluation.ranks import Ranking
from imgsim.search.k_reciprocal import KReciprocal
from imgsim.search.leave_one_out import LeaveOneOut
from imgsim.search.query_expansion import QueryExpansion
from imgsim.search.ranking import rank
from imgsim.search.reranking import RERANKERS, load_reranker
from imgsim.search.shortlist import Shortlist, list_neighbours
from tests.galleries import term_of


def clustered(rng, count=60, dim=6, clusters=5):
    centres = rng.standard_normal((clusters, dim))
    rows = centres[rng.integers(0, clusters, count)] + 0.7 * rng.standard_normal((count, dim))
    return rows.astype(np.float32)


def pairwise(rows, metric):
    term = term_of(rows, metric)
    return np.array([term.metric.exact(row, term.gallery.rows) for row in term.gallery.rows])


def plain_k_reciprocal(distances, k1, k2, weight):
    """Zhong et al., equations 1 to 12, set by set; the query is thing 0, and each thing is its own first neighbour."""
    count = len(distances)
    scaled = distances / distances.max(axis=1, keepdims=True)
    ranked = [[i, *(j for j in np.argsort(distances[i], kind="stable").tolist() if j != i)] for i in range(count)]

    def mutual(i, k):
        return {j for j in ranked[i][: k + 1] if i in ranked[j][: k + 1]}

    vectors = np.zeros((count, count))
    for i in range(count):
        own = mutual(i, k1)
        wide = set(own)
        for j in own:
            half = mutual(j, round(k1 / 2))
            if len(half & own) > 2 / 3 * len(half):
                wide |= half
        for j in wide:
            vectors[i, j] = np.exp(-scaled[i, j])
        vectors[i] /= vectors[i].sum()
    if k2 > 1:
        vectors = np.array([vectors[ranked[i][:k2]].mean(axis=0) for i in range(count)])
    jaccard = [1 - np.minimum(vectors[0], v).sum() / np.maximum(vectors[0], v).sum() for v in vectors]
    return (1 - weight) * np.array(jaccard)[1:] + weight * scaled[0, 1:]


def asked_from_outside(features, query, metric, length=None):
    """Shortlist all the gallery, or its first photos, for a query that is none of it."""
    term = term_of(features, metric)
    gallery = LeaveOneOut([term])
    views = [term.metric.embed(query[None])]
    found = rank([term], views, length or len(features))
    return Shortlist(gallery, views, found.rows, found.distances)


@pytest.mark.parametrize("metric", ["cosine", "sqeuclidean", "cityblock"])
@pytest.mark.parametrize(("k1", "k2", "weight"), [(20, 6, 0.3), (10, 3, 0.5), (5, 1, 0.0), (7, 7, 1.0), (1, 1, 0.2)])
def test_k_reciprocal_is_the_published_one_where_the_shortlist_is_everything(rng, metric, k1, k2, weight):
    rows = clustered(rng)
    found = asked_from_outside(rows[1:], rows[0], metric)
    values = KReciprocal(shortlist=len(rows), k1=k1, k2=k2, weight=weight).values(found)
    expected = plain_k_reciprocal(pairwise(rows, metric), k1, k2, weight)[found.photos]
    np.testing.assert_allclose(values, expected, atol=1e-5)


@pytest.mark.parametrize("asking", [0, 17, 59])
def test_a_photo_of_the_gallery_asks_as_one_from_outside_does(rng, asking):
    rows = clustered(rng)
    term = term_of(rows, "cosine")
    gallery = LeaveOneOut([term])
    others = np.delete(np.arange(len(rows)), asking)
    found = asked_from_outside(rows[others], rows[asking], "cosine", 30)
    lists = list_neighbours(gallery, np.arange(len(rows)), 8)
    for chosen in (lists, None):
        inside = Shortlist(gallery, gallery.views(asking), others[found.photos], found.distances, asking, chosen)
        for reranker in (KReciprocal(shortlist=30, k1=8, k2=3), QueryExpansion(shortlist=30)):
            np.testing.assert_allclose(reranker.values(inside), reranker.values(found), atol=1e-5)


def test_neighbours_beyond_the_shortlist_come_from_the_whole_gallery(rng):
    """A photo of the shortlist that has nearer ones beyond it does not count as mutual."""
    query, near = np.zeros(2), [[1.0, 0.0]]
    crowd = [[2.0 + 0.01 * i, 0.0] for i in range(9)]
    features = np.array(near + crowd, np.float32)
    found = asked_from_outside(features, query.astype(np.float32), "euclidean", 2)
    graph = found.graph(1)
    assert graph.nearest[:, 0].tolist() == [1, 0, -1]  # the second photo's nearest one is of the crowd


@pytest.mark.parametrize(("k", "alpha"), [(5, 3.0), (3, 0.0), (60, 1.0)])
def test_query_expansion_is_the_published_one(rng, k, alpha):
    rows = clustered(rng).astype(np.float64)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    similarity = unit[1:] @ unit[0]
    nearest = np.argsort(-similarity)[:k]
    query = unit[0] + np.maximum(similarity[nearest], 0) ** alpha @ unit[1:][nearest]
    expected = 1 - unit[1:] @ (query / np.linalg.norm(query))
    found = asked_from_outside(rows[1:].astype(np.float32), rows[0].astype(np.float32), "cosine")
    values = QueryExpansion(shortlist=60, k=k, alpha=alpha).values(found)
    np.testing.assert_allclose(values, expected[found.photos], atol=1e-5)


def test_parts_are_photos(rng):
    rows = clustered(rng)
    photos = np.repeat(np.arange(30), 2)
    term = term_of(rows, "cosine", photos=photos)
    gallery = LeaveOneOut([term])
    distances = pairwise(rows, "cosine").reshape(30, 2, 30, 2).min(axis=(1, 3))
    np.fill_diagonal(distances, 0)
    order = np.argsort(distances[4], kind="stable")
    order = order[order != 4]
    found = Shortlist(gallery, gallery.views(4), order, distances[4][order], 4)
    sorted_ = np.array([4, *order])
    expected = plain_k_reciprocal(distances[np.ix_(sorted_, sorted_)], 6, 2, 0.5)
    np.testing.assert_allclose(KReciprocal(shortlist=30, k1=6, k2=2).values(found), expected, atol=1e-5)
    assert np.isfinite(QueryExpansion(shortlist=30).values(found)).all()


def test_copies_and_few_photos_are_no_trouble(rng):
    rows = np.repeat(clustered(rng, 2), 2, axis=0)
    for count in (1, 2, 4):
        found = asked_from_outside(rows[:count], rows[0], "cosine")
        for name in RERANKERS:
            values = load_reranker(name).values(found)
            assert values.shape == (count,)
            assert np.isfinite(values).all()


@pytest.mark.parametrize("name", list(RERANKERS))
def test_leave_one_out_ranks_by_the_new_order(rng, name):
    rows, labels = clustered(rng), rng.integers(0, 4, 60)
    term = term_of(rows, "cosine")
    gallery = LeaveOneOut([term])
    reranker = load_reranker(f"{name}:shortlist=20")
    lists = list_neighbours(gallery, np.arange(60), max(1, reranker.neighbours))
    distances = pairwise(rows, "cosine")
    for block in Ranking([term], labels, reranker).blocks():
        for place, photo in enumerate(block.photos.tolist()):
            order = np.argsort(distances[photo], kind="stable")
            order = order[order != photo]
            first = Shortlist(gallery, gallery.views(photo), order[:20], distances[photo][order[:20]], photo, lists)
            order[:20] = order[:20][np.argsort(reranker.values(first), kind="stable")]
            expected = 1 + np.flatnonzero(labels[order] == labels[photo])
            assert block.ranks[block.offsets[place] : block.offsets[place + 1]].tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("k_reciprocal:k1=0", "k1 is at least 1"),
        ("k_reciprocal:k2=30", "k2 is 1 to k1"),
        ("k_reciprocal:weight=nan", "weight is 0 to 1"),
        ("k_reciprocal:shortlist=5", "the shortlist is at least k1"),
        ("k_reciprocal:k1=many", "k1 is a whole number"),
        ("k_reciprocal:alpha=3", "takes no parameter 'alpha'; it takes: k1, k2, shortlist, weight"),
        ("k_reciprocal@2", "has no weight"),
        ("query_expansion:k=0", "k is at least 1"),
        ("query_expansion:alpha=-1", "alpha is a number from 0"),
        ("query_expansion:shortlist=2", "the shortlist is at least k"),
    ],
)
def test_parameters_that_do_not_fit(text, says):
    with pytest.raises(ParameterError, match=says):
        load_reranker(text)


def test_names_and_metrics_that_do_not_fit():
    with pytest.raises(UnknownNameError, match="did you mean k_reciprocal"):
        load_reranker("k_reciprocl")
    with pytest.raises(ParameterError, match="not by euclidean"):
        load_reranker("query_expansion").check(["cosine", "euclidean"])
    with pytest.raises(ParameterError, match="inner_product"):
        load_reranker("k_reciprocal").check(["inner_product"])
