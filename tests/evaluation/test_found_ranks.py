"""Ranks of the right found things are those that matching two sides gives."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsim.evaluation import found_ranks
from imgsim.evaluation.found_ranks import pair_lengths, rank_found
from imgsim.metrics import METRICS, load_metric, measure_statistics
from imgsim.search.gallery import lay_out
from imgsim.search.ranking import Term
from imgsim.search.thing_side import take_part
from imgsim.search.two_sides import match_sides


def sides_of(rng, name, *, coarse=False):
    metric = load_metric(name)
    drawn = [rng.integers(0, 3, (count, 6)) if coarse else rng.random((count, 6)) for count in (7, 23)]
    drawn = [one.astype(np.float32) / (1 if coarse else 6) for one in drawn]
    fitted = metric.fit(measure_statistics(drawn[1]))
    things = [rng.integers(-1, most, len(one)) for one, most in zip(drawn, (4, 15), strict=True)]
    return [
        take_part([Term(lay_out(one, fitted), fitted)], np.arange(len(one)), its)
        for one, its in zip(drawn, things, strict=True)
    ]


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(METRICS)), seed=st.integers(0, 1000), coarse=st.booleans())
def test_ranks_and_lengths_are_those_of_matching(name, seed, coarse):
    rng = np.random.default_rng(seed)
    (lost, _), (found, _) = sides_of(rng, name, coarse=coarse)
    if not len(lost) or not len(found):
        return
    matched = match_sides(lost, found, len(found))
    chosen = rng.permutation(len(matched.lost))[: 1 + len(matched.lost) // 3]
    ranks = rank_found(lost, found, matched.lost[chosen], matched.found[chosen])
    expected = [sorted(matched.ranks[chosen][matched.lost[chosen] == thing]) for thing in ranks.photos]
    assert ranks.photos.tolist() == sorted(set(matched.lost[chosen].tolist()))
    assert [part.tolist() for part in np.split(ranks.ranks, ranks.offsets[1:-1])] == expected
    lengths = pair_lengths(lost, found, matched.lost[chosen], matched.found[chosen])
    assert lengths.tolist() == matched.distances[chosen].tolist()


def test_chunks_change_nothing(monkeypatch):
    rng = np.random.default_rng(5)
    (lost, _), (found, _) = sides_of(rng, "cosine")
    pairs = np.array([(one, other) for one in range(len(lost)) for other in (0, 3)])
    whole = rank_found(lost, found, *pairs.T)
    told = []
    monkeypatch.setattr(found_ranks, "BOUNDS", 1)
    parts = rank_found(lost, found, *pairs.T, advanced=told.append)
    assert parts.ranks.tolist() == whole.ranks.tolist()
    assert told == [1] * len(lost)


def test_a_thing_does_not_find_itself():
    rng = np.random.default_rng(5)
    (lost, _), (found, _) = sides_of(rng, "euclidean")
    asking, right = np.array([0]), np.array([2])
    before = rank_found(lost, found, asking, right).ranks[0]
    closest = match_sides(lost, found, 1).found[0]
    assert closest != right[0]
    after = rank_found(lost, found, asking, right, itself=np.full(len(lost), closest)).ranks[0]
    assert after == before - 1


def test_what_lacks_features_or_a_thing_takes_no_part():
    metric = load_metric("euclidean").fit()
    gallery = lay_out(np.arange(4, dtype=np.float32)[:, None], metric)
    gallery.present[1] = False
    chosen = take_part([Term(gallery, metric)], np.arange(4), np.array([9, 8, -1, 9]))
    assert (chosen.side.rows.tolist(), chosen.things.tolist()) == ([0, 3], [9])
    assert chosen.places(np.array([9, 8, 10, 0])).tolist() == [0, -1, -1, -1]
