"""From the colours that an ICC profile embedded in a photo describes to sRGB.

Profiles of a matrix and three curves, as cameras, screens and telephones write them, are worked out here, by OpenCV's
tables and products or else by NumPy's; those with tables (printers', CMYK) go through that.
"""

from __future__ import annotations

import functools
import io
import struct
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import PIL.Image

from imgsim.images.opencv import cv2

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from imgsim.core import Image

    Conversion: TypeAlias = Callable[[PIL.Image.Image], Image]

_LARGEST = 2**22  # bytes; larger profiles are passed over
_SAME = 2  # values of 0..255 that a profile of sRGB may be off by
# sRGB's red, green and blue in CIE XYZ under D50 (IEC 61966-2-1, brought from D65 by Bradford's transform).
_SRGB = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
_STEPS = 4096  # of linear light
_LIGHT = (np.arange(_STEPS) + 0.5) / _STEPS
_SHARE = np.where(_LIGHT <= 0.0031308, 12.92 * _LIGHT, 1.055 * _LIGHT ** (1 / 2.4) - 0.055)
# Of light as int16, read as uint16: more than white is white, less is black.
_ENCODED: Image = np.zeros(2**16, np.uint8)
_ENCODED[:_STEPS], _ENCODED[_STEPS : 2**15] = np.rint(255 * _SHARE), 255
_STRIP = 2**15  # pixels at a time: their light is kept in no more
_VALUES: Image = np.arange(256, dtype=np.uint8)
_MODES = {(b"RGB ", "RGB"), (b"RGB ", "L"), (b"GRAY", "L"), (b"CMYK", "CMYK")}
_GRID: Image = np.stack(np.meshgrid(*[_VALUES[::15]] * 3), axis=-1).reshape(18, -1, 3)


def to_srgb(photo: PIL.Image.Image, profile: bytes) -> Image:
    """Convert a picture of mode L, RGB or CMYK as its profile says: (H, W, 3)."""
    convert = conversion(profile, photo.mode) if profile else None
    return convert(photo) if convert else _pixels(photo)


@functools.lru_cache(maxsize=16)
def conversion(profile: bytes, mode: str) -> Conversion | None:
    """Give what makes sRGB pixels (H, W, 3) of pictures of a mode; None for sRGB itself and for profiles of no use."""
    if len(profile) > _LARGEST or (profile[16:20], mode) not in _MODES:
        return None
    try:
        tags = _tags(profile)
        if mode == "CMYK":
            return _by_little_cms(profile, mode)
        convert = _grey(tags) if mode == "L" else _colour(profile, tags)
        probe = PIL.Image.fromarray(_GRID if mode == "RGB" else _VALUES[None])
        off = np.abs(convert(probe).astype(int) - _pixels(probe))
    except Exception:  # noqa: BLE001 - whatever is wrong with a profile, the photo is still good
        return None
    return convert if off.max() > _SAME else None


def _tags(profile: bytes) -> Mapping[bytes, bytes]:
    count = min(100, struct.unpack_from(">I", profile, 128)[0])
    entries = (struct.unpack_from(">4sII", profile, 132 + 12 * place) for place in range(count))
    return {name: profile[at : at + size] for name, at, size in entries}


def _curve(tag: bytes) -> NDArray[Any]:
    """Give the linear light, 0..1, of each value of 0..255 (ICC.1, curveType and parametricCurveType)."""
    values = _VALUES / 255
    if tag[:4] == b"curv":
        table = np.frombuffer(tag, ">u2", struct.unpack_from(">I", tag, 8)[0], 12)
        if len(table) > 1:
            return np.interp(values, np.linspace(0, 1, len(table)), table / 65535)
        return values ** float(table[0] / 256 if len(table) else 1)
    count = {0: 1, 3: 5, 4: 7}[struct.unpack_from(">H", tag, 8)[0]]
    numbers = [number / 65536 for number in struct.unpack_from(f">{count}i", tag, 12)]
    gamma, a, b, c, d, e, f = numbers + [0, 1, 0, 0, 0, 0, 0][count:]
    light: NDArray[Any] = np.where(values >= d, np.maximum(a * values + b, 0) ** gamma + e, c * values + f).clip(0, 1)
    return light


def _grey(tags: Mapping[bytes, bytes]) -> Conversion:
    """Work out a conversion of greys; those of a colour profile are on its neutral axis."""
    light = _curve(tags[b"kTRC"] if b"kTRC" in tags else tags[b"gTRC"])
    table = _ENCODED[np.clip(light * _STEPS, 0, _STEPS - 1).astype(int)].tolist()
    return lambda photo: _pixels(photo.point(table))


def _colour(profile: bytes, tags: Mapping[bytes, bytes]) -> Conversion:
    """Work out a conversion of colours, by one curve and a matrix where the profile is no more than that."""
    curves = [] if b"A2B0" in tags else [_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")]
    if not curves or np.ptp(curves, axis=0).max() > 0:
        return _by_little_cms(profile, "RGB")
    light = curves[0].astype(np.float32)
    primaries = np.array([struct.unpack_from(">3i", tags[name], 8) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]) / 65536
    to_linear = (_STEPS * np.linalg.solve(_SRGB, primaries.T).T).astype(np.float32)
    white, sums = to_linear.sum(axis=0) / _STEPS, np.abs(to_linear).sum(axis=0) / _STEPS
    if not (np.abs(white - 1).max() < 0.5 and sums.max() < 7):
        raise ValueError("primaries that no camera and no screen has")

    def convert(photo: PIL.Image.Image) -> Image:
        pixels = np.array(photo)
        values = pixels.reshape(1, -1, 3)
        encode = _by_opencv if _has_opencv() else _by_numpy
        for at in range(0, values.shape[1], _STRIP):
            values[:, at : at + _STRIP] = encode(values[:, at : at + _STRIP], light, to_linear)
        return pixels

    return convert


def _by_opencv(values: Image, light: NDArray[np.float32], to_linear: NDArray[np.float32]) -> Image:
    """Bring values (1, n, 3) to sRGB, in a fifth of the time that NumPy takes."""
    linear = cv2.transform(cv2.LUT(values, light), to_linear.T)
    return cast("Image", cv2.LUT(linear.astype(np.int16).view(np.uint16), _ENCODED))


def _by_numpy(values: Image, light: NDArray[np.float32], to_linear: NDArray[np.float32]) -> Image:
    return _ENCODED.take((light.take(values) @ to_linear).astype(np.int16).view(np.uint16))


@functools.cache
def _has_opencv() -> bool:
    """Tell whether OpenCV can be loaded, and has tables for 16 bits: before version 5 it had none."""
    try:
        cv2.LUT(np.zeros((1, 1), np.uint16), _ENCODED)
    except Exception:  # noqa: BLE001 (whatever keeps it from that)
        return False
    return True


def _pixels(photo: PIL.Image.Image) -> Image:
    return np.array(photo.convert("RGB"), order="C")


def _by_little_cms(profile: bytes, mode: str) -> Conversion:
    """Work out a conversion by tables: relative colorimetric with black point compensation, as screens show them."""
    from PIL import ImageCms

    intent, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB", intent, flags)
    return lambda photo: _pixels(transform.apply(photo))
