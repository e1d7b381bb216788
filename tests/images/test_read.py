"""Every format and mode becomes upright RGB; whatever cannot be read says why in one line."""

import hashlib
import io
import os
import resource
import struct
import threading
import time
import tracemalloc
import warnings
import zlib
from unittest import mock

import numpy as np
import PIL.Image
import pytest

from imgsim.core import Scale
from imgsim.errors import ImageReadError
from imgsim.images import read
from imgsim.images.limits import Limits
from imgsim.images.read import FULL_SCALE, decode, open_photo, read_image, read_scales, shrink

WHITE, BLACK, RED = (255, 255, 255), (0, 0, 0), (255, 0, 0)


def _scene(rng, height=48, width=64):
    """A smooth picture whose corners differ, so that a lossy format keeps it and no two orientations look alike."""
    rows, columns = np.mgrid[0:height, 0:width]
    red, green = 255 * rows / height, 255 * columns / width
    blue = np.full_like(red, rng.integers(60, 200))
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def _encoded(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _png_chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _png(width, height, *chunks):
    header = _png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + _png_chunk(b"IEND", b"")


def _reason(content, scales=(FULL_SCALE,), **limits):
    with pytest.raises(ImageReadError) as caught:
        decode(io.BytesIO(content), "photo", scales, Limits(**limits))
    assert caught.value.path == "photo"
    assert "\n" not in caught.value.reason
    return caught.value.reason


FORMATS = {
    "JPEG": 12,
    "MPO": 12,
    "PNG": 0,
    "GIF": 40,
    "WEBP": 16,
    "TIFF": 0,
    "BMP": 0,
    "PPM": 0,
    "JPEG2000": 0,
    "AVIF": 12,
    "HEIF": 12,
}


@pytest.mark.parametrize(("kind", "tolerance"), FORMATS.items())
def test_every_format_is_known_by_its_content(tmp_path, rng, kind, tolerance):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    scene = _scene(rng)
    path = tmp_path / "photo.txt"
    path.write_bytes(_encoded(PIL.Image.fromarray(scene), kind))
    pixels = read_image(path)
    assert pixels.shape == scene.shape
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert np.abs(pixels.astype(int) - scene).max() <= tolerance


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_first_of_several_frames(rng, kind):
    frames = [PIL.Image.new("RGB", (8, 6), colour) for colour in (RED, BLACK, WHITE)]
    pixels = read_image(_encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
    assert np.abs(pixels.astype(int) - RED).max() <= 2


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_every_orientation_gives_the_upright_picture(rng, kind, turn):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    scene = _scene(rng, 48, 80)
    stored = {
        1: scene,
        2: scene[:, ::-1],
        3: scene[::-1, ::-1],
        4: scene[::-1],
        5: scene.transpose(1, 0, 2),
        6: scene.transpose(1, 0, 2)[::-1],
        7: scene.transpose(1, 0, 2)[::-1, ::-1],
        8: scene.transpose(1, 0, 2)[:, ::-1],
    }[turn]
    exif = PIL.Image.Exif()
    exif[0x0112] = turn
    content = _encoded(PIL.Image.fromarray(stored), kind, exif=exif.tobytes())
    whole = decode(io.BytesIO(content), "x")
    assert (whole.width, whole.height) == (80, 48)
    assert np.abs(whole.images[FULL_SCALE].astype(int) - scene).max() <= 16
    small = decode(io.BytesIO(content), "x", [Scale(24)])
    assert (small.width, small.height) == (80, 48)
    assert small.images[Scale(24)].shape == (24, 40, 3)
    assert np.abs(small.images[Scale(24)].astype(int) - scene[::2, ::2]).max() <= 16


@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\x7f", b"Exif\0\0MM", b"Exif\0\0"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_broken_exif_leaves_the_photo_readable(rng, kind, exif):
    scene = _scene(rng)
    pixels = read_image(_encoded(PIL.Image.fromarray(scene), kind, exif=exif))
    assert np.abs(pixels.astype(int) - scene).max() <= 16


@pytest.mark.parametrize("place", [0, 4, 8])
@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_broken_exif_of_an_isobmff_photo(kind, place):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    exif = PIL.Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    content = bytearray(_encoded(PIL.Image.new("RGB", (64, 80), RED), kind, exif=exif.tobytes()))
    at = content.find(b"MM\0*") + place
    content[at : at + 4] = b"\x7f\xff\xff\xff"
    whole = decode(io.BytesIO(bytes(content)), "x")
    assert (whole.width, whole.height) == (80, 64)
    assert np.abs(whole.images[FULL_SCALE].astype(int) - RED).max() <= 4


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_orientations_that_do_not_exist_count_as_upright(rng, value):
    exif = PIL.Image.Exif()
    exif[0x0112] = value
    scene = _scene(rng)
    pixels = read_image(_encoded(PIL.Image.fromarray(scene), "PNG", exif=exif))
    assert (pixels == scene).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM", "JPEG2000"])
def test_16_bit_grey_is_scaled_not_clipped(kind):
    ramp = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16)
    pixels = read_image(_encoded(PIL.Image.fromarray(ramp), kind))
    expected = np.rint(ramp / 257).astype(int)
    assert (pixels == pixels[..., :1]).all()
    assert np.abs(pixels[..., 0] - expected).max() <= (0 if kind in ("PNG", "TIFF") else 1)


def test_big_endian_16_bit_tiff():
    ramp = np.linspace(0, 65535, 64).reshape(8, 8).astype(">u2")
    picture = PIL.Image.frombytes("I;16B", (8, 8), ramp.tobytes())
    pixels = read_image(_encoded(picture, "TIFF"))
    assert (pixels[..., 0] == np.rint(ramp / 257)).all()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.0, 255.0], [0, 100, 255]),
        ([0.0, 32767.5, 65535.0], [0, 128, 255]),
        ([-5.0, 0.0, 1e6], [0, 0, 255]),
        ([float("nan"), float("-inf"), 1.0], [0, 0, 255]),
        ([0.0, 0.0, 0.0], [0, 0, 0]),
    ],
)
def test_float_tiff(values, expected):
    picture = PIL.Image.fromarray(np.array([values], dtype=np.float32))
    pixels = read_image(_encoded(picture, "TIFF"))
    assert pixels[0, :, 0].tolist() == expected


