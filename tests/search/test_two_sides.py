"""Matching two sides in blocks gives what measuring every pair gives."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsim.metrics import METRICS, load_metric, measure_statistics
from imgsim.search import two_sides
from imgsim.search.gallery import lay_out
from imgsim.search.ranking import Term
from imgsim.search.refused_pairs import RefusedPairs
from imgsim.search.two_sides import Side, match_sides


def sides_of(ours, theirs, name="cosine", own=None, other=None):
    metric = load_metric(name).fit(measure_statistics(theirs))
    sides = []
    for features, things in ((ours, own), (theirs, other)):
        terms = [Term(lay_out(features, metric), metric)]
        rows = np.arange(len(features))
        sides.append(Side(terms, rows, rows if things is None else np.asarray(things)))
    return sides


def plain(lost, found, k, allowed):
    """Measure every pair of rows; let the closest pair of each two things speak.

    Mutual is None where rounding decides: sums of the same terms in another order differ in their last bits.
    """
    best = np.full((len(lost), len(found)), np.inf)
    for one, thing in zip(lost.rows, lost.parts.places, strict=True):
        (term,) = found.terms
        distances = term.metric.exact(lost.terms[0].gallery.rows[one], term.gallery.rows)
        for other, there in zip(found.rows, found.parts.places, strict=True):
            if allowed is None or allowed[one, other]:
                best[thing, there] = min(best[thing, there], distances[other])
    rows = []
    for thing in range(len(lost)):
        order = [there for there in np.argsort(best[thing], kind="stable")[:k] if np.isfinite(best[thing, there])]
        for rank, there in enumerate(order, start=1):
            mutual = bool(rank == 1 and best[:, there].argmin() == thing)
            least = best[:, there].min()
            close = np.isfinite(best[:, there]) & (best[:, there] <= least + 1e-12 * abs(least))
            if rank == 1 and close[thing] and close.sum() > 1:
                mutual = None
            rows.append((thing, int(there), rank, float(best[thing, there]), mutual))
    return rows


def listed(pairs):
    columns = (pairs.lost, pairs.found, pairs.ranks, pairs.distances, pairs.mutual)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(METRICS)),
    seed=st.integers(0, 10_000),
    counts=st.tuples(st.integers(1, 12), st.integers(1, 40)),
    k=st.integers(1, 12),
    things=st.integers(1, 4),
    block=st.integers(1, 50),
    chunk=st.sampled_from([1, 1 << 12, 1 << 27]),
    conditioned=st.booleans(),
    refusals=st.integers(0, 30),
)
def test_equals_brute_force(name, seed, counts, k, things, block, chunk, conditioned, refusals):
    rng = np.random.default_rng(seed)
    ours, theirs = (rng.integers(0, 3, (count, 6)).astype(np.float32) for count in counts)
    if load_metric(name).domain == "boolean":
        ours, theirs = ours > 1, theirs > 1
    ours, theirs = ours.astype(np.float32), theirs.astype(np.float32)
    own, other = (rng.integers(0, -(-count // things), count) for count in counts)
    mask = kept = rng.random(counts) < 0.4 if conditioned else None
    allowed = None if kept is None else lambda one, two: kept[np.ix_(one, two)]
    lost, found = sides_of(ours, theirs, name, own, other)
    pairs = np.stack([rng.choice(side, refusals) for side in (own, other)], axis=1)
    refused = RefusedPairs(own, other, np.unique(pairs, axis=0)) if refusals else None
    if refusals:
        out = (own[:, None, None] == pairs[:, 0]) & (other[None, :, None] == pairs[:, 1])
        mask = ~out.any(axis=2) & (True if mask is None else mask)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(two_sides, "BLOCK_ROWS", block)
        patch.setattr(two_sides, "CHUNK_BYTES", chunk)
        pairs = match_sides(lost, found, k, allowed, refused)
    expected = plain(lost, found, k, mask)
    assert [pair[:4] for pair in listed(pairs)] == [pair[:4] for pair in expected]
    assert all(said == told for (*_, said), (*_, told) in zip(listed(pairs), expected, strict=True) if told is not None)
    for place, (one, two) in enumerate(zip(pairs.lost_rows, pairs.found_rows, strict=True)):
        (term,) = found.terms
        spoken = term.metric.exact(lost.terms[0].gallery.rows[one], term.gallery.rows[two][None])[0]
        assert spoken == pairs.distances[place]
        assert mask is None or mask[one, two]
        assert own[one] == own[lost.rows[lost.parts.starts[pairs.lost[place]]]]
        assert other[two] == other[found.rows[found.parts.starts[pairs.found[place]]]]


@pytest.mark.parametrize("name", ["cosine", "jensenshannon", "cityblock"])
def test_of_lost_things_that_are_the_same_the_first_is_mutual(rng, name):
    theirs = rng.random((5, 6)).astype(np.float32)
    ours = theirs[[3, 3, 1]] + np.float32(0.01)
    pairs = match_sides(*sides_of(ours, theirs, name), 1)
    assert [(lost, found, mutual) for lost, found, _, _, mutual in listed(pairs)] == [
        (0, 3, True),
        (1, 3, False),
        (2, 1, True),
    ]


def test_only_the_rows_of_a_side_take_part(rng):
    features = rng.random((20, 8)).astype(np.float32)
    metric = load_metric("cosine").fit()
    terms = [Term(lay_out(features, metric), metric)]
    lost, found = (Side(terms, rows, rows) for rows in (np.array([3, 7]), np.array([2, 5, 11])))
    pairs = match_sides(lost, found, 5)
    assert pairs.lost_rows.tolist() == [3, 3, 3, 7, 7, 7]
    assert sorted(pairs.found_rows[:3].tolist()) == [2, 5, 11]


def test_exchanged_sides_measure_the_same_distances(rng):
    ours, theirs = rng.random((9, 32)).astype(np.float32), rng.random((15, 32)).astype(np.float32)
    for name in sorted(METRICS):
        if load_metric(name).needs_statistics or load_metric(name).domain == "boolean":
            continue
        there = match_sides(*sides_of(ours, theirs, name), 15)
        back = match_sides(*sides_of(theirs, ours, name), 9)
        distances = {(one, two): d for one, two, _, d, _ in listed(there)}
        again = {(two, one): d for one, two, _, d, _ in listed(back)}
        assert again == pytest.approx(distances, rel=1e-12)  # but for the order in which a sum is rounded
        assert {pair[:2] for pair in listed(there) if pair[4]} == {pair[1::-1] for pair in listed(back) if pair[4]}


def test_a_gallery_that_comes_ever_closer_is_thinned_out(rng):
    ours = np.zeros((3, 2), np.float32)
    theirs = np.arange(30_000, 0, -1, dtype=np.float32)[:, None].repeat(2, axis=1)
    pairs = match_sides(*sides_of(ours, theirs, "euclidean"), 3)
    assert pairs.found_rows.tolist() == [29_999, 29_998, 29_997] * 3


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), kinds=st.integers(1, 4), block=st.sampled_from([8, 16, 8192]))
def test_groups_that_are_allowed_the_same_equal_brute_force(seed, kinds, block):
    rng = np.random.default_rng(seed)
    ours, theirs = rng.random((64, 6)).astype(np.float32), rng.random((50, 6)).astype(np.float32)
    own, other = rng.integers(0, kinds, 64), rng.integers(0, kinds + 1, 50)
    lost, found = sides_of(ours, theirs)
    allowed, few = own[:, None] == other, np.stack([rng.integers(0, 64, 40), rng.integers(0, 50, 40)], axis=1)
    refused = RefusedPairs(np.arange(64), np.arange(50), few)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(two_sides, "BLOCK_ROWS", block)
        for refuse in (None, refused):
            pairs = match_sides(lost, found, 4, lambda one, two: own[one][:, None] == other[two], refuse)
            assert listed(pairs) == plain(lost, found, 4, allowed)
            allowed[few[:, 0], few[:, 1]] = False


def test_nothing_on_a_side_gives_nothing():
    empty, some = np.zeros((0, 4), np.float32), np.ones((2, 4), np.float32)
    for ours, theirs in ((empty, some), (some, empty)):
        lost, found = sides_of(ours, theirs, "euclidean")
        assert listed(match_sides(lost, found, 3)) == []


def test_fused_terms_count_by_weight():
    lost, found = sides_of(np.array([[0.0]], np.float32), np.array([[1.0], [5.0]], np.float32), "euclidean")
    second, _ = sides_of(np.array([[0.0]], np.float32), np.array([[9.0], [1.0]], np.float32), "euclidean")
    _, other = sides_of(np.array([[0.0]], np.float32), np.array([[9.0], [1.0]], np.float32), "euclidean")
    terms = [replace(side.terms[0], factor=0.5, weight=0.5) for side in (found, other)]
    ours = [replace(side.terms[0], factor=0.5, weight=0.5) for side in (lost, second)]
    pairs = match_sides(Side(ours, lost.rows, lost.rows), Side(terms, found.rows, found.rows), 2)
    assert listed(pairs) == [(0, 1, 1, 3.0, True), (0, 0, 2, 5.0, False)]
