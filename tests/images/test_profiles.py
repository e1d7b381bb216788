"""Photos in other colour spaces look as they do on screen; photos in sRGB stay as they are, bit by bit."""

import io
import struct

import numpy as np
import PIL.Image
import pytest
from PIL import ImageCms

from imgsim.core import Scale
from imgsim.images import profiles
from imgsim.images.lab import to_lab
from imgsim.images.profiles import conversion, to_srgb
from imgsim.images.read import read_image

SRGB = np.array([[0.4360, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
ADOBE = np.array([[0.6097, 0.2053, 0.1492], [0.3111, 0.6257, 0.0632], [0.0195, 0.0609, 0.7446]])
DISPLAY_P3 = np.array([[0.5151, 0.2920, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]])
PROPHOTO = np.array([[0.7977, 0.1352, 0.0313], [0.2880, 0.7119, 0.0001], [0.0, 0.0, 0.8249]])


def _fixed(*values):
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _gamma(value):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256)) + b"\0\0"


def _table(function):
    values = np.rint(65535 * function(np.linspace(0, 1, 1024))).astype(">u2")
    return b"curv\0\0\0\0" + struct.pack(">I", 1024) + values.tobytes()


def _parametric(kind, *values):
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + _fixed(*values)


def _light(share):
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


SRGB_CURVE = _parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def _profile(space, tags):
    names = {b"desc": b"desc\0\0\0\0\0\0\0\x01" + b"\0" * 84, b"cprt": b"text\0\0\0\0none\0\0\0\0"}
    tags = names | {b"wtpt": b"XYZ \0\0\0\0" + _fixed(0.9642, 1, 0.8249)} | tags
    table, data = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(data), len(content))
        data += content + b"\0" * (-len(content) % 4)
    head = struct.pack(
        ">I4sI4s4s4s12s4s", 128 + len(table + data), b"none", 0x02400000, b"mntr", space, b"XYZ ", b"", b"acsp"
    )
    head += b"\0" * 28 + _fixed(0.9642, 1, 0.8249)
    return head.ljust(128, b"\0") + table + data


def _rgb_profile(primaries, curve, *others):
    colorants = {
        name: b"XYZ \0\0\0\0" + _fixed(*primaries[:, at]) for at, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))
    }
    return _profile(
        b"RGB ",
        colorants | dict(zip((b"rTRC", b"gTRC", b"bTRC"), (curve, *others) if others else (curve,) * 3, strict=True)),
    )


PROFILES = {
    "Adobe RGB": _rgb_profile(ADOBE, _gamma(2.2)),
    "Display P3": _rgb_profile(DISPLAY_P3, SRGB_CURVE),
    "ProPhoto": _rgb_profile(PROPHOTO, _gamma(1.8)),
    "a table": _rgb_profile(ADOBE, _table(lambda share: share**2.2)),
    "para 0": _rgb_profile(ADOBE, _parametric(0, 2.2)),
    "para 4": _rgb_profile(PROPHOTO, _parametric(4, 1.8, 1, 0, 1 / 16, 1 / 32, 0, 0)),
    "linear": _rgb_profile(SRGB, b"curv" + b"\0" * 8),
    "three curves": _rgb_profile(ADOBE, _gamma(2.2), _gamma(1.8), _table(lambda share: share**2)),
}


def _scene(rng, height=40, width=60):
    rows, columns = np.mgrid[0:height, 0:width]
    blue = np.full(rows.shape, rng.integers(60, 200))
    return np.stack([30 + 180 * rows / height, 40 + 160 * columns / width, blue], axis=-1).astype(np.uint8)


def _encoded(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("name", PROFILES)
def test_matrix_profiles_convert_as_little_cms_does(rng, name):
    picture = PIL.Image.fromarray(rng.integers(0, 256, (64, 200, 3), dtype=np.uint8))
    source = ImageCms.ImageCmsProfile(io.BytesIO(PROFILES[name]))
    expected = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), renderingIntent=1)
    off = np.abs(np.asarray(to_srgb(picture, PROFILES[name])).astype(int) - np.asarray(expected))
    assert off.max() <= (6 if name == "linear" else 2)  # of 8 linear bits the dark ones are far apart
    assert off.mean() < 0.3
    assert np.abs(np.asarray(picture).astype(int) - np.asarray(expected)).max() > 10


