"""How the offices behind the tables of docs/matching.md are dealt and judged."""

import numpy as np
import pytest

from benchmarks.office import (
    CONFIRMATIONS,
    OfficeSide,
    Photos,
    Shown,
    conditions,
    deal,
    decide,
    gains,
    judge_matches,
    judge_probabilities,
    table,
)


@pytest.fixture(scope="module")
def photos():
    """Goods whose photos lie close together, scenes whose photos are the same, and garments that lie anywhere."""
    rng = np.random.default_rng(0)
    things = np.concatenate([np.repeat(np.arange(40), 4), np.arange(40, 60)])
    sets = np.where(things < 30, "goods", np.where(things < 40, "scenes", "garments"))
    spread = np.where(sets == "goods", 0.5, np.where(sets == "scenes", 0, 1))[:, None]
    features = rng.normal(size=(60, 16))[things] + spread * rng.normal(size=(len(things), 16))
    return Photos(sets, things, things % 7, features.astype(np.float32))


def test_a_deal_gives_no_photo_to_both_sides(photos):
    office, again = deal(photos, "cosine", 3), deal(photos, "cosine", 3)
    assert not set(office.lost.photos) & set(office.found.photos)
    lost, found = (photos.things[side.photos] for side in (office.lost, office.found))
    assert set(lost) & set(found) == set(range(40))
    assert set(np.bincount(lost[lost < 40])) == {1, 2}
    assert len(lost[lost >= 40]) == len(found[found >= 40]) == 10
    assert all(np.array_equal(one, other) for one, other in zip(office.lost, again.lost, strict=True))
    assert not np.array_equal(deal(photos, "cosine", 4).lost.photos, office.lost.photos)
    days = [dict(zip(things, side.days, strict=True)) for things, side in ((lost, office.lost), (found, office.found))]
    assert all(0 <= days[1][thing] - days[0][thing] <= 7 for thing in range(40))


def test_conditions_hold_for_pairs_of_photos(photos):
    side = OfficeSide(np.arange(3), np.array([0, 1, 1]), np.array([0, 5, 20]), np.array([0, 5, 3]))
    asked = conditions(deal(photos, "cosine", 0)._replace(lost=side, found=side))
    rows = np.arange(3)
    assert asked["no condition"] is None
    assert asked["`found.kind = lost.kind`"](rows, rows).tolist() == [[1, 0, 0], [0, 1, 1], [0, 1, 1]]
    assert asked["found within a week of the loss"](rows, rows).tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert asked["`found.place near lost.place`"](rows, rows).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert asked["all three"](rows, rows).tolist() == np.eye(3).tolist()


def test_a_clerk_rejects_what_stands_before_the_right_one():
    lost, found = np.array([1, 1, 1, 2, 2, 2, 2]), np.array([5, 1, 6, 5, 6, 7, 8])
    shown = Shown(lost, found, np.array([1, 2, 3, 1, 2, 3, 4]), np.zeros(7), np.zeros(7, bool))
    confirmed, rejected, said = decide(shown, 0)
    assert confirmed == {(1, 1)}
    assert rejected == {(1, 5), (2, 5), (2, 6), (2, 7)}
    assert said == set(zip(lost.tolist(), found.tolist(), strict=True))


def test_a_clerk_stops_after_so_many():
    things = np.arange(100)
    confirmed, rejected, said = decide(Shown(things, things, things, things, things), 1)
    assert len(confirmed) == len(said) == CONFIRMATIONS
    assert not rejected


def test_what_is_the_same_is_found(photos):
    told = judge_matches(deal(photos, "cosine", 0))
    assert told["no condition"]["scenes @1"] == 1
    assert 0.5 < told["no condition"]["goods @1"] <= told["no condition"]["goods @5"]
    assert told["all three"]["assigned are right"] > told["no condition"]["assigned are right"]


def test_probabilities_are_judged_on_others(photos):
    office = deal(photos, "cosine", 1)
    judged = judge_probabilities(office, 1)
    assert len(judged) == 4
    best = min(judged, key=lambda name: judged[name]["Brier"])
    assert best != "`--labels`: kinds"
    assert judged["`--pairs`: also what was said"]["ECE"] < judged["`--labels`: kinds"]["ECE"]


def test_a_gain_is_of_the_same_office():
    figures = {"Brier": 0.25, "ECE": 0.5, "of them right": 0.5, "other": 1}
    (told,) = gains([{"a": figures, "b": dict.fromkeys(figures, 0.75), "c": dict.fromkeys(figures, 1.0)}])
    assert told == {
        "beside a": {"Brier": 0.75, "ECE": 0.5, "of them right": 0.5},
        "beside b": dict.fromkeys(("Brier", "ECE", "of them right"), 0.25),
    }


def test_a_table_has_the_mean_and_what_19_of_20_lie_within():
    rows = list(table("so", [{"a": {"x": value}} for value in (0.0, 0.5, 1.0)]))
    assert rows == ["| so | x |", "|---|---:|", "| a | 0.50 (0.03..0.97) |"]