def test_32_bit_integers():
    picture = PIL.Image.fromarray(np.array([[-1, 0, 1]], dtype=np.int32))
    assert read_image(_encoded(picture, "TIFF"))[0, :, 0].tolist() == [0, 0, 1]
    picture = PIL.Image.fromarray(np.array([[0, 10_000_000, 20_000_000]], dtype=np.int32))
    assert read_image(_encoded(picture, "TIFF"))[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize(("mode", "kind"), [("CMYK", "JPEG"), ("CMYK", "TIFF"), ("LAB", "TIFF"), ("YCbCr", "TIFF")])
def test_other_colour_spaces(mode, kind):
    from PIL import ImageCms

    picture = PIL.Image.new("RGB", (16, 16), RED)
    if mode == "LAB":
        picture = ImageCms.profileToProfile(
            picture, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
    else:
        picture = picture.convert(mode)
    pixels = read_image(_encoded(picture, kind))
    assert pixels.shape == (16, 16, 3)
    assert np.abs(pixels.astype(int) - RED).max() <= 6


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P", "L", "RGB", "1"])
def test_transparency_is_white(mode):
    """The left half is opaque black, the right half transparent black."""
    alpha = np.zeros((4, 8), np.uint8)
    alpha[:, :4] = 255
    if mode in ("RGBA", "LA"):
        picture, options = PIL.Image.new(mode, (8, 4)), {}
        picture.putalpha(PIL.Image.fromarray(alpha))
    elif mode in ("P", "PA"):
        picture = PIL.Image.fromarray((alpha == 0).astype(np.uint8))
        picture.putpalette([0, 0, 0] * 2)
        options = {"transparency": b"\xff\x00" if mode == "PA" else 1}
    else:
        grey = PIL.Image.fromarray(np.where(alpha == 0, 255, 0).astype(np.uint8))
        picture = grey.convert(mode)
        options = {"transparency": WHITE if mode == "RGB" else 255}
    pixels = read_image(_encoded(picture, "PNG", **options))
    assert (pixels[:, :4] == 0).all()
    assert (pixels[:, 4:] == 255).all()


def test_half_transparent_is_half_white():
    picture = PIL.Image.new("RGBA", (4, 4), (255, 0, 0, 128))
    pixels = read_image(_encoded(picture, "PNG"))
    assert np.abs(pixels[0, 0].astype(int) - (255, 127, 127)).max() <= 1


def test_colour_under_transparency_does_not_bleed_when_reduced():
    values = np.zeros((64, 64, 4), np.uint8)
    values[:, 32:] = (0, 0, 255, 255)
    values[:, :32] = (255, 0, 0, 0)
    content = _encoded(PIL.Image.fromarray(values), "PNG")
    pixels = read_image(content, scale=Scale(9)).astype(int)
    assert (pixels[..., 2] == 255).all()
    assert (np.abs(pixels[..., 0] - pixels[..., 1]) <= 1).all()


@pytest.mark.parametrize("mode", ["L", "1", "P"])
def test_grey_and_palette(rng, mode):
    picture = PIL.Image.fromarray(_scene(rng)).convert(mode)
    pixels = read_image(_encoded(picture, "PNG"))
    assert (pixels == np.asarray(picture.convert("RGB"))).all()


def _drawing(shape, color, kind="RGBA"):
    """A drawing on a transparent ground that, as many do, is black below."""
    from PIL import ImageDraw

    picture = PIL.Image.new("RGBA", (120, 120), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    if shape == "ring":
        draw.ellipse([20, 20, 100, 100], outline=color, width=16)
    else:
        draw.polygon([(60, 5), (78, 115), (5, 48), (115, 48), (42, 115)], fill=color)
    return picture.convert(kind)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "GIF", "AVIF", "JPEG2000"])
@pytest.mark.parametrize(
    ("color", "expected"),
    [(WHITE, 0), ((235, 240, 250), 0), (BLACK, 255), ((250, 240, 0), 255), ((128, 128, 128), 255), (RED, 255)],
)
def test_a_drawing_stands_out_from_what_is_transparent(kind, color, expected):
    options = {"lossless": True} if kind == "WEBP" else {}
    ring, star = (read_image(_encoded(_drawing(shape, color), kind, **options)) for shape in ("ring", "star"))
    assert np.abs(ring[0, 0].astype(int) - expected).max() <= 2
    assert np.abs(ring[60, 30].astype(int) - color).max() <= 12
    assert np.abs(ring.astype(int) - star).max(axis=2).mean() > 20
    small = read_image(_encoded(_drawing("ring", color), kind, **options), scale=Scale(30))
    assert np.abs(small[0, 0].astype(int) - expected).max() <= 2


def test_a_drawing_in_black_and_white_lies_on_grey():
    picture = _drawing("ring", WHITE)
    picture.paste(BLACK, (0, 60, 120, 120), mask=picture.getchannel("A").crop((0, 60, 120, 120)))
    for mode in ("RGBA", "LA"):
        assert (read_image(_encoded(picture.convert(mode), "PNG"))[0, 0] == 128).all()


def test_a_few_white_pixels_stay_on_white():
    picture = _drawing("star", RED)
    picture.paste(WHITE, (50, 50, 60, 60))
    assert (read_image(_encoded(picture, "PNG"))[0, 0] == 255).all()


def test_what_is_wholly_transparent_is_white():
    assert (read_image(_encoded(PIL.Image.new("RGBA", (8, 8), (1, 2, 3, 0)), "PNG")) == 255).all()


def test_alpha_is_told_at_every_scale_and_turned():
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    picture = _drawing("star", WHITE).crop((0, 0, 120, 60))
    done = decode(io.BytesIO(_encoded(picture, "PNG", exif=exif)), "x", [FULL_SCALE, Scale(30)])
    assert (done.alpha[FULL_SCALE] == np.rot90(np.asarray(picture.getchannel("A")), -1)).all()
    assert done.alpha[Scale(30)].shape == done.images[Scale(30)].shape[:2] == (60, 30)
    assert decode(io.BytesIO(_encoded(picture.convert("RGB"), "PNG")), "x").alpha == {}


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_full_alpha_changes_nothing(rng, mode):
    picture = PIL.Image.fromarray(_scene(rng, 480, 640)).convert(mode)
    plain = picture.convert(mode[:-1])
    for scale in (FULL_SCALE, Scale(100)):
        done = decode(io.BytesIO(_encoded(picture, "PNG")), "x", [scale])
        assert (done.images[scale] == read_image(_encoded(plain, "PNG"), scale=scale)).all()
        assert done.alpha == {}


def _bmp(rgba, *, header=108):
    height, width = rgba.shape[:2]
    pixels = rgba[::-1, :, [2, 1, 0, 3]].tobytes()
    head = struct.pack("<IiiHHIIiiII", header, width, height, 1, 32, 3, len(pixels), 2835, 2835, 0, 0)
    head += struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + b"BGRs" + b"\0" * (header - 60)
    return b"BM" + struct.pack("<IHHI", 14 + len(head + pixels), 0, 0, 14 + len(head)) + head + pixels


@pytest.mark.parametrize("header", [108, 124])
def test_an_alpha_that_nobody_filled_in_counts_for_nothing(rng, header):
    scene = _scene(rng)
    rgba = np.dstack([scene, np.zeros(scene.shape[:2], np.uint8)])
    assert (read_image(_bmp(rgba, header=header)) == scene).all()
    rgba[:24, :, 3] = 255
    pixels = read_image(_bmp(rgba, header=header))
    assert (pixels[:24] == scene[:24]).all()
    assert (pixels[24:] == 255).all()


def _with_key(content, depth, *key):
    """Set a PNG's bit depth (its pixels are written for it) and its transparent colour."""
    chunk = _png_chunk(b"tRNS", struct.pack(f">{len(key)}H", *key))
    assert content[24] == depth
    return content[:33] + chunk + content[33:]


def test_16_bit_grey_with_a_transparent_colour():
    ramp = np.arange(0, 65536, 256, dtype=np.uint16).reshape(16, 16)
    content = _with_key(_encoded(PIL.Image.fromarray(ramp), "PNG"), 16, 512)
    done = decode(io.BytesIO(content), "x")
    assert done.alpha[FULL_SCALE].ravel()[:4].tolist() == [255, 255, 0, 255]
    expected = np.rint(ramp / 257)
    expected[0, 2] = 255
    assert (done.images[FULL_SCALE][..., 0] == expected).all()


@pytest.mark.parametrize(("depth", "step"), [(2, 85), (4, 17)])
def test_few_bits_with_a_transparent_colour(depth, step):
    rows = bytes([0, 0b00011011]) if depth == 2 else bytes([0, 0x01, 0x23])
    header = _png_chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 1, depth, 0, 0, 0, 0))
    chunks = _png_chunk(b"tRNS", b"\0\2") + _png_chunk(b"IDAT", zlib.compress(rows)) + _png_chunk(b"IEND", b"")
    done = decode(io.BytesIO(b"\x89PNG\r\n\x1a\n" + header + chunks), "x")
    assert done.alpha[FULL_SCALE].tolist() == [[255, 255, 0, 255]]
    assert done.images[FULL_SCALE][0, :2, 0].tolist() == [0, step]


