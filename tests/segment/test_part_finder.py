"""A PartFinder finds parts on a photo, whatever it comes as, and cuts them out."""

import numpy as np
import PIL.Image
import pytest

from imgsim.errors import ImageReadError
from imgsim.segment.cut_parts import cut_out, union
from imgsim.segment.part_finder import FoundParts, PartFinder

FINDER = PartFinder.of_text("grabcut")


@pytest.fixture
def photo(tmp_path):
    return draw_thing(tmp_path / "thing.png")


def draw_thing(path):
    pixels = np.full((90, 140, 3), 210, np.uint8)
    pixels[25:70, 40:110] = 160, 30, 60
    PIL.Image.fromarray(pixels).save(path)
    return path


def test_a_photo_may_be_a_path_bytes_a_picture_or_pixels(photo):
    as_path = FINDER.find(str(photo))
    pixels = np.asarray(PIL.Image.open(photo))
    for other in (photo, photo.read_bytes(), PIL.Image.open(photo), pixels):
        found = FINDER.find(other)
        assert np.array_equal(found.labels, as_path.labels)
        assert np.array_equal(found.image, pixels)
    with pytest.raises(TypeError, match="a photo is"):
        FINDER.find(None)


def test_parts_are_cut_out_together_alone_or_not_at_all(photo):
    found = FINDER.find(photo)
    (part,) = found.parts
    alone = found.cut_out(part, background="black", crop=False)
    assert np.array_equal(alone, cut_out(found.image, part.mask, "black", crop=False))
    assert (alone[~part.mask] == 0).all()
    assert np.array_equal(found.cut_out(), cut_out(found.image, union(found.parts), "mean", crop=True))
    without = FoundParts(found.image, np.zeros_like(found.labels), [])
    assert without.cut_out() is found.image


def test_a_map_that_is_not_there_is_told_by_the_photos_path(tmp_path):
    (tmp_path / "maps").mkdir()
    draw_thing(tmp_path / "maps" / "other.png")
    draw_thing(tmp_path / "hat.png")
    finder = PartFinder.of_text(f"mask:folder={tmp_path / 'maps'}")
    with pytest.raises(ImageReadError, match=r"hat\.png: no mask hat-mask\.png"):
        finder.find(tmp_path / "hat.png")
    with pytest.raises(ImageReadError, match="-: no mask of it"):
        finder.find((tmp_path / "hat.png").read_bytes())
