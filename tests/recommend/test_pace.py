"""What rounds took foretells the next, between what is linear and what is quadratic in photos."""

import pytest

from imgsim.recommend.pace import Pace


def pace_of(*rounds):
    """Judge `a` by one metric in rounds of (photos, seconds), where measuring costs nothing."""
    pace = Pace({})
    for photos, seconds in rounds:
        pace.judged("a", photos, 1, seconds)
    return pace


def ranking(pace, photos):
    return pace.foresee(["a"], photos, photos)


def test_after_one_round_a_quarter_of_ranking_is_taken_for_quadratic():
    pace = pace_of((100, 2.0))
    assert ranking(pace, 100) == pytest.approx(2)
    assert ranking(pace, 200) == pytest.approx(0.75 * 4 + 0.25 * 8)


def test_two_rounds_tell_it_but_no_less_than_a_tenth_is_taken_for_quadratic():
    linear = pace_of((100, 2.0), (200, 4.0))
    assert ranking(linear, 400) == pytest.approx(0.9 * 8 + 0.1 * 16)
    between = pace_of((100, 0.5 * 2 + 0.5 * 2), (200, 0.5 * 4 + 0.5 * 8))
    assert ranking(between, 400) == pytest.approx(0.5 * 8 + 0.5 * 32)


def test_nor_more_than_all_of_it():
    steeper = pace_of((100, 1.0), (200, 8.0))
    assert ranking(steeper, 400) == pytest.approx(4 * 8)
