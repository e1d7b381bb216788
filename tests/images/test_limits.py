"""One photo takes no more time and memory than it may, whatever its decoder does; it fails, and the next is read."""

import io
import os
import re
import signal
import struct
import subprocess
import sys
import time
import zlib

import numpy as np
import PIL.Image
import pytest

from imgsim import bounds
from imgsim.core import Scale
from imgsim.errors import ImageReadError
from imgsim.features import load_extractor
from imgsim.features.measure import measure
from imgsim.images import read
from imgsim.images.limits import MAX_MEGAPIXELS, MAX_MEMORY, MAX_SECONDS, Limits
from imgsim.images.read import MOST, read_image
from imgsim.side_process import AVAILABLE, SideProcesses

AT_ONCE = ["WEBP", "TIFF", "JPEG2000", "AVIF"]
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its memory")
aside = pytest.mark.skipif(not AVAILABLE, reason="no process can be forked here")


def encoded(kind):
    file = io.BytesIO()
    PIL.Image.effect_noise((64, 48), 80).convert("RGB").save(file, kind)
    return file.getvalue()


def reason(photo, **limits):
    with pytest.raises(ImageReadError) as caught:
        read_image(photo, **limits)
    return caught.value.reason


@pytest.fixture
def decoder(monkeypatch):
    """Put something in the decoder's place, in the processes beside this one too."""
    monkeypatch.setattr(bounds, "GRACE", 0.1)

    def behave(act):
        monkeypatch.setattr(read, "_decoders", SideProcesses(read._answer))
        monkeypatch.setattr(read, "_decode_all", lambda *_: act())

    return behave


def hang():
    re.match("(a+)+$", "a" * 64 + "b")  # no Python runs meanwhile


def test_what_is_stated():
    assert Limits() == (MAX_MEGAPIXELS, MAX_SECONDS, MAX_MEMORY) == (100, 60, 4000)


@aside
@pytest.mark.parametrize("kind", AT_ONCE)
def test_a_decoder_that_does_not_return_is_ended(decoder, kind):
    decoder(hang)
    began = time.monotonic()
    assert reason(encoded(kind), max_seconds=0.2) == "takes longer than 0.2 seconds to decode (max_seconds)"
    assert time.monotonic() - began < 5


@aside
def test_a_decoder_that_crashes_ends_nothing_else(decoder):
    decoder(lambda: os.kill(os.getpid(), signal.SIGSEGV))
    assert reason(encoded("WEBP")) == "the decoder crashed on it"


BOUNDED = """
import sys
from imgsim.core import Scale
from imgsim.errors import ImageReadError
from imgsim.images.read import FULL_SCALE, read_image

for scale, memory in ((FULL_SCALE, 2), (Scale(30), 4000)):
    try:
        print(read_image(sys.argv[1], scale=scale, max_memory=memory).shape)
    except ImageReadError as error:
        print(error.reason[:66])
"""


@linux
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF", "JPEG2000"])
def test_memory_is_bounded(kind, tmp_path):
    options = {"compression": "tiff_lzw"} if kind == "TIFF" else {}
    PIL.Image.new("RGB", (3000, 3000)).save(tmp_path / "photo", kind, **options)
    # In a process of its own: what earlier tests gave back to this one may be taken again.
    command = [sys.executable, "-c", BOUNDED, str(tmp_path / "photo")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    refused = "takes more memory to decode than there is, or than 2 MB (max_memory)"[:66]
    assert ran.stdout.splitlines() == [refused, "(30, 30, 3)"]


@aside
def test_others_are_measured_all_the_same(decoder, tmp_path):
    for name in ("a.png", "b.webp", "c.png"):
        (tmp_path / name).write_bytes(encoded("WEBP" if name == "b.webp" else "PNG"))
    whole = read._decode_all
    decoder(hang)
    read._decode_all = lambda stream, name, *rest: hang() if name.endswith("webp") else whole(stream, name, *rest)
    paths = [tmp_path / name for name in ("a.png", "b.webp", "c.png")]
    found = list(measure(paths, [load_extractor("phash")], limits=Limits(max_seconds=0.2)))
    assert [isinstance(photo, ImageReadError) for photo in found] == [False, True, False]


@aside
@pytest.mark.parametrize("kind", AT_ONCE)
def test_pixels_are_the_same_in_either_process(monkeypatch, kind, tmp_path):
    content = encoded(kind)
    (tmp_path / "photo").write_bytes(content)
    beside = [read_image(content), read_image(tmp_path / "photo"), read_image(content, scale=Scale(20))]
    monkeypatch.setattr(read, "AVAILABLE", False)
    here = [read_image(content), read_image(tmp_path / "photo"), read_image(content, scale=Scale(20))]
    for one, other in zip(beside, here, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.flags.writeable


def test_where_no_process_can_be_had_it_is_decoded_here(monkeypatch):
    def refuse(*_):
        raise OSError("no more processes")

    monkeypatch.setattr(read, "_decoders", SideProcesses(read._answer))
    monkeypatch.setattr("imgsim.side_process._fork", refuse)
    assert read_image(encoded("WEBP")).shape == (48, 64, 3)


def test_a_digest_takes_no_longer_than_it_may(tmp_path, monkeypatch):
    (tmp_path / "photo.png").write_bytes(encoded("PNG") + bytes(3 * 2**20))
    moments = iter(range(10**6))
    monkeypatch.setattr(time, "monotonic", lambda: next(moments))
    (failure,) = measure([tmp_path / "photo.png"], [], digest=True, limits=Limits(max_seconds=2))
    assert failure.reason == "takes longer than 2 seconds to decode (max_seconds)"


def _png(width, height):
    rows = zlib.compress(bytes(height * (width + 1)))
    chunks = [b"IHDR" + struct.pack(">II", width, height) + b"\x08\0\0\0\0", b"IDAT" + rows, b"IEND"]
    framed = [struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


@pytest.mark.parametrize("size", [(2_000_000, 1), (1, 2_000_000)])
def test_a_photo_without_end_is_refused(size):
    assert reason(_png(*size)) == "a side of 2,000,000 pixels: not supported"


@pytest.mark.parametrize("scale", [Scale(320), Scale(320, exact=False)])
def test_a_very_long_photo_is_brought_to_few_pixels_too(scale):
    height, width, _ = read_image(_png(100_000, 330), scale=scale).shape
    assert height * width <= MOST * 1.01
    assert abs(width / height - 100_000 / 330) < 2
    assert read_image(_png(40_000, 330), scale=scale).shape == (
        (330, 40_000, 3) if not scale.exact else (320, 38788, 3)
    )