def test_16_bit_colour_with_a_transparent_colour():
    rows = b"\0" + struct.pack(">6H", 0x0102, 0x0304, 0x0506, 0xFFFF, 0, 0)
    header = _png_chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0))
    key = _png_chunk(b"tRNS", struct.pack(">3H", 0xFFFF, 0, 0))
    content = b"\x89PNG\r\n\x1a\n" + header + key + _png_chunk(b"IDAT", zlib.compress(rows)) + _png_chunk(b"IEND", b"")
    done = decode(io.BytesIO(content), "x")
    assert done.alpha[FULL_SCALE].tolist() == [[255, 0]]
    assert done.images[FULL_SCALE][0, 0].tolist() == [1, 3, 5]


SIZES = [(1024, 768), (768, 1024), (641, 480), (2000, 321), (640, 639), (3000, 20), (20, 3000), (1, 1), (5000, 1)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_shorter_side_is_the_working_size(rng, kind, size):
    width, height = size
    content = _encoded(PIL.Image.fromarray(_scene(rng, height, width)), kind)
    small = decode(io.BytesIO(content), "x", [Scale(320)])
    assert (small.width, small.height) == size
    shorter = min(size)
    if shorter <= 320:
        assert small.images[Scale(320)].shape == (height, width, 3)
    else:
        assert min(small.images[Scale(320)].shape[:2]) == 320
        expected = (round(height * 320 / shorter), round(width * 320 / shorter), 3)
        assert small.images[Scale(320)].shape == expected


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("size", "shorter"), [((900, 1200), 320), ((639, 700), 639), ((300, 200), 200), ((640, 800), 320)]
)
def test_an_inexact_scale_leaves_what_is_below_twice_its_size(rng, kind, size, shorter):
    content = _encoded(PIL.Image.fromarray(_scene(rng, *size)), kind)
    exact, inexact = Scale(320), Scale(320, exact=False)
    both = read_scales(content, [exact, inexact])
    expected = {"JPEG": {900: 450, 640: 320}}.get(kind, {}).get(size[0], shorter)  # the decoder halves it
    assert min(both[inexact].shape[:2]) == expected
    assert (both[exact] == read_image(content, scale=exact)).all()
    assert (both[inexact] == read_image(content, scale=inexact)).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_reduced_scale_looks_like_the_whole(shared_data, kind):
    photos = sorted((shared_data / "grocery").rglob("*.jpg"))[::200]
    for path in photos:
        with PIL.Image.open(path) as photo:
            content = _encoded(photo.resize((1024, 1024)), kind)
        whole = PIL.Image.fromarray(read_image(content))
        expected = np.asarray(whole.resize((200, 200), PIL.Image.Resampling.BOX, reducing_gap=None)).astype(int)
        small = read_image(content, scale=Scale(200))
        assert np.abs(small - expected).mean() < 4


