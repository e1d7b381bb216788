"""Thumbnails, grids and half blocks."""

import re

import numpy as np
import PIL.Image
import pytest
from PIL import ImageFont

from imgsim.errors import ImgsimError
from imgsim.images import draw, letters
from imgsim.images.draw import Cell, draw_grid, half_blocks, save_png, thumbnail


def _plain(height, width, colour=(200, 30, 30)):
    return np.full((height, width, 3), colour, np.uint8)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((300, 600), (50, 100)), ((600, 300), (100, 50)), ((30, 20), (30, 20)), ((1, 5000), (1, 100))],
)
def test_thumbnail_fits_and_is_never_enlarged(shape, expected):
    assert thumbnail(_plain(*shape), 100).shape == (*expected, 3)


def test_grid_holds_every_picture_and_nothing_overlaps():
    red, blue = _plain(50, 100), _plain(100, 50, (20, 20, 220))
    grid = draw_grid([[Cell(red, "query", "a.jpg"), Cell(blue, "1", "b.jpg")], [Cell(blue, "query")]], cell_size=80)
    assert grid.dtype == np.uint8
    assert (grid == (200, 30, 30)).all(axis=-1).sum() == 40 * 80
    assert (grid == (20, 20, 220)).all(axis=-1).sum() == 2 * 80 * 40
    edges = np.concatenate([grid[:8].ravel(), grid[-8:].ravel(), grid[:, :8].ravel(), grid[:, -8:].ravel()])
    assert (edges == 255).all()


def test_grid_grows_with_rows_and_columns():
    cell = Cell(_plain(10, 10), "1")
    one = draw_grid([[cell, cell]], cell_size=60).shape
    assert draw_grid([[cell, cell, cell]], cell_size=60).shape[1] >= one[1] + 60
    assert draw_grid([[cell, cell], [cell]], cell_size=60).shape[0] >= one[0] + 60
    assert draw_grid([]).shape[2] == 3


def test_labels_are_drawn():
    bare = draw_grid([[Cell(_plain(60, 60), "")]], cell_size=60)
    titled = draw_grid([[Cell(_plain(60, 60), "1  0.25")]], cell_size=60)
    noted = draw_grid([[Cell(_plain(60, 60), "1  0.25", "wallet.jpg")]], cell_size=60)
    assert bare.shape == titled.shape == noted.shape
    assert (bare < 250).sum() < (titled < 250).sum() < (noted < 250).sum()


def test_missing_picture_gets_a_placeholder():
    grid = draw_grid([[Cell(None, "3", "gone.jpg")]], cell_size=120)
    box = grid[24:144, 24:144]
    assert (box == 243).mean() > 0.8
    assert (box < 160).any()


@pytest.mark.parametrize("width", [60, 120, 400])
def test_long_paths_lose_their_middle(width):
    path = "shelves/2024/november/box 12/IMG_20241103_184512.jpg"
    short = draw._shortened(path, width, 12)
    assert ImageFont.load_default(12).getlength(short) <= width
    if width < 400:
        head, tail = short.split("…")
        assert path.startswith(head)
        assert path.endswith(tail)
        assert len(tail) >= len(head)
    else:
        assert short == path


def test_characters_that_the_fonts_lack(monkeypatch):
    monkeypatch.setattr(letters, "find_font", lambda character: "")
    text = draw._drawable("a b/지갑\udcff\n\U0001f45c.jpg")
    assert text.startswith("a b/")
    assert text.endswith(".jpg")
    assert text[4:-4] == r"\uc9c0\uac11\udcff\n\U0001f45c"
    assert (draw_grid([[Cell(None, "1", "日本.jpg")]]) != draw_grid([[Cell(None, "1", "写真.jpg")]])).any()
    grid = draw_grid([[Cell(_plain(9, 9), "1", "지갑/\udcff\n財布.jpg")]])
    assert (grid < 200).any()


def test_png_is_written_whole_or_not_at_all(tmp_path):
    picture = _plain(4, 6)
    save_png(picture, tmp_path / "grid.png")
    with PIL.Image.open(tmp_path / "grid.png") as read:
        assert (np.asarray(read) == picture).all()
    with pytest.raises(ImgsimError, match="cannot write the picture: no such file"):
        save_png(picture, tmp_path / "absent" / "grid.png")
    with pytest.raises(ImgsimError, match="cannot write the picture: is a folder"):
        save_png(picture, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["grid.png"]


@pytest.mark.parametrize(
    ("shape", "columns", "expected"), [((40, 80), 20, (20, 5)), ((80, 40), 20, (20, 20)), ((5, 3), 20, (3, 3))]
)
def test_half_blocks_keep_the_aspect_ratio(shape, columns, expected):
    lines = half_blocks(_plain(*shape), columns).split("\n")
    assert len(lines) == expected[1]
    assert {line.count("▀") for line in lines} == {expected[0]}
    assert all(line.endswith("\x1b[0m") for line in lines)


def test_half_blocks_colours():
    picture = np.array([[[1, 2, 3]], [[4, 5, 6]], [[7, 8, 9]]], np.uint8)
    colours = re.findall(r"\x1b\[([\d;]+)m▀", half_blocks(picture, 10))
    assert colours == ["38;2;1;2;3;48;2;4;5;6", "38;2;7;8;9"]


def test_details_take_a_line_each_in_their_row_alone():
    plain, detailed = (
        Cell(_plain(60, 60), "1", "a.jpg"),
        Cell(_plain(60, 60), "1", "a.jpg", ["kind: bag", "", "price: 5"]),
    )
    one, two = draw_grid([[plain]], cell_size=60), draw_grid([[detailed]], cell_size=60)
    line = (two.shape[0] - one.shape[0]) / 3
    assert line == draw._line_height(12)
    both = draw_grid([[plain, plain], [plain, detailed]], cell_size=60)
    assert both.shape[0] == draw_grid([[plain, plain], [plain, plain]], cell_size=60).shape[0] + 3 * line
    added = (two[one.shape[0] - 24 : -24] < 250).any(axis=(1, 2))
    assert added[: int(line)].any()
    assert not added[int(line) : int(2 * line) - 1].any()
    assert added[int(2 * line) :].any()


def test_long_details_are_shortened():
    grid = draw_grid([[Cell(_plain(60, 60), "1", "a.jpg", ["remark: " + "long " * 40])]], cell_size=60)
    assert (grid[:, -24:] == 255).all()
    short = draw._shortened("remark: found on line 2, near exit 5", 100, 12, draw._without_end)
    assert short.startswith("remark: found o")
    assert short.endswith("…")
