"""Photos by a colour's name."""

import numpy as np
import pytest

from imgsim.errors import ImgsimError, UnknownNameError
from imgsim.index.by_color import color_expression, rank_by_color
from tests.explained import explains

COLORED = {
    "b.jpg": {"color": "red", "color_probabilities": {"red": 0.75, "blue": 0.25}, "price": 5},
    "a.jpg": {"color": "red", "color_probabilities": {"red": 0.75, "blue": 0.25}, "price": 7},
    "c.jpg": {"color": "blue", "color_probabilities": {"red": 0.125, "blue": 0.875}},
    "d.jpg": {"color": "o'clock", "color_probabilities": {"green": 1}},
    "e.jpg": {"price": 5},
}


@pytest.fixture
def store(describe):
    return describe(COLORED)


def ranked(store, *arguments):
    return [(match.rank, match.path, match.distance) for match in rank_by_color(store, *arguments)]


def test_the_most_probable_come_first_and_ties_by_path(store):
    assert ranked(store, "red", 10) == [(1, "a.jpg", 0.25), (2, "b.jpg", 0.25), (3, "c.jpg", 0.875)]
    assert ranked(store, "red", 1) == [(1, "a.jpg", 0.25)]
    assert ranked(store, "green", 10) == [(1, "d.jpg", 0.0)]


def test_conditions_come_before_the_ranking(store):
    assert ranked(store, "red", 1, ["price = 5"]) == [(1, "b.jpg", 0.25)]
    assert ranked(store, "red", 5, ["price = 5", "color = 'blue'"]) == []


def test_matches_carry_attributes(store):
    (match,) = rank_by_color(store, "blue", 1)
    assert match.attributes == COLORED["c.jpg"]


def test_equals_sorting_by_hand(describe):
    probabilities = np.random.default_rng(0).integers(0, 20, 50) / 20
    photos = {f"{n:02}.jpg": {"color_probabilities": {"red": value}} for n, value in enumerate(probabilities.tolist())}
    best = sorted(range(50), key=lambda n: (-probabilities[n], n))[:7]
    assert [match.path for match in rank_by_color(describe(photos), "red", 7)] == [f"{n:02}.jpg" for n in best]


def test_an_unknown_colour_gets_a_suggestion(store):
    with pytest.raises(UnknownNameError, match="unknown colour 'blu': did you mean blue"):
        rank_by_color(store, "blu", 1)
    with pytest.raises(UnknownNameError, match="unknown colour 'reed': did you mean red"):
        color_expression(store, "reed")


def test_an_index_without_colours_says_how_to_get_them(describe):
    store = describe({"a.jpg": {"price": 5}})
    for ask in (lambda: rank_by_color(store, "red", 1), lambda: color_expression(store, "red")):
        with explains(ImgsimError, "no photo of .* has colours: `imgsim index .* --colors` names them"):
            ask()


def test_the_expression_quotes_the_name(store):
    assert color_expression(store, "red") == "color = 'red'"
    assert color_expression(store, "o'clock") == "color = 'o''clock'"


@pytest.mark.parametrize("typed", ["gray", "Gray", "GREY", " grey "])
def test_names_as_people_type_them(describe, typed):
    store = describe({"a.jpg": {"color": "grey", "color_probabilities": {"grey": 0.5}}, "b.jpg": {"color": "Red"}})
    assert ranked(store, typed, 1) == [(1, "a.jpg", 0.5)]
    assert color_expression(store, typed) == "color = 'grey'"
    assert color_expression(store, "Red") == "color = 'Red'"  # as a table had it
