"""Ranks of relevant photos, against sorting all distances."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsim.evaluation import ranks
from imgsim.evaluation.ranks import Ranking
from imgsim.index.index import open_index
from imgsim.index.update import update_index
from imgsim.metrics import METRICS
from imgsim.search import leave_one_out
from tests.galleries import all_distances, term_of

EXTREMES = {"as it is": 64, "all sorted": 0, "all compared": 10**6}


def brute_force(terms, labels):
    """Sort all photos by distance, then place: the ranks of each query's relevant photos, by query."""
    distances, found = all_distances(terms), {}
    for query, row in enumerate(distances):
        others = [photo for photo in np.argsort(row, kind="stable") if labels[photo] >= 0 and np.isfinite(row[photo])]
        relevant = [place for place, photo in enumerate(others, start=1) if labels[photo] == labels[query]]
        if labels[query] >= 0 and relevant:
            found[query] = relevant
    return found


def ranked(terms, labels):
    found = {}
    for block in Ranking(terms, np.asarray(labels)).blocks():
        assert block.ranks.dtype == np.int32
        ends = zip(block.offsets, block.offsets[1:], strict=False)
        parts = [block.ranks[start:end].tolist() for start, end in ends]
        found |= dict(zip(block.photos.tolist(), parts, strict=True))
    return found


def features_of(seed, count, copies=0, dim=8):
    """Make features with many equal distances: small integers, some rows twice."""
    rng = np.random.default_rng(seed)
    features = rng.integers(0, 3, (count, dim)).astype(np.float32) * rng.choice([0, 1, 1000])
    features[rng.integers(0, count, copies)] = features[0]
    return features


@pytest.mark.parametrize("few", EXTREMES.values(), ids=EXTREMES)
@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(METRICS)),
    seed=st.integers(0, 10_000),
    count=st.integers(1, 40),
    copies=st.integers(0, 10),
    classes=st.integers(1, 12),
    parts=st.integers(1, 3),
    chunk=st.sampled_from([1, 2000, 1 << 28]),
)
def test_equals_brute_force(few, name, seed, count, copies, classes, parts, chunk):
    rng = np.random.default_rng(seed)
    photos = np.arange(count) // parts
    term = term_of(features_of(seed, count, copies), name, photos=photos, present=rng.random(count) > 0.1)
    labels = rng.integers(-1, classes, photos[-1] + 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranks, "FEW", few)
        patch.setattr(leave_one_out, "CHUNK_BYTES", chunk)
        assert ranked([term], labels) == brute_force([term], labels)


@pytest.mark.parametrize("few", EXTREMES.values(), ids=EXTREMES)
@settings(max_examples=30, deadline=None)
@given(names=st.lists(st.sampled_from(sorted(METRICS)), min_size=2, max_size=3), seed=st.integers(0, 10_000))
def test_fused_distances_are_ranked_as_measured_in_full(few, names, seed):
    rng = np.random.default_rng(seed)
    terms = [
        term_of(
            features_of(seed + place, 30, 5), name, present=rng.random(30) > 0.1, factor=weight * 1.7, weight=weight
        )
        for place, (name, weight) in enumerate(zip(names, [0.25, 0.5, 0.25], strict=False))
    ]
    labels = rng.integers(-1, 6, 30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranks, "FEW", few)
        assert ranked(terms, labels) == brute_force(terms, labels)


@pytest.mark.parametrize("few", EXTREMES.values(), ids=EXTREMES)
@pytest.mark.parametrize("dim", [8, 64])
def test_packed_bits_with_many_ties(few, dim, rng, monkeypatch):
    monkeypatch.setattr(ranks, "FEW", few)
    features = (rng.random((150, dim)) > 0.5).astype(np.float32)
    term = term_of(features, "hamming", binary=True)
    labels = rng.integers(0, 20, 150)
    assert term.gallery.rows.dtype == np.uint8
    assert ranked([term], labels) == brute_force([term], labels)


@pytest.mark.parametrize("few", EXTREMES.values(), ids=EXTREMES)
@pytest.mark.parametrize("name", ["cosine", "correlation", "euclidean", "hellinger", "inner_product"])
def test_near_ties_are_told_apart_beyond_float32(few, name, rng, monkeypatch):
    # A product in float32 cannot order these: they differ in the last bits of a large row.
    monkeypatch.setattr(ranks, "FEW", few)
    features = np.repeat(rng.random((1, 64)).astype(np.float32) * 100, 60, axis=0)
    for row in range(60):
        features[row, row] = np.nextafter(features[row, row], np.float32(1000))
    term, labels = term_of(features, name), np.arange(60) % 7
    assert ranked([term], labels) == brute_force([term], labels)