def test_decoded_pixels_are_reduced_as_a_file_would_be(rng):
    scene = _scene(rng, 200, 300)
    content = _encoded(PIL.Image.fromarray(scene), "PNG")
    assert (shrink(scene, Scale(90)) == read_image(content, scale=Scale(90))).all()
    assert shrink(scene[::-1, ::-1], Scale(90)).shape == (90, 135, 3)
    assert (shrink(scene, Scale(200)) == scene).all()


def test_pixel_limit_is_checked_before_decoding():
    begun = time.perf_counter()
    assert _reason(_png(100_000, 100_000)) == "10000.0 megapixels, over the limit of 100 (max_megapixels)"
    assert _reason(_png(100, 100), max_megapixels=0.005) == "0.0 megapixels, over the limit of 0.005 (max_megapixels)"
    assert time.perf_counter() - begun < 1


def test_raised_limit_is_not_held_back_by_pillow():
    width, height = 20_000, 10_000  # over Pillow's own 179 megapixels
    picture = PIL.Image.new("1", (width, height))
    content = _encoded(picture, "TIFF", compression="group4")
    assert _reason(content).startswith("200.0 megapixels")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        done = decode(io.BytesIO(content), "x", [Scale(10)], Limits(250))
    assert done.images[Scale(10)].shape == (10, 20, 3)
    assert (done.width, done.height) == (width, height)
    assert PIL.Image.MAX_IMAGE_PIXELS is not None


