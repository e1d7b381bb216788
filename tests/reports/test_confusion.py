"""Confusion matrices."""

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the extra plots is not installed")

import matplotlib as mpl

from imgsim.reports.figures import PlotError
from imgsim.reports.matrices import plot_confusion
from tests.reports.pictures import png_pixels, svg_texts


def test_names_counts_and_words_are_written(tmp_path):
    plot_confusion([[7, 1], [0, 12]], ["hat", "shoe"], tmp_path / "a.svg", title="By hand")
    texts = svg_texts(tmp_path / "a.svg")
    assert texts.count("hat") == texts.count("shoe") == 2
    assert [text for text in texts if text.isdecimal()] == ["7", "1", "12"]
    assert {"By hand", "true class", "predicted class", "share of the true class"} <= set(texts)


def test_rows_are_normalised_and_run_downwards(tmp_path):
    plot_confusion([[100, 0], [1, 1]], ["a", "b"], tmp_path / "a.png")
    pixels = png_pixels(tmp_path / "a.png")
    dark, half, light = (mpl.colormaps["Blues"](share, bytes=True)[:3] for share in (1.0, 0.5, 0.0))
    rows, columns = np.nonzero((pixels == dark).all(axis=-1)[:, : pixels.shape[1] // 2])
    white_rows, white_columns = np.nonzero((pixels == light).all(axis=-1)[:, : int(0.7 * pixels.shape[1])])
    assert rows.max() - rows.min() > 150
    assert np.median(white_columns) > columns.max()
    assert rows.min() - 2 <= white_rows.min() <= white_rows.max() <= rows.max() + 2
    assert (pixels == half).all(axis=-1).sum() > 2 * 150 * 150  # both cells of the second row


@pytest.mark.parametrize(("size", "written"), [(1, 1), (20, 20), (81, 81)])
def test_every_name_of_up_to_a_hundred_classes_is_written(tmp_path, size, written):
    names = [f"class {place:03}" for place in range(size)]
    plot_confusion(np.eye(size, dtype=int), names, tmp_path / "a.svg")
    texts = svg_texts(tmp_path / "a.svg")
    assert [text for text in texts if text.startswith("class ")] == 2 * names
    assert texts.count("1") == (size if size <= 20 else 0)


def test_a_class_without_photos_is_a_row_of_zeros(tmp_path):
    plot_confusion([[0, 0], [0, 3]], ["a", "b"], tmp_path / "a.svg")
    assert [text for text in svg_texts(tmp_path / "a.svg") if text.isdecimal()] == ["3"]


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1, 2]], "1 x 2, not square"),
        ([[1, -2], [0, 1]], "a count is below 0"),
        ([[1, np.nan], [0, 1]], "1 of 4 values are NaN"),
        (np.zeros((0, 0)), "there is nothing in it"),
        (np.eye(3), "2 names for 3 classes"),
    ],
)
def test_what_is_no_confusion_matrix_is_refused(tmp_path, matrix, message):
    with pytest.raises(PlotError, match=message):
        plot_confusion(matrix, ["a", "b"], tmp_path / "a.png")
