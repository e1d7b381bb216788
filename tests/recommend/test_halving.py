"""Successive halving, against contestants whose worth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsim.recommend.halving import Standing, halve, pairs_first
from imgsim.recommend.pace import Pace


class Contest:
    """Contestants that are judged in no time but that of a clock, which passes as photos are measured and ranked."""

    def __init__(self, worth, measuring=0.01, ranking=0.0):
        self.worth, self.costs = worth, (measuring, ranking)
        self.now, self.photos, self.rounds = 0.0, 0, []

    def clock(self):
        return self.now

    def cost(self, remaining, before, photos):
        measuring, ranking = self.costs
        return len(remaining) * (measuring * (photos - before) + ranking * photos**2)

    def judge(self, remaining, photos):
        self.rounds.append((len(remaining), photos))
        self.now += self.cost(remaining, self.photos, photos)
        self.photos = photos
        return {one: self.worth[one] for one in remaining}

    def hold(self, total, end, **options):
        options = {"cost": self.cost, **options}
        return halve(list(self.worth), self.judge, total, end=end, clock=self.clock, **options)


def test_the_best_is_judged_on_the_most_photos_within_the_time():
    contest = Contest({name: place for place, name in enumerate("abcdefgh")})
    standings = contest.hold(total=10_000, end=40)
    assert "".join(one.contestant for one in standings) == "hgfedcba"
    assert contest.rounds[0] == (8, 64)
    contestants, photos = zip(*contest.rounds, strict=True)
    assert list(photos) == sorted(set(photos))
    assert list(contestants) == sorted(contestants, reverse=True)
    assert contestants[:3] == (8, 4, 2)
    assert 30 < contest.now <= 40
    assert standings[0] == Standing("h", 7, photos[-1])
    assert standings[-1] == Standing("a", 0, 64)


def test_no_round_is_much_larger_than_the_one_that_foretells_it():
    contest = Contest({"a": 1, "b": 2}, measuring=1e-6)
    contest.hold(total=10_000, end=60)
    assert contest.rounds == [(2, 64), (2, 256), (2, 1024), (2, 4096), (2, 10_000)]


def test_with_time_for_everything_nobody_is_dropped():
    contest = Contest({"a": 1, "b": 2, "c": 3})
    standings = contest.hold(total=100, end=1000)
    assert contest.rounds == [(3, 64), (3, 100)]
    assert [one.photos for one in standings] == [100, 100, 100]
    contest = Contest(dict.fromkeys("abcdefgh", 1))  # which is not to say time for four such rounds, to halve eight
    contest.hold(total=100, end=0.01 * 8 * (64 + 1.2 * 36))
    assert contest.rounds == [(8, 64), (8, 100)]


def test_without_time_the_first_round_decides():
    contest = Contest({"a": 1, "b": 2})
    standings = contest.hold(total=1000, end=0)
    assert contest.rounds == [(2, 64)]
    assert [one.contestant for one in standings] == ["b", "a"]


def test_few_photos_are_all_used():
    contest = Contest({"a": 1})
    assert contest.hold(total=5, end=1) == [Standing("a", 1, 5)]
    assert contest.rounds == [(1, 5)]


def test_what_comes_after_the_last_round_has_its_time():
    contest = Contest({"a": 1, "b": 2}, ranking=1e-6)
    contest.hold(total=10_000, end=60, after=lambda photos: 5e-6 * photos**2)
    after = 5e-6 * contest.photos**2
    assert after > 1
    assert 40 < contest.now + after <= 60


def test_where_half_of_them_take_too_long_the_best_two_go_on():
    contest = Contest({name: place for place, name in enumerate("abcdefgh")}, measuring=0.01)
    standings = contest.hold(total=10_000, end=0.01 * 64 * 8 + 1)
    assert contest.rounds == [(8, 64), (2, 109)]
    assert [one.contestant for one in standings[:2]] == ["h", "g"]


def test_those_left_out_of_a_round_stay_where_they_were():
    contest = Contest({"a": 1, "b": 2, "c": 3})

    def judge(remaining, photos):
        scores = contest.judge(remaining, photos)
        return {one: scores[one] for one in remaining if photos == 64 or one == "c"}

    standings = halve("abc", judge, 100, end=1000, cost=contest.cost, clock=contest.clock)
    assert standings == [Standing("c", 3, 100), Standing("b", 2, 64), Standing("a", 1, 64)]


@pytest.mark.parametrize("seconds", [5, 20, 60])
@pytest.mark.parametrize("total", [300, 5000, 50_000])
@pytest.mark.parametrize(("measuring", "ranking"), [(1e-3, 1e-6), (1e-2, 1e-7), (1e-5, 2e-6)])
def test_by_its_pace_a_trial_keeps_its_time(seconds, total, measuring, ranking):
    pace = Pace(dict.fromkeys("abcd", measuring))
    contest = Contest({name: place for place, name in enumerate("abcd")}, measuring, ranking)

    def judge(remaining, photos):
        contest.rounds.append((len(remaining), photos))
        took = measuring * len(remaining) * (photos - contest.photos) + 0.1  # until processes have started
        pace.measured(remaining, photos - contest.photos, took)
        contest.photos = photos
        for one in remaining:
            pace.judged(one, photos, 5, 5 * (0.01 + 1e-4 * photos + ranking * photos**2))
            took += 5 * (0.01 + 1e-4 * photos + ranking * photos**2)
        contest.now += took
        return {one: contest.worth[one] for one in remaining}

    halve("abcd", judge, total, end=seconds, cost=pace.foresee, after=pace.foresee_end, clock=contest.clock)
    afterwards = 3 * (0.01 + 1e-4 * contest.photos + ranking * contest.photos**2)
    assert contest.now + afterwards <= 1.2 * seconds
    assert contest.photos == total or contest.now + afterwards > 0.4 * seconds


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
