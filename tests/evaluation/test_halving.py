"""Successive halving, against contestants whose worth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsim.evaluation.halving import Standing, halve, pairs_first


class Clock:
    """Time that passes only when photos are measured."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def contest(worth, total, seconds, cost=0.01):
    clock, rounds, measured = Clock(), [], {}

    def judge(remaining, photos):
        rounds.append((len(remaining), photos))
        for one in remaining:
            clock.now += cost * (photos - measured.get(one, 0))
            measured[one] = photos
        return {one: worth[one] for one in remaining}

    standings = halve(list(worth), judge, total, seconds=seconds, cost=lambda _: cost, clock=clock)
    return standings, rounds, clock.now


def test_the_best_is_judged_on_the_most_photos_within_the_time():
    worth = {name: place for place, name in enumerate("abcdefgh")}
    standings, rounds, took = contest(worth, total=10_000, seconds=40)
    assert "".join(one.contestant for one in standings) == "hgfedcba"
    assert rounds[0] == (8, 64)
    contestants, photos = zip(*rounds, strict=True)
    assert list(photos) == sorted(set(photos))
    assert list(contestants) == sorted(contestants, reverse=True)
    assert contestants == (8, 4, 2)
    assert 30 < took <= 40
    assert standings[0] == Standing("h", 7, photos[-1])
    assert standings[-1] == Standing("a", 0, 64)


def test_with_time_for_everything_nobody_is_dropped():
    standings, rounds, _ = contest({"a": 1, "b": 2, "c": 3}, total=100, seconds=1000)
    assert rounds == [(3, 64), (3, 100)]
    assert [one.photos for one in standings] == [100, 100, 100]


def test_without_time_the_first_round_decides():
    standings, rounds, _ = contest({"a": 1, "b": 2}, total=1000, seconds=0)
    assert rounds == [(2, 64)]
    assert [one.contestant for one in standings] == ["b", "a"]


def test_few_photos_are_all_used():
    standings, rounds, _ = contest({"a": 1}, total=5, seconds=1)
    assert rounds == [(1, 5)]
    assert standings == [Standing("a", 1, 5)]


@pytest.mark.parametrize("seed", [0, 1])
def test_photos_come_in_pairs_of_a_class(seed):
    codes = np.array([0] * 5 + [1] * 3 + [2] * 2 + [3])
    order = pairs_first(codes, seed)
    classes = codes[order].tolist()
    assert sorted(order.tolist()) == list(range(11))
    assert sorted(classes[:6]) == [0, 0, 1, 1, 2, 2]
    assert all(classes[n] == classes[n + 1] for n in (0, 2, 4))
    assert sorted(classes[6:8]) == [0, 1]
    assert classes[8:] == [0, 0, 3]


def test_the_seed_shuffles():
    codes = np.repeat(np.arange(40), 4)
    assert (pairs_first(codes, 0) == pairs_first(codes, 0)).all()
    assert (pairs_first(codes, 0) != pairs_first(codes, 1)).any()


@given(st.lists(st.integers(0, 4), max_size=30))
def test_it_is_a_permutation(classes):
    codes = np.array(classes, np.intp)
    assert sorted(pairs_first(codes).tolist()) == list(range(len(codes)))
