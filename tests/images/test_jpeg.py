"""JPEG files that lack their end are read as far as they are there; those with endless scans end."""

import io
import time

import numpy as np
import PIL.Image
import pytest

from imgsim.core import Scale
from imgsim.errors import ImageReadError
from imgsim.images.jpeg import MAX_SCANS
from imgsim.images.read import FULL_SCALE, decode, read_image


def _noisy(height=320, width=240, mode="RGB"):
    """A picture whose bytes are spread evenly over its rows."""
    values = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return PIL.Image.fromarray(values).convert(mode)


def _jpeg(picture, **options):
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90, **options)
    return file.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
@pytest.mark.parametrize("size", [(320, 240), (8, 8), (40, 24)])
def test_without_its_end_marker_all_is_there(mode, options, size):
    content = _jpeg(_noisy(*size, mode), **options)
    for scale in (FULL_SCALE, Scale(64)):
        whole, cut = (decode(io.BytesIO(data), "x", [scale]) for data in (content, content[:-2]))
        assert whole.remark == ""
        assert cut.remark.startswith("its last bytes are missing")
        assert (cut.images[scale] == whole.images[scale]).all()


@pytest.mark.parametrize("scale", [FULL_SCALE, Scale(64)])
def test_up_to_a_tenth_of_the_rows_may_be_missing(scale):
    content = _jpeg(_noisy(1600, 240))
    whole = read_image(content, scale=scale)
    cut = decode(io.BytesIO(content[: len(content) * 93 // 100]), "x", [scale])
    assert cut.remark in ("its last 7 % are missing", "its last 8 % are missing")
    there = len(whole) * 88 // 100
    assert (cut.images[scale][:there] == whole[:there]).all()
    assert (np.abs(cut.images[scale][-4:].astype(int) - 128) <= 1).all()
    with pytest.raises(ImageReadError, match=r"truncated after [\d,]+ bytes"):
        read_image(content[: len(content) * 85 // 100], scale=scale)


@pytest.mark.parametrize("color", [(128, 128, 128), (255, 255, 255), (0, 0, 0)])
def test_a_border_at_the_bottom_is_not_taken_for_missing(color):
    picture = _noisy(1600, 240)
    picture.paste(color, (0, 800, 240, 1600))
    content = _jpeg(picture)
    assert decode(io.BytesIO(content), "x").remark == ""
    if color != (128, 128, 128):  # which is what the decoder makes of what is missing
        assert decode(io.BytesIO(content[:-2]), "x").remark == "its last bytes are missing"


def test_a_progressive_one_is_read_once_every_coefficient_came():
    picture = _noisy()
    content = _jpeg(picture, progressive=True)
    whole = read_image(content).astype(int)
    scans = [at for at in range(len(content)) if content[at : at + 2] == b"\xff\xda"]
    for end in (scans[-1] + 20, len(content) * 95 // 100):
        cut = decode(io.BytesIO(content[:end]), "x")
        assert cut.remark == "its last bytes are missing, and some detail with them"
        assert np.abs(cut.images[FULL_SCALE] - whole).mean() < 10
    for end in (scans[1] + 20, scans[3] + 20):
        with pytest.raises(ImageReadError, match="truncated after"):
            read_image(content[:end])


def test_a_thumbnail_does_not_stand_in_for_the_photo():
    exif = b"Exif\0\0" + _jpeg(_noisy(32, 32))
    content = _jpeg(_noisy(), progressive=True, exif=exif)
    with pytest.raises(ImageReadError, match="truncated"):
        read_image(content[: len(content) // 4])


def _bomb(scans):
    content = _jpeg(PIL.Image.new("L", (2000, 2000), 7), progressive=True)
    last = content[content.rfind(b"\xff\xda") : -2]
    return content[:-2] + last * scans + content[-2:]


def test_scans_are_bounded():
    assert read_image(_bomb(MAX_SCANS - 20), scale=Scale(64)).shape == (64, 64, 3)
    begun = time.perf_counter()
    with pytest.raises(ImageReadError, match=f"more than {MAX_SCANS} scans"):
        read_image(_bomb(20_000), scale=Scale(64))
    assert time.perf_counter() - begun < 20


def test_scans_of_a_sequential_one_are_bounded():
    """Where no scan holds all channels, each that comes again goes over them."""
    content = _jpeg(_noisy(64, 64), subsampling=0)
    begin = content.rfind(b"\xff\xda")
    header = content[begin : begin + 14]
    assert header[4] == 3
    scan = b"\xff\xda\0\x08\x01" + header[5:7] + b"\0\x3f\0" + content[begin + 14 : -2]
    with pytest.raises(ImageReadError, match=f"more than {MAX_SCANS} scans"):
        read_image(content[:begin] + scan * (MAX_SCANS + 1) + b"\xff\xd9")
