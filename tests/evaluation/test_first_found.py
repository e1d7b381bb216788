"""What some photos find first, beside what all of them find, and who is drawn to ask."""

import numpy as np
import pytest

from imgsim.evaluation.first_found import choose_asking, find_first
from imgsim.search.neighbours import find_neighbours
from imgsim.search.ranking import rank
from imgsim.search.reranking import load_reranker
from tests.galleries import term_of


def test_who_asks_is_drawn_by_seed_of_those_that_all_know():
    asked = [np.arange(0, 40, 2), np.arange(0, 40, 3)]
    assert choose_asking(asked, 50, seed=0).tolist() == list(range(0, 40, 6))
    drawn = choose_asking(asked, 3, seed=1)
    assert (len(drawn), drawn.tolist()) == (3, sorted(set(drawn.tolist())))
    assert np.array_equal(drawn, choose_asking(asked, 3, seed=1))
    assert len({tuple(choose_asking(asked, 3, seed=seed).tolist()) for seed in range(10)}) > 3
    assert choose_asking([np.array([1]), np.array([2])], 5, seed=0).tolist() == []


def test_some_find_what_they_find_among_all(rng):
    term = term_of(rng.standard_normal((40, 6)).astype(np.float32), present=np.arange(40) % 7 > 0)
    wanted = np.arange(40) % 5 > 0
    everyone = find_neighbours([term], 2, wanted=wanted)
    some = np.arange(0, len(everyone.photos), 4)
    found = find_first([term], wanted, everyone.photos[some], 2)
    assert found.rows.tolist() == everyone.rows[some].tolist()
    assert found.distances.tolist() == everyone.distances[some].tolist()


@pytest.mark.parametrize("name", ["k_reciprocal:k1=5,k2=2", "query_expansion:k=3"])
def test_reranked_first_ones_are_a_querys(rng, name):
    rows = rng.standard_normal((30, 6)).astype(np.float32)
    rows[::3] += 2
    term, reranker = term_of(rows, "cosine"), load_reranker(name)
    asking = np.arange(0, 30, 4)
    found = find_first([term], np.ones(30, bool), asking, 2, reranker)
    plain = find_first([term], np.ones(30, bool), asking, 2)
    assert not np.array_equal(found.rows, plain.rows)
    for photo, others, distances in zip(asking, found.rows, found.distances, strict=True):
        by_distance = rank([term], [term.gallery.rows[photo : photo + 1]], 30, excluded={photo})
        measured = dict(zip(by_distance.rows.tolist(), by_distance.distances.tolist(), strict=True))
        assert [measured[other] for other in others.tolist()] == distances.tolist()
        assert photo not in others


def test_where_there_is_one_other_it_is_all_that_is_found():
    term = term_of(np.array([[0.0], [1.0]], np.float32))
    assert find_first([term], np.ones(2, bool), np.array([0, 1]), 2).rows.tolist() == [[1], [0]]
