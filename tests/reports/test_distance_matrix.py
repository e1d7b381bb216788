"""Heat maps of distances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("matplotlib", reason="the extra plots is not installed")

from imgsim.reports import matrices as distances
from imgsim.reports.figures import PlotError
from imgsim.reports.matrices import distance_mosaic, plot_distance_matrix
from tests.reports.pictures import png_pixels, svg_texts


def plain_mosaic(matrix, cells):
    """Average blocks one by one."""
    side = min(len(matrix), cells)
    blocks = np.split(matrix, [row * len(matrix) // side for row in range(1, side)])
    return [
        [part.mean() for part in np.split(block, [c * len(matrix) // side for c in range(1, side)], axis=1)]
        for block in blocks
    ]


@given(st.integers(1, 30), st.integers(1, 40), st.sampled_from([1, 40, 200, 1 << 23]))
def test_the_mosaic_is_the_mean_of_each_block(count, cells, at_once):
    matrix = np.random.default_rng(count).random((count, count))
    asked = []

    def rows_of(rows):
        asked.append(rows)
        return matrix[rows]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distances, "_AT_ONCE", at_once)
        mosaic = distance_mosaic(rows_of, count, cells)
    np.testing.assert_allclose(mosaic, plain_mosaic(matrix, cells))
    assert [row for rows in asked for row in range(rows.start, rows.stop)] == list(range(count))
    most = max(1, at_once // count, -(-count // cells))  # rows, or the rows of one block
    assert max(rows.stop - rows.start for rows in asked) <= most


def test_a_matrix_and_its_rows_give_the_same_picture(tmp_path, rng):
    matrix = rng.random((30, 30))
    labels = ["hat"] * 10 + ["bag"] * 20
    plot_distance_matrix(matrix, labels, tmp_path / "a.png")
    plot_distance_matrix(lambda rows: matrix[rows], labels, tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_names_stand_at_the_middle_of_their_classes(tmp_path):
    plot_distance_matrix(
        np.zeros((4, 4)), ["b", "a", "a", "a"], tmp_path / "a.svg", title="Four photos", metric="cosine"
    )
    texts = svg_texts(tmp_path / "a.svg")
    assert texts[:4] == ["b", "a", "b", "a"]
    assert {"Four photos", "cosine"} <= set(texts)


def test_classes_are_parted_by_white_lines_and_near_is_dark(tmp_path):
    near, far = np.zeros((5, 5)), np.ones((5, 5))
    plot_distance_matrix(np.block([[near, far], [far, near]]), list("aaaaabbbbb"), tmp_path / "a.png")
    pixels = png_pixels(tmp_path / "a.png")
    dark, bright = ((pixels == color).all(axis=-1) for color in ((68, 1, 84), (253, 231, 36)))
    assert dark.sum() > 700_000
    assert bright.sum() > 700_000
    row = pixels[:, int(np.nonzero(dark)[1].min()) + 20]
    start, stop = (
        np.nonzero((row == (68, 1, 84)).all(axis=-1))[0][-1],
        np.nonzero((row == (253, 231, 36)).all(axis=-1))[0][0],
    )
    assert 1 < stop - start < 6


def test_the_zeros_of_the_diagonal_do_not_stretch_the_colours(tmp_path):
    plot_distance_matrix(5 + np.arange(16).reshape(4, 4) / 100 - 5 * np.eye(4), list("aabb"), tmp_path / "a.svg")
    ticks = [text for text in svg_texts(tmp_path / "a.svg") if "." in text]
    assert all(5 <= float(tick) <= 5.2 for tick in ticks)
    assert len(ticks) > 2


@pytest.mark.parametrize("count", [1, 2])
def test_one_photo_and_equal_distances(tmp_path, count):
    plot_distance_matrix(np.zeros((count, count)), ["only"] * count, tmp_path / "a.svg")
    assert svg_texts(tmp_path / "a.svg")[:2] == ["only", "only"]


def test_eighty_one_classes_are_all_named(tmp_path):
    labels = [f"class {place // 2:02}" for place in range(162)]
    plot_distance_matrix(np.zeros((162, 162)), labels, tmp_path / "a.svg")
    texts = svg_texts(tmp_path / "a.svg")
    assert [text for text in texts if text.startswith("class")] == 2 * sorted(set(labels))


@pytest.mark.parametrize(
    ("matrix", "labels", "message"),
    [
        (np.zeros((2, 3)), "ab", r"its shape is \(2, 3\), not \(2, 2\)"),
        (np.full((2, 2), np.nan), "ab", "4 of 4 values are NaN"),
        (np.zeros((0, 0)), "", "there is nothing in it"),
        (np.zeros((3, 3)), "aba", "class 'a' appears in two places; sort the photos by class"),
        (lambda rows: np.full((2, 2), np.nan), "ab", "4 of 4 values are NaN"),
        (lambda rows: np.zeros((2, 5)), "ab", r"its shape is \(2, 5\), not \(any, 2\)"),
        (lambda rows: np.zeros((0, 0)), "", "there is nothing in it"),
    ],
)
def test_what_is_no_distance_matrix_is_refused(tmp_path, matrix, labels, message):
    with pytest.raises(PlotError, match=message):
        plot_distance_matrix(matrix, list(labels), tmp_path / "a.png")
