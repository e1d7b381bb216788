"""Which pictures imgsim drew."""

import io

import numpy as np
import PIL.Image
import pytest
from PIL.PngImagePlugin import PngInfo

from imgsim.images.draw import Cell, draw_grid, save_png
from imgsim.images.find import find_images, without_drawn
from imgsim.images.mark import MARK, is_drawn

PHOTO = PIL.Image.fromarray(np.full((40, 60, 3), 90, np.uint8))


def _png(texts, **options):
    info = PngInfo()
    for name, text in texts:
        info.add_text(name, text)
    stream = io.BytesIO()
    PHOTO.save(stream, "PNG", pnginfo=info, **options)
    return stream.getvalue()[:1024]


def test_a_grid_carries_the_mark_and_is_no_photo(tmp_path):
    save_png(draw_grid([[Cell(np.array(PHOTO), "query")]]), tmp_path / "grid.png")
    PHOTO.save(tmp_path / "photo.png")
    head = (tmp_path / "grid.png").read_bytes()[:1024]
    assert is_drawn(head)
    assert PIL.Image.open(tmp_path / "grid.png").text == {"Software": MARK}
    found = find_images(tmp_path)
    assert [image.path for image in without_drawn(tmp_path, found.images)] == ["photo.png"]


@pytest.mark.parametrize(
    ("texts", "drawn"),
    [
        ([("Software", "imgsim")], True),
        ([("Title", "x" * 300), ("Software", "imgsim")], True),
        ([("Software", "imgsimulator")], False),
        ([("Software", "not imgsim")], False),
        ([("Comment", "imgsim"), ("Description", "Software\0imgsim")], False),
        ([("Source", "imgsim")], False),
        ([], False),
    ],
)
def test_only_the_text_software_is_a_mark(texts, drawn):
    assert is_drawn(_png(texts, dpi=(150, 150))) is drawn


def test_what_mentions_imgsim_elsewhere_is_a_photo(tmp_path):
    PHOTO.save(tmp_path / "a.jpg", comment=b"Software: imgsim")
    exif = PIL.Image.Exif()
    exif[0x0131] = "imgsim"  # Software
    PHOTO.save(tmp_path / "b.jpg", exif=exif)
    PHOTO.save(tmp_path / "c.png", exif=exif)
    found = find_images(tmp_path)
    assert without_drawn(tmp_path, found.images) == found.images


@pytest.mark.parametrize("head", [b"", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n" + b"\xff" * 99, _png([])[:40]])
def test_what_is_cut_or_damaged_is_not_drawn(head):
    assert not is_drawn(head)
