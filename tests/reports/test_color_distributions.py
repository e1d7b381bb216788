"""Distributions of red, green and blue."""

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the extra plots is not installed")

from imgsim.reports.color_distributions import plot_color_distributions
from imgsim.reports.figures import PlotError
from tests.reports.pictures import png_pixels, svg_texts

FLAT = np.ones((3, 256))


def spike(value, share):
    counts = np.full((3, 256), (1 - share) / 255)
    counts[:, value] = share
    return counts


def test_each_panel_is_named_and_the_reference_comes_first(tmp_path):
    panels = {"a.jpg": FLAT, "b.jpg": FLAT, "query.jpg": FLAT}
    plot_color_distributions(panels, tmp_path / "a.svg", reference="query.jpg")
    texts = [text for text in svg_texts(tmp_path / "a.svg") if text.endswith(".jpg")]
    assert texts == ["query.jpg", "a.jpg", "b.jpg", "query.jpg"]  # the last one in the legend
    plot_color_distributions(panels, tmp_path / "a.svg")
    assert [text for text in svg_texts(tmp_path / "a.svg") if text.endswith(".jpg")] == ["a.jpg", "b.jpg", "query.jpg"]


def test_units_do_not_matter(tmp_path, rng):
    counts = rng.integers(1, 99, (3, 256))
    plot_color_distributions({"a": counts}, tmp_path / "a.png")
    plot_color_distributions({"a": counts * [[2.0], [0.5], [64.0]]}, tmp_path / "b.png")
    assert (png_pixels(tmp_path / "a.png") == png_pixels(tmp_path / "b.png")).all()


def test_a_plain_background_is_cut_and_its_height_written(tmp_path):
    plot_color_distributions({"shirt": spike(255, 0.62), "hat": spike(0, 0.304)}, tmp_path / "a.svg")
    texts = svg_texts(tmp_path / "a.svg")
    assert {"62% at 255", "30% at 0"} <= set(texts)
    assert len([text for text in texts if text.endswith("%")]) <= 12  # ticks of both panels: below one per cent


def test_a_single_colour_is_drawn(tmp_path):
    plot_color_distributions({"black": spike(0, 1.0)}, tmp_path / "a.svg")
    ticks = [text for text in svg_texts(tmp_path / "a.svg") if text.endswith("%")]
    assert ticks == ["0%", "40%", "80%"]


def test_the_picture_grows_with_the_panels(tmp_path):
    sizes = []
    for count in (1, 2, 5):
        plot_color_distributions({str(place): FLAT for place in range(count)}, tmp_path / "a.png")
        sizes.append(png_pixels(tmp_path / "a.png").shape)
    assert sizes[0][0] == sizes[1][0] < sizes[2][0]
    assert sizes[0][1] < sizes[1][1] < sizes[2][1]


@pytest.mark.parametrize(
    ("histograms", "reference", "message"),
    [
        ({}, None, "0 colour distributions: a picture holds 1 to 100"),
        ({str(place): FLAT for place in range(101)}, None, "101 colour distributions"),
        ({"a": np.ones((3, 255))}, None, r"the colours of a: its shape is \(3, 255\), not \(3, 256\)"),
        ({"a": FLAT * np.nan}, None, "the colours of a: 768 of 768 values are NaN"),
        ({"a": FLAT * [[1], [0], [1]]}, None, "the colours of a: a channel is empty"),
        ({"a": -FLAT}, None, "a count is below 0"),
        ({"a": FLAT}, "b", "'b' is not among the colour distributions"),
    ],
)
def test_what_is_no_distribution_is_refused(tmp_path, histograms, reference, message):
    with pytest.raises(PlotError, match=message):
        plot_color_distributions(histograms, tmp_path / "a.png", reference=reference)