def test_frame_larger_than_the_header_says():
    """A GIF whose first frame is to be disposed of is allocated while its header is read."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for disposal in range(8):
        control = b"!\xf9\x04" + bytes([disposal << 2]) + b"\0\0\0\0"
        frame = b"," + struct.pack("<HHHH", 0, 0, 65535, 65535) + b"\0\x08\x02\0\0;"
        reason = _reason(b"GIF89a" + struct.pack("<HH", 1, 1) + b"\0\0\0" + control + frame)
        assert reason == "4294.8 megapixels, over the limit of 100 (max_megapixels)"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 200_000  # kB


BESIDE = {  # chunks that are very long or damaged beside pixels that are there
    "zTXt": _png_chunk(b"zTXt", b"k\0\0" + zlib.compress(b"a" * 50_000_000)),
    "iTXt": _png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b"a" * 2_000_000)),
    "iCCP": _png_chunk(b"iCCP", b"printer\0\0" + zlib.compress(b"a" * 2_000_000)),
    "many": 70 * _png_chunk(b"zTXt", b"k\0\0" + zlib.compress(b"a" * 1_000_000)),
    "checksum": _png_chunk(b"tEXt", b"k\0v")[:-1] + b"!",
    "unknown compression": _png_chunk(b"iCCP", b"p\0\x07nothing"),
    "short": _png_chunk(b"gAMA", b"\0") + _png_chunk(b"cHRM", b"\0"),
}


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("after", [False, True])
def test_what_stands_beside_the_pixels_of_a_png_does_not_matter(rng, beside, after):
    scene = _scene(rng)
    content = _encoded(PIL.Image.fromarray(scene), "PNG")
    at = len(content) - 12 if after else 33
    begun, memory = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (read_image(content[:at] + BESIDE[beside] + content[at:]) == scene).all()
    assert time.perf_counter() - begun < 4
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 150_000  # kB


@pytest.mark.parametrize("missing", [1, 4, 11, 12, 16])
def test_a_png_without_its_end_is_whole(rng, missing):
    scene = _scene(rng)
    assert (read_image(_encoded(PIL.Image.fromarray(scene), "PNG")[:-missing]) == scene).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "PPM", "TIFF", "JPEG2000", "AVIF"])
def test_truncated(rng, kind):
    noise = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    content = _encoded(PIL.Image.fromarray(noise), kind)
    reason = _reason(content[: len(content) * 2 // 3])
    if kind in ("JPEG", "PNG", "GIF", "BMP", "PPM"):
        assert reason == f"truncated after {len(content) * 2 // 3:,} bytes"
    assert _reason(content[: len(content) * 2 // 3], scales=[Scale(16)]) == reason


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "PPM", "TIFF", "JPEG2000", "AVIF", "HEIF"])
def test_damaged_bytes_raise_nothing_else(rng, kind):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    content = _encoded(PIL.Image.fromarray(_scene(rng)), kind)
    outcomes, reasons = set(), []
    for _ in range(60):
        hurt = bytearray(content)
        for place in rng.integers(12, len(content), 8):
            hurt[place] = rng.integers(0, 256)
        try:
            pixels = read_image(bytes(hurt), scale=Scale(16), max_megapixels=1)
            outcomes.add(pixels.shape[2])
        except ImageReadError as error:
            reasons.append(error.reason)
    assert outcomes <= {3}
    assert all(reason and reason.isprintable() for reason in reasons)


def test_reasons_of_files_that_are_no_photos(tmp_path):
    assert _reason(b"") == "the file is empty"
    assert _reason(b"BMW drivers are people too, so there") == "not a picture that imgsim reads"
    assert _reason(b"8BPS\0\x01" + b"\0" * 40) == "a PSD picture: not supported"
    (tmp_path / "broken.jpg").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.jpg")
    reasons = {
        tmp_path: "is a folder",
        tmp_path / "absent.jpg": "no such file",
        tmp_path / "broken.jpg": "no such file",
        tmp_path / "pipe.jpg": "not a regular file",
        "nul\0byte.jpg": "no such file",
    }
    for path, reason in reasons.items():
        with pytest.raises(ImageReadError) as caught:
            read_image(path)
        assert (caught.value.path, caught.value.reason) == (os.fspath(path), reason)


OTHERS = {
    "a PSD picture": b"8BPS\0\x01",
    "a JPEG XL picture": b"\xff\x0a\xfa\x7f",
    "a JPEG-LS picture": b"\xff\xd8\xff\xf7\0\x0b\x08",
    "a raw photo": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
    "an SVG drawing": b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg">',
    "a PDF document": b"%PDF-1.7\n",
    "an EPS drawing": b"%!PS-Adobe-3.0 EPSF-3.0",
    "an icon": b"\0\0\1\0\2\0\x10\x10",
    "a video": b"\0\0\0\x18ftypisom\0\0\2\0isomavc1",
    "a web page": b"<!DOCTYPE html>\n<html>",
}


@pytest.mark.parametrize("kind", OTHERS)
def test_whole_files_of_other_kinds_are_called_what_they_are(kind):
    assert _reason(OTHERS[kind] + bytes(400)) == f"{kind}: not supported"


def test_a_cr2_that_cannot_be_read_is_no_damaged_tiff():
    assert _reason(b"II*\0\x10\0\0\0CR\2\0" + bytes(40)) == "a raw photo: not supported"


@pytest.mark.parametrize("bits", [12, 16])
def test_a_jpeg_of_more_bits_is_not_called_damaged(bits):
    content = bytearray(_encoded(PIL.Image.new("L", (8, 8)), "JPEG"))
    content[content.find(b"\xff\xc0") + 4] = bits
    assert _reason(bytes(content)) == f"a kind of JPEG that is not supported: cannot handle {bits}-bit layers"


def test_time_is_bounded(rng):
    content = _encoded(PIL.Image.fromarray(_scene(rng)), "PNG")
    assert _reason(content, max_seconds=0) == "takes longer than 0 seconds to decode (max_seconds)"
    with pytest.raises(ImageReadError, match="takes longer than 0 seconds"):
        read_image(content, max_seconds=0)
    assert read_image(content, max_seconds=10).shape == (48, 64, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "PPM"])
def test_time_is_bounded_while_it_is_decoded(monkeypatch, rng, kind):
    moments = iter(range(10**6))
    monkeypatch.setattr(time, "monotonic", lambda: next(moments) / 100)
    noise = rng.integers(0, 256, (700, 700, 3), dtype=np.uint8)
    content = _encoded(PIL.Image.fromarray(noise), kind)
    assert read_image(content, max_seconds=100).shape == (700, 700, 3)
    begun = next(moments)
    decode(io.BytesIO(content), "x", limits=Limits(max_seconds=100))
    limit = (next(moments) - begun) // 2 / 100
    assert _reason(content, max_seconds=limit) == f"takes longer than {limit:g} seconds to decode (max_seconds)"


def test_a_file_that_answers_not_now_fails(tmp_path, monkeypatch):
    """As /proc/kmsg does, a regular file by its status."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    (tmp_path / "x.jpg").write_bytes(b"\xff\xd8\xff")
    regular = os.stat(tmp_path / "x.jpg")
    monkeypatch.setattr(os, "open", lambda *_: os.dup(read))
    monkeypatch.setattr(os, "fstat", lambda _: regular)
    for given in (b"", b"\xff\xd8\xff" * 1000):
        os.write(write, given)
        with open_photo(tmp_path / "x.jpg") as stream, pytest.raises(BlockingIOError, match="nothing to read now"):
            hashlib.file_digest(stream, "sha256")
    with open_photo(tmp_path / "x.jpg") as stream:
        stuck = mock.Mock(wraps=stream, seek=lambda *_: 0)
        with pytest.raises(ImageReadError, match="x: it gives nothing to read now"):
            decode(stuck, "x")
    os.close(read)
    os.close(write)


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.uint16])
def test_greys_of_many_bits_are_not_copied_whole(dtype):
    values = np.random.default_rng(0).integers(0, 256, (4000, 5000)).astype(dtype)
    content = _encoded(PIL.Image.fromarray(values), "TIFF")
    tracemalloc.start()
    try:
        pixels = read_image(content, scale=Scale(100))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert pixels.shape == (100, 125, 3)
    assert peak < 1.5 * values.size  # Pillow's own pictures are not counted here