def test_most_distances_need_no_measuring(rng, monkeypatch):
    term = term_of(rng.standard_normal((400, 32)).astype(np.float32), "cosine")
    measured = []
    exact = type(term.metric).exact

    def counting(self, query, rows):
        measured.append(len(rows))
        return exact(self, query, rows)

    monkeypatch.setattr(type(term.metric), "exact", counting)
    ranked([term], np.arange(400) // 5)
    assert sum(measured) < 3 * 400 * 4  # four relevant photos each, and few besides
    measured.clear()
    ranked([term], np.arange(400) // 100)  # many relevant photos: float64 leaves hardly a doubt
    assert sum(measured) < 400


def test_by_hand():
    #        0  1  2  3  4  5
    features = np.array([[0], [1], [3], [7], [8], [20]], np.float32)
    labels = np.array([0, 1, 0, 1, -1, 2])
    assert ranked([term_of(features)], labels) == {0: [2], 1: [3], 2: [2], 3: [2]}
    ranking = Ranking([term_of(features)], labels)
    assert (ranking.queries, ranking.alone, ranking.left_out) == (4, 1, 1)


def test_a_copy_of_the_query_is_a_photo_like_any_other():
    features = np.array([[5], [5], [5], [9]], np.float32)
    # Photo 1 is of another class and comes before photo 2; photo 0 has photo 1 before photo 2.
    assert ranked([term_of(features)], [0, 1, 0, 1]) == {0: [2], 1: [3], 2: [1], 3: [2]}


def test_photos_alone_in_their_class_may_be_found():
    features = np.array([[0], [1], [2]], np.float32)
    assert ranked([term_of(features)], [0, 7, 0]) == {0: [2], 2: [2]}
    assert ranked([term_of(features)], [0, -1, 0]) == {0: [1], 2: [1]}


def test_a_photo_that_lacks_an_extractor_takes_no_part():
    features = np.array([[0], [1], [2], [3]], np.float32)
    terms = [term_of(features, weight=0.5), term_of(features, weight=0.5, present=[True, False, True, True])]
    ranking = Ranking(terms, np.zeros(4, int))
    assert (ranking.queries, ranking.alone, ranking.left_out) == (3, 0, 1)
    assert ranked(terms, [0, 0, 0, 0]) == {0: [1, 2], 2: [1, 2], 3: [1, 2]}


@pytest.mark.parametrize("labels", [[], [-1, -1], [0, 1, 2], [3]])
def test_where_nobody_can_ask_there_are_no_ranks(labels):
    ranking = Ranking([term_of(np.ones((len(labels), 3), np.float32))], np.array(labels, int))
    assert ranking.queries == 0
    assert not list(ranking.blocks())


def test_ranks_are_those_of_queries(make_photos):
    folder = make_photos(14)
    update_index(folder, extractors=["histogram:bins=4", "lbp"])
    labels = np.arange(14) % 4
    with open_index(folder) as index:
        with index.snapshot():
            found = ranked(index.distance(["histogram@2", "lbp"]).terms(), labels)
        names = sorted(f"{photo}.png" for photo in range(14))
        for photo, name in enumerate(names):
            matches = index.search(folder / name, 13, extractors=["histogram@2", "lbp"])
            expected = [match.rank for match in matches if labels[names.index(match.path)] == labels[photo]]
            assert found[photo] == expected


def test_blocks_follow_one_another(monkeypatch, rng):
    ranking = Ranking([term_of(rng.random((10, 3)).astype(np.float32))], np.array([0, 1, 2, 1, 0, 1, -1, 0, 3, 0]))
    (whole,) = ranking.blocks()
    monkeypatch.setattr(leave_one_out, "CHUNK_BYTES", 8 * 10 * 3)
    blocks = list(ranking.blocks())
    assert [block.photos.tolist() for block in blocks] == [[0, 1, 3], [4, 5, 7], [9]]
    assert [block.offsets.tolist() for block in blocks] == [[0, 3, 5, 7], [0, 3, 5, 8], [0, 3]]
    np.testing.assert_array_equal(np.concatenate([block.ranks for block in blocks]), whole.ranks)


def test_rows_in_double_precision_have_the_same_distances(rng):
    term = term_of(rng.random((20, 8)).astype(np.float32), "cosine")
    wide = replace(term.gallery, rows=term.gallery.rows.astype(np.float64))
    query = term.gallery.rows[3]
    np.testing.assert_array_equal(
        term.metric.exact(query, term.gallery.rows), term.metric.exact(query.astype(float), wide.rows)
    )
