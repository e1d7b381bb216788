"""Of a TIFF's pictures the full one is read; a kind that is not supported is not called damaged."""

import io
import struct

import numpy as np
import pytest

from imgsim.core import Scale
from imgsim.errors import ImageReadError
from imgsim.images.read import FULL_SCALE, decode, read_image


class _Writer:
    """Writes a little-endian TIFF: pictures in a row, each with pictures below it."""

    def __init__(self):
        self.data = bytearray(b"II*\0\0\0\0\0")

    def picture(self, pixels, *, below=(), tags=()):
        """Append a picture (h, w, 3) of 8 bits; gives (where it is, where its link to the next one is)."""
        at = self._append(pixels.tobytes())
        height, width = pixels.shape[:2]
        entries = {256: (4, [width]), 257: (4, [height]), 258: (3, [8, 8, 8]), 259: (3, [1]), 262: (3, [2])}
        entries |= {273: (4, [at]), 277: (3, [3]), 278: (4, [height]), 279: (4, [pixels.size])}
        entries |= {330: (4, list(below))} if below else {}
        entries |= dict(tags)
        rows = b""
        for tag, (kind, values) in sorted(entries.items()):
            packed = struct.pack(f"<{len(values)}{'H' if kind == 3 else 'I'}", *values)
            packed = packed.ljust(4, b"\0") if len(packed) <= 4 else struct.pack("<I", self._append(packed))
            rows += struct.pack("<HHI", tag, kind, len(values)) + packed
        place = self._append(struct.pack("<H", len(entries)) + rows + b"\0\0\0\0")
        return place, len(self.data) - 4

    def link(self, link, place):
        struct.pack_into("<I", self.data, link, place)

    def row(self, *pictures):
        """Make pictures the file's row of them."""
        link = 4
        for place, after in pictures:
            self.link(link, place)
            link = after
        return bytes(self.data)

    def _append(self, content):
        at = len(self.data)
        self.data += content + b"\0" * (len(content) % 2)
        return at


def _noise(seed, height, width):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


FULL, SMALL, SMALLER = _noise(0, 60, 80), _noise(1, 15, 20), _noise(2, 6, 8)
REDUCED = {254: (4, [1])}
OLD_REDUCED = {255: (3, [2])}


@pytest.mark.parametrize("reduced", [REDUCED, OLD_REDUCED, {254: (4, [3])}])
def test_the_full_picture_after_reduced_ones(reduced):
    writer = _Writer()
    small, smaller = (writer.picture(one, tags=reduced) for one in (SMALL, SMALLER))
    content = writer.row(small, smaller, writer.picture(FULL))
    done = decode(io.BytesIO(content), "x", [FULL_SCALE, Scale(30)])
    assert (done.images[FULL_SCALE] == FULL).all()
    assert (done.width, done.height) == (80, 60)
    assert done.images[Scale(30)].shape == (30, 40, 3)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_full_picture_below_a_reduced_one(count):
    """As raw formats and archives keep it: SubIFDs of the first picture."""
    writer = _Writer()
    below = [writer.picture(SMALLER, tags=REDUCED)[0] for _ in range(count - 1)] + [writer.picture(FULL)[0]]
    assert (read_image(writer.row(writer.picture(SMALL, tags=REDUCED, below=below))) == FULL).all()


def test_the_full_picture_has_its_own_orientation():
    writer = _Writer()
    content = writer.row(writer.picture(SMALL, tags=REDUCED), writer.picture(FULL, tags={274: (3, [6])}))
    done = decode(io.BytesIO(content), "x")
    assert (done.width, done.height) == (60, 80)
    assert (done.images[FULL_SCALE] == np.rot90(FULL, -1)).all()


@pytest.mark.parametrize("tags", [{}, {254: (4, [0])}, {254: (4, [2])}, {255: (3, [1])}])
def test_a_first_picture_that_is_full_is_read(tags):
    writer = _Writer()
    below = writer.picture(SMALL, tags=REDUCED)[0]
    content = writer.row(writer.picture(FULL, tags=tags, below=[below]), writer.picture(SMALLER))
    assert (read_image(content) == FULL).all()


def test_where_all_are_reduced_the_first_is_read():
    writer = _Writer()
    content = writer.row(*(writer.picture(one, tags=REDUCED) for one in (SMALL, SMALLER)))
    assert (read_image(content) == SMALL).all()


@pytest.mark.parametrize("place", [8, 10**6, 2**32 - 1])
def test_a_damaged_link_leaves_the_first(place):
    writer = _Writer()
    content = writer.row(writer.picture(SMALL, tags=REDUCED, below=[place]))
    assert (read_image(content) == SMALL).all()


def test_links_in_a_circle_end():
    writer = _Writer()
    first, link = writer.picture(SMALL, tags=REDUCED)
    second, back = writer.picture(SMALLER, tags=REDUCED, below=[first])
    content = writer.row((first, link), (second, back))
    writer.link(back, first)
    assert (read_image(content) == SMALL).all()


@pytest.mark.parametrize("interpretation", [32803, 34892])
def test_a_raw_photo_is_called_so(interpretation):
    """Its full picture are a sensor's values; the small one, which could be read, is another photo's size."""
    writer = _Writer()
    raw = writer.picture(FULL, tags={262: (3, [interpretation])})[0]
    with pytest.raises(ImageReadError, match=r"x: a raw photo: not supported$"):
        decode(io.BytesIO(writer.row(writer.picture(SMALL, tags=REDUCED, below=[raw]))), "x")


@pytest.mark.parametrize(
    "tags",
    [
        {258: (3, [32, 32, 32]), 339: (3, [3, 3, 3])},
        {258: (3, [64, 64, 64])},
        {262: (3, [9])},
        {259: (3, [34892])},
        {277: (3, [2])},
    ],
)
def test_kinds_that_are_not_supported_are_not_called_damaged(tags):
    writer = _Writer()
    with pytest.raises(ImageReadError, match=r"a kind of TIFF that is not supported \(") as caught:
        read_image(writer.row(writer.picture(FULL, tags=tags)))
    assert "damaged" not in caught.value.reason


def test_a_directory_without_pixels_is_damaged_and_no_kind_of_its_own():
    writer = _Writer()
    whole = writer.row(writer.picture(SMALL))
    for tag in (273, 279):
        whole = whole.replace(struct.pack("<H", tag), struct.pack("<H", 60000 + tag))
    with pytest.raises(ImageReadError, match="damaged TIFF"):
        read_image(whole)