def test_permission_denied(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ImageReadError, match="permission denied"):
        read_image(tmp_path / "photo.jpg")


def test_heic_without_its_decoder_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    monkeypatch.setattr(read, "AVAILABLE", False)  # in this process, that is
    assert "pip install 'imgsim[heif]'" in _reason(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")


def test_one_stream_is_decoded_again_and_stays_open(tmp_path, rng):
    for kind in ("JPEG", "TIFF", "WEBP"):
        path = tmp_path / f"photo.{kind}"
        path.write_bytes(_encoded(PIL.Image.fromarray(_scene(rng, 96, 128)), kind))
        with open_photo(path) as stream:
            stream.read()
            first = decode(stream, "x", [Scale(40)])
            second = decode(stream, "x")
            third = decode(stream, "x", [Scale(40)])
            assert not stream.closed
        assert (first.images[Scale(40)] == third.images[Scale(40)]).all()
        assert second.images[FULL_SCALE].shape == (96, 128, 3)


def test_threads_leave_warnings_and_limit_as_they_were(rng):
    content = _encoded(PIL.Image.fromarray(_scene(rng, 480, 640)), "JPEG")
    filters, limit = list(warnings.filters), PIL.Image.MAX_IMAGE_PIXELS
    results = []

    def work():
        results.extend(read_image(content, scale=Scale(100)) for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 40
    assert all((one == results[0]).all() for one in results)
    assert (warnings.filters, PIL.Image.MAX_IMAGE_PIXELS) == (filters, limit)


def test_exif_samples(shared_data):
    samples = sorted((shared_data / "awkward" / "exif").glob("Landscape_*.jpg"))
    assert samples
    small = [read_image(path, scale=Scale(100)).astype(int) for path in samples]
    assert {pixels.shape for pixels in small} == {small[0].shape}
    assert max(np.abs(pixels - small[0]).mean() for pixels in small) < 12


def test_awkward_files_decode_or_say_why(shared_data, capfd):
    files = [path for name in ("awkward", "neardup") for path in (shared_data / name).rglob("*") if path.is_file()]
    begun, memory = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    decoded, reasons = 0, []
    for path in files:
        try:
            pixels = read_image(path, scale=Scale(320))
        except ImageReadError as error:
            reasons.append(error.reason)
        else:
            decoded += 1
            assert pixels.dtype == np.uint8, path
            assert pixels.ndim == 3, path
            assert pixels.shape[2] == 3, path
            assert pixels.size, path
    assert decoded > len(files) * 0.7
    assert [reason for reason in reasons if not reason.isprintable() or not 5 < len(reason) < 160] == []
    assert time.process_time() - begun < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 500_000  # kB
    assert capfd.readouterr() == ("", "")