def _in_space(scene, primaries, gamma):
    light = np.clip(_light(scene / 255) @ SRGB.T @ np.linalg.inv(primaries).T, 0, 1)
    return PIL.Image.fromarray(np.rint(255 * light ** (1 / gamma)).astype(np.uint8))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("alpha", [False, True])
def test_the_same_scene_in_every_space(rng, kind, alpha):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    if kind == "JPEG" and alpha:
        pytest.skip("JPEG has no alpha")
    scene = _scene(rng)
    for primaries, gamma in ((ADOBE, 2.2), (PROPHOTO, 1.8)):
        picture = _in_space(scene, primaries, gamma)
        if alpha:
            picture.putalpha(PIL.Image.new("L", picture.size, 254))
        content = _encoded(
            picture,
            kind,
            icc_profile=_rgb_profile(primaries, _gamma(gamma)),
            **({} if kind in ("PNG", "TIFF") else {"quality": 95}),
        )
        assert np.abs(read_image(content).astype(int) - scene).mean() < 3
        small = read_image(content, scale=Scale(20)).astype(int)
        assert np.abs(small - read_image(_encoded(PIL.Image.fromarray(scene), "PNG"), scale=Scale(20))).mean() < 3


def test_a_palette_has_a_profile_too(rng):
    picture = _in_space(_scene(rng), ADOBE, 2.2).quantize(64)
    content = _encoded(picture, "PNG", icc_profile=PROFILES["Adobe RGB"])
    expected = to_srgb(picture.convert("RGB"), PROFILES["Adobe RGB"])
    assert (read_image(content) == np.asarray(expected)).all()


@pytest.mark.parametrize("space", ["GRAY", "RGB "])
@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_greys(space, mode):
    profile = PROFILES["Adobe RGB"] if space == "RGB " else _profile(b"GRAY", {b"kTRC": _gamma(1.0)})
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    picture = PIL.Image.fromarray(ramp.astype(np.uint16) * 257 if mode == "I;16" else ramp)
    if mode == "LA":
        picture.putalpha(PIL.Image.new("L", picture.size, 254))
    pixels = read_image(_encoded(picture, "PNG", icc_profile=profile))
    light = (ramp / 255) ** (2.19921875 if space == "RGB " else 1.0)
    expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert (pixels == pixels[..., :1]).all()
    assert np.abs(pixels[8:, :, 0] - expected[8:]).max() <= 2


SRGB_PROFILES = {
    "little cms": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    "parametric": _rgb_profile(SRGB, SRGB_CURVE),
    "table": _rgb_profile(SRGB, _table(_light)),
    "grey": _profile(b"GRAY", {b"kTRC": SRGB_CURVE}),
}
DAMAGED = {
    "noise": b"printer" * 100,
    "cut": PROFILES["Display P3"][:300],
    "head alone": PROFILES["Adobe RGB"][:128],
    "flat": _rgb_profile(np.zeros((3, 3)), _gamma(2.2)),
    "glaring": _rgb_profile(1000 * ADOBE, _gamma(2.2)),
    "a curve of no kind": _rgb_profile(ADOBE, _parametric(9, 1.0)),
    "CMYK on RGB": _profile(b"CMYK", {}),
    "over 4 MB": PROFILES["Adobe RGB"] + bytes(2**22),
}


@pytest.mark.parametrize("name", [*SRGB_PROFILES, *DAMAGED])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_srgb_and_damaged_profiles_change_nothing(rng, name, mode, capfd):
    profile = (SRGB_PROFILES | DAMAGED)[name]
    picture = PIL.Image.fromarray(_scene(rng)).convert(mode)
    if name == "flat" and mode == "L":
        pytest.skip("its curve is whole, and greys need no more")
    pixels = read_image(_encoded(picture, "TIFF", icc_profile=profile))
    expected = picture if name in SRGB_PROFILES or mode == "RGB" else None
    if expected is not None:
        assert (pixels == np.asarray(picture.convert("RGB"))).all()
    assert pixels.shape == (40, 60, 3)
    assert capfd.readouterr() == ("", "")


