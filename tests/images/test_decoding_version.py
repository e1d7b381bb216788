"""A photo's header tells whether another version of decoding made other pixels of it."""

import io
import struct
import zlib

import numpy as np
import PIL.Image
import pytest
from PIL import ImageCms

from imgsim.images.decoding_version import DECODING, may_differ
from tests.images.test_profiles import PROFILES, SRGB_PROFILES
from tests.images.test_tiff import FULL, REDUCED, SMALL, _Writer


def _same(kind, mode="RGB", **options):
    file = io.BytesIO()
    PIL.Image.effect_noise((20, 20), 80).convert(mode).save(file, kind, **options)
    return file.getvalue()


def _half_transparent(kind):
    file, picture = io.BytesIO(), PIL.Image.new("RGBA", (20, 20))
    picture.paste((255, 0, 0, 255), (0, 0, 10, 20))
    picture.save(file, kind)
    return file.getvalue()


def _reduced_first():
    writer = _Writer()
    return writer.row(writer.picture(SMALL, tags=REDUCED), writer.picture(FULL))


def _all_reduced():
    writer = _Writer()
    return writer.row(writer.picture(SMALL, tags=REDUCED))


def _very_long():
    """A header alone: only that is looked at."""
    size = struct.pack(">II", 400_000, 200)
    header = b"IHDR" + size + b"\x08\0\0\0\0"
    rest = [b"IDAT", b"IEND"]
    chunks = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, *rest)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


ALIKE = {
    "JPEG": _same("JPEG"),
    "progressive": _same("JPEG", progressive=True),
    "grey": _same("JPEG", "L"),
    "CMYK": _same("JPEG", "CMYK"),
    "PNG": _same("PNG"),
    "palette": _same("PNG", "P"),
    "one bit": _same("PNG", "1"),
    "16 bits": _same("PNG", "I;16"),
    "GIF": _same("GIF", "P"),
    "WebP": _same("WEBP"),
    "AVIF": _same("AVIF"),
    "TIFF": _same("TIFF"),
    "float": _same("TIFF", "F"),
    "L*a*b*": _same("TIFF", "LAB", icc_profile=PROFILES["Adobe RGB"]),
    "BMP": _same("BMP"),
    "sRGB": _same("JPEG", icc_profile=SRGB_PROFILES["little cms"]),
    "grey in sRGB": _same("JPEG", "L", icc_profile=SRGB_PROFILES["parametric"]),
    "damaged profile": _same("PNG", icc_profile=b"none"),
    "full first": _same("TIFF", save_all=True, append_images=[PIL.Image.new("RGB", (5, 5))]),
    "reduced alone": _all_reduced(),
}
OTHER = {
    "very long": _very_long(),
    "profile": _same("JPEG", icc_profile=PROFILES["Adobe RGB"]),
    "grey with a profile": _same("JPEG", "L", icc_profile=PROFILES["Adobe RGB"]),
    "palette with a profile": _same("PNG", "P", icc_profile=PROFILES["ProPhoto"]),
    "alpha": _same("PNG", "RGBA"),
    "grey with alpha": _same("PNG", "LA"),
    "WebP with alpha": _half_transparent("WEBP"),
    "AVIF with alpha": _half_transparent("AVIF"),
    "TIFF with alpha": _half_transparent("TIFF"),
    "transparent entry": _half_transparent("GIF"),
    "transparent colour": _same("PNG", "L", transparency=3),
    "16 bits and a transparent colour": _same("PNG", "I;16", transparency=3),
    "reduced first": _reduced_first(),
    "damaged": b"\x89PNG\r\n\x1a\n damaged",
    "no picture": b"text",
}


@pytest.mark.parametrize("name", [*ALIKE, *OTHER])
def test_the_header_tells(tmp_path, name):
    path = tmp_path / "photo"
    path.write_bytes((ALIKE | OTHER)[name])
    assert may_differ(path, 1) == (name in OTHER)
    assert not may_differ(path, DECODING)
    assert may_differ(tmp_path / "gone", 1)


def _before(content):
    """Make of a photo what version 1 did, at full size, where its header says that this is still so."""
    with PIL.Image.open(io.BytesIO(content)) as photo:
        if photo.mode == "I;16":
            return np.rint(np.asarray(photo).astype(np.uint32) / 257)
        if photo.mode == "F":
            return np.rint(np.asarray(photo))
        return np.asarray(photo.convert("RGB"))


@pytest.mark.parametrize("name", [name for name in ALIKE if name != "reduced alone"])
def test_what_is_said_to_be_alike_is(name):
    from imgsim.images.read import read_image

    before, now = _before(ALIKE[name]), read_image(ALIKE[name])
    assert (now == (before if before.ndim == 3 else before[..., None])).all()


def test_headers_are_quick(tmp_path):
    """No pixels are decoded: of a photo that would take long, or has none, the header is enough."""
    path = tmp_path / "photo.jpg"
    file = io.BytesIO()
    PIL.Image.new("RGB", (64, 64)).save(
        file, "JPEG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    )
    content = file.getvalue()
    path.write_bytes(content[: content.find(b"\xff\xda") + 14])
    assert not may_differ(path, 1)
