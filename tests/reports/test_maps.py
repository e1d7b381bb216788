"""Maps of a gallery."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("matplotlib", reason="the extra plots is not installed")

from imgsim.reports.figures import PlotError
from imgsim.reports.maps import plot_map, spread
from tests.reports.pictures import png_pixels, svg_texts

GREEN = (10, 200, 30)


def photo(height=40, width=40):
    return np.full((height, width, 3), GREEN, np.uint8)


def green(path):
    return (png_pixels(path) == GREEN).all(axis=-1)


@given(arrays(float, st.tuples(st.integers(1, 40), st.just(2)), elements=st.floats(-50, 50)), st.floats(0.5, 40))
def test_chosen_points_keep_their_distance_and_no_other_has_room(points, least):
    chosen = spread(points, least)
    apart = np.abs(points[:, None] - points).max(axis=2)
    among = apart[np.ix_(chosen, chosen)] + np.diag([np.inf] * len(chosen))
    assert (among >= least).all()
    others = [place for place in range(len(points)) if place not in chosen]
    assert all((apart[place, chosen] < least).any() for place in others)
    assert chosen[0] == 0


def test_only_photos_with_room_are_asked_for_and_none_overlaps(tmp_path, rng):
    asked = []

    def thumbnail_of(place):
        asked.append(place)
        return photo()

    plot_map(rng.random((300, 2)), tmp_path / "a.png", thumbnail_of=thumbnail_of, size=500, thumbnail_size=40)
    assert 30 < len(asked) == len(set(asked)) < 130
    assert green(tmp_path / "a.png").sum() == len(asked) * 40 * 40


def test_photos_stand_at_their_points_with_y_upwards(tmp_path):
    shapes = [(40, 40), (20, 40), (40, 10)]
    points = [[0, 0], [10, 0], [10, 10]]
    plot_map(points, tmp_path / "a.png", thumbnail_of=lambda place: photo(*shapes[place]), size=400, thumbnail_size=40)
    where = green(tmp_path / "a.png")
    middle = where.shape[0] // 2, where.shape[1] // 2
    assert where[middle[0] :, : middle[1]].sum() == 40 * 40
    assert where[middle[0] :, middle[1] :].sum() == 20 * 40
    assert where[: middle[0], middle[1] :].sum() == 40 * 10


def test_an_unreadable_photo_and_a_far_one_are_no_trouble(tmp_path):
    found = {0: photo(200, 400), 1: None}
    plot_map([[0, 0], [1e12, 1]], tmp_path / "a.png", thumbnail_of=found.get, size=400, thumbnail_size=40)
    assert green(tmp_path / "a.png").sum() == 20 * 40  # brought down, its shape kept


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_photos_and_no_labels(tmp_path, count):
    plot_map(np.zeros((count, 2)), tmp_path / "a.png", thumbnail_of=lambda _: photo(), size=300, thumbnail_size=40)
    assert green(tmp_path / "a.png").sum() == 40 * 40


def test_the_picture_is_as_large_as_asked(tmp_path):
    plot_map([[0, 0], [1, 0]], tmp_path / "a.png", size=900)
    height, width = png_pixels(tmp_path / "a.png").shape[:2]
    assert 900 <= width <= 1000
    assert 450 <= height <= 650


def test_the_legend_names_classes_until_signs_repeat(tmp_path, rng):
    for count in (96, 97):
        labels = [f"class {place:02}" for place in range(count)]
        plot_map(rng.random((count, 2)), tmp_path / "a.svg", labels=labels, size=800)
        texts = [text for text in svg_texts(tmp_path / "a.svg") if text.startswith("class")]
        assert texts == (labels if count <= 96 else [])


def test_no_two_of_ninety_six_classes_look_alike():
    from imgsim.reports.maps import _class_styles

    assert len(set(_class_styles([str(place) for place in range(96)]).values())) == 96


@pytest.mark.parametrize(
    ("points", "labels", "size", "message"),
    [
        (np.zeros((0, 2)), None, 400, "the points of the map: there is nothing in it"),
        ([[0, np.nan]], None, 400, "1 of 2 values are NaN"),
        ([[0, 0, 0]], None, 400, r"its shape is \(1, 3\), not \(any, 2\)"),
        ([[0, 0]], ["a", "b"], 400, "2 names for 1 photos"),
        ([[0, 0]], None, 200, "thumbnails of 96 px on a map of 200 px: choose 8 to 50"),
    ],
)
def test_what_is_no_map_is_refused(tmp_path, points, labels, size, message):
    with pytest.raises(PlotError, match=message):
        plot_map(points, tmp_path / "a.png", labels=labels, size=size)
