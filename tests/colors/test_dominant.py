"""The colours of what a photo shows."""

import json

import numpy as np
import pytest

from imgsim.colors.dominant import color_attributes, find_colors, name_view
from imgsim.colors.names import load_namer
from imgsim.colors.view import view_photo

RED, BLUE, WHITE = (200, 20, 30), (20, 40, 160), (250, 250, 250)


def photo(*stripes, background=WHITE, size=(120, 160)):
    """Draw equal stripes on a background."""
    image = np.full((*size, 3), background, np.uint8)
    for place, color in enumerate(stripes):
        high = 60 // len(stripes)
        image[30 + place * high : 30 + (place + 1) * high, 40:120] = color
    return image


def named(colors):
    return {color.name: round(color.share, 2) for color in colors}


def test_a_thing_in_two_colours():
    assert named(find_colors(photo(RED, RED, BLUE))) == {
        "red": pytest.approx(0.67, 0.05),
        "blue": pytest.approx(0.33, 0.1),
    }


def test_colours_come_by_share_with_their_probabilities():
    colors = find_colors(photo(BLUE, RED, RED, RED))
    assert [color.name for color in colors] == ["red", "blue"]
    assert colors[0].rgb == pytest.approx(RED, abs=3)
    assert colors[0].hex == "#{:02x}{:02x}{:02x}".format(*colors[0].rgb)
    for color in colors:
        assert sum(color.probabilities.values()) == pytest.approx(1)
        assert color.probability == max(color.probabilities.values()) == color.probabilities[color.name]
        assert set(color.probabilities) == set(load_namer().names)


def test_shares_are_of_the_foreground():
    assert sum(color.share for color in find_colors(photo(RED, BLUE))) == pytest.approx(1, abs=0.03)


def test_a_mask_says_what_counts():
    image = photo(RED, BLUE)
    mask = np.zeros(image.shape[:2], bool)
    mask[32:58, 45:115] = True
    assert named(find_colors(image, mask)) == {"red": 1.0}
    background = np.zeros(image.shape[:2], bool)
    background[:20] = True
    assert named(find_colors(image, background)) == {"white": 1.0}


def test_a_mask_of_nothing_is_none_and_a_tiny_one_counts():
    image = photo(RED)
    assert find_colors(image, np.zeros(image.shape[:2], bool)) == find_colors(image)
    speck = np.zeros(image.shape[:2], bool)
    speck[60, 80] = True
    assert named(find_colors(image, speck)) == {"red": 1.0}


def test_shades_of_one_colour_are_joined_and_named_by_their_lighter_half():
    shaded = photo(RED)
    shaded[30:60, 40:120] = 165, 15, 25
    colors = find_colors(shaded)
    assert [color.name for color in colors] == ["red"]
    folds = photo((220, 190, 40))
    folds[30:60, 40:120] = 210, 180, 35
    assert find_colors(folds)[0].rgb == pytest.approx((220, 190, 40), abs=6)


def test_light_and_dark_blue_stay_two_colours():
    colors = find_colors(photo((20, 30, 90), (120, 170, 230)))
    assert [color.name for color in colors] == ["blue", "blue"]


@pytest.mark.parametrize(
    ("one", "other", "names"),
    [
        ((200, 20, 30), (160, 15, 25), ["red"]),  # 15.8 apart
        ((230, 120, 20), (225, 150, 30), ["orange"]),  # 18.7
        ((200, 20, 30), (150, 15, 25), ["red", "red"]),  # 20.3
        ((200, 90, 20), (200, 60, 30), ["orange", "red"]),  # 16.4
        ((220, 90, 30), (215, 70, 35), ["orange", "red"]),  # 10.0
    ],
)
def test_two_of_one_name_are_joined_at_distances_where_others_are_not(one, other, names):
    assert [color.name for color in find_colors(photo(one, one, other))] == names


def test_specks_are_not_worth_a_word():
    image = photo(RED)
    image[60:62, 60:62] = BLUE
    assert named(find_colors(image)) == {"red": 1.0}


@pytest.mark.parametrize("turn", [np.flipud, np.fliplr, np.transpose])
def test_answers_do_not_depend_on_layout_or_run(turn):
    image = photo(RED, BLUE)
    turned = turn(image) if turn is not np.transpose else image.transpose(1, 0, 2)
    assert find_colors(image) == find_colors(image)
    assert named(find_colors(turned)).keys() == named(find_colors(image)).keys()


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (2, 2), (3, 400)])
def test_any_picture_has_a_colour(shape):
    assert named(find_colors(np.full((*shape, 3), RED, np.uint8))) == {"red": 1.0}


def test_as_many_colours_as_are_asked_for():
    many = photo((220, 30, 30), (30, 160, 40), (30, 60, 200), (240, 220, 40), (120, 40, 140), (250, 150, 30))
    assert len(find_colors(many, count=8)) >= 6
    assert len(find_colors(many, count=2)) == 2
    assert len(find_colors(many, count=1)) == 1


def test_the_reference_names_colours_too():
    assert "black" not in load_namer("rgb").names
    assert name_view(view_photo(photo(RED)), namer=load_namer("rgb"))[0].name == "red"


def test_attributes_are_what_an_index_keeps():
    colors = find_colors(photo(RED, RED, BLUE))
    attributes = color_attributes(colors)
    assert list(attributes) == ["color", "color_probabilities", "palette"]
    assert json.loads(json.dumps(attributes)) == attributes
    mixed = attributes["color_probabilities"]
    assert attributes["color"] == "red" == max(mixed, key=mixed.get)
    assert sum(mixed.values()) == pytest.approx(1, abs=1e-5)
    assert mixed["red"] == pytest.approx(sum(color.share * color.probabilities["red"] for color in colors), abs=0.02)
    assert [row["name"] for row in attributes["palette"]] == ["red", "blue"]
    assert set(attributes["palette"][0]) == {"share", "hex", "name", "probability"}


def test_several_shades_may_together_outweigh_the_largest_colour():
    attributes = color_attributes(find_colors(photo((20, 30, 90), RED, (120, 170, 230), size=(120, 160))))
    assert attributes["color"] == "blue"