def _lut_profile():
    """A CMYK profile whose table holds L*a*b* at the corners of ink: 2 entries an axis, interpolated."""
    corners = np.array([[c, m, y, k] for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)])
    light = np.clip(1 - corners[:, :3].mean(axis=1) - corners[:, 3], 0, 1)
    red, yellow = corners[:, 1] - corners[:, 0], corners[:, 2] - 0.5 * corners[:, 0] - 0.5 * corners[:, 1]
    lab = np.stack([255 * light, 128 + 60 * red, 128 + 60 * yellow], axis=1).round().clip(0, 255).astype(np.uint8)
    matrix = _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    ramp = bytes(range(256))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + matrix + ramp * 4 + lab.tobytes() + ramp * 3
    profile = bytearray(_profile(b"CMYK", {b"A2B0": table, b"A2B1": table}))
    profile[12:16], profile[20:24] = b"prtr", b"Lab "
    return bytes(profile)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
@pytest.mark.parametrize(
    ("ink", "lab"), [((0, 255, 255, 0), (33, 60, 30)), ((0, 0, 0, 0), (100, 0, 0)), ((0, 0, 0, 255), (0, 0, 0))]
)
def test_cmyk_goes_through_its_tables(kind, ink, lab):
    options = {"quality": 95} if kind == "JPEG" else {}
    content = _encoded(PIL.Image.new("CMYK", (16, 16), ink), kind, **options, icc_profile=_lut_profile())
    assert np.abs(to_lab(read_image(content)[0, 0]) - lab).max() < 12


def test_a_conversion_is_worked_out_once():
    profile = _lut_profile()
    assert conversion(profile, "RGB") is None
    assert conversion(profile, "CMYK") is conversion(bytes(bytearray(profile)), "CMYK")


def test_tables_go_before_a_matrix(rng):
    """Profiles with both mean their tables: here one that swaps red and green."""
    corners = np.array([[r, g, b] for r in (0, 1) for g in (0, 1) for b in (0, 1)], np.uint8)
    lab = to_lab(255 * corners[:, [1, 0, 2]]) * (2.55, 1, 1) + (0, 128, 128)
    ramp = bytes(range(256))
    matrix = _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    table = (
        b"mft1\0\0\0\0" + bytes([3, 3, 2, 0]) + matrix + ramp * 3 + lab.round().astype(np.uint8).tobytes() + ramp * 3
    )
    colorants = {name: b"XYZ \0\0\0\0" + _fixed(*SRGB[:, at]) for at, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), SRGB_CURVE)
    profile = bytearray(_profile(b"RGB ", colorants | curves | {b"A2B0": table, b"A2B1": table}))
    profile[20:24] = b"Lab "
    red = PIL.Image.new("RGB", (4, 4), (255, 0, 0))
    assert np.asarray(to_srgb(red, bytes(profile)))[0, 0].argmax() == 1


def test_opencv_and_numpy_make_the_same_pixels(rng, monkeypatch):
    """Of every kind of profile, and of more pixels than are converted at a time; one value in 100,000 rounds apart."""
    picture = PIL.Image.fromarray(rng.integers(0, 256, (260, 259, 3), dtype=np.uint8))
    for profile in PROFILES.values():
        by_opencv = to_srgb(picture, profile)
        monkeypatch.setattr(profiles, "_has_opencv", lambda: False)
        by_numpy = to_srgb(picture, profile)
        monkeypatch.undo()
        off = np.abs(by_opencv.astype(int) - by_numpy)
        assert off.max() <= 1
        assert off.mean() < 1e-4


def test_profiles_are_converted_where_opencv_cannot_be_loaded(rng, monkeypatch):
    picture = PIL.Image.fromarray(rng.integers(0, 256, (8, 9, 3), dtype=np.uint8))
    expected = to_srgb(picture, PROFILES["Adobe RGB"])
    profiles._has_opencv.cache_clear()
    monkeypatch.setattr(profiles, "cv2", None)
    assert not profiles._has_opencv()
    np.testing.assert_array_equal(to_srgb(picture, PROFILES["Adobe RGB"]), expected)
    monkeypatch.undo()
    profiles._has_opencv.cache_clear()
    assert profiles._has_opencv()
