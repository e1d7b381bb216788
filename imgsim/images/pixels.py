"""From whatever Pillow decoded to upright sRGB: 16 bits, floats, palettes, transparency, profiles, orientation."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
from PIL import ImageChops
from PIL.ExifTags import Base
from PIL.Image import Resampling, Transpose

from imgsim.images.profiles import to_srgb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from imgsim.core import Image

_TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
_FROM_16_BITS: Image = ((np.arange(65536, dtype=np.uint32) + 128) // 257).astype(np.uint8)
_STRIP = 2**20  # pixels of which there is a copy at a time
_NEARLY = 32  # of 255: values that do not stand out
_RESIZABLE = ("L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB")


def orientation(photo: PIL.Image.Image) -> int:
    """Tell how a decoded picture is stored: 1 to 8 as EXIF counts, 1 where its EXIF says nothing or is broken."""
    try:
        value = photo.getexif().get(Base.Orientation, 1)
    except Exception:  # noqa: BLE001 - broken EXIF raises what it likes, and the picture is still good
        return 1
    return value if value in _TURNS else 1


def profile_of(photo: PIL.Image.Image) -> bytes:
    """Give the ICC profile that a picture carries, b'' where it has none; L*a*b* values mean what they say."""
    profile = photo.info.get("icc_profile")
    return profile if isinstance(profile, bytes) and photo.mode != "LAB" else b""


def to_pixels(
    photo: PIL.Image.Image, size: tuple[int, int], turn: int, profile: bytes = b"", below: int = 255
) -> tuple[Image, Image | None]:
    """Make a picture of `eight_bit` an upright sRGB array of at most `size`, what is transparent on a grey.

    Gives (H, W, 3), and (H, W) how opaque each pixel is, None where all are.
    """
    if photo.size != size:
        # Hamming: evenly weighted at any ratio, sharper than bilinear and as quick; large ratios start with
        # a box average (reducing_gap).
        photo = photo.resize(size, Resampling.HAMMING, reducing_gap=2.0)
    alpha = None
    if turn in _TURNS:
        photo = photo.transpose(_TURNS[turn])
    if photo.mode in ("LA", "RGBA"):
        alpha = photo.getchannel("A")
        photo = photo.convert(photo.mode[:-1])
    if photo.mode not in ("L", "CMYK"):
        photo = photo.convert("RGB")
    pixels = to_srgb(photo, profile)
    if alpha is None:
        return pixels, None
    visible = PIL.Image.fromarray(pixels)
    laid = PIL.Image.composite(visible, PIL.Image.new("RGB", photo.size, (below,) * 3), alpha)
    return np.array(laid, order="C"), np.array(alpha)


def eight_bit(photo: PIL.Image.Image) -> PIL.Image.Image:
    """Convert to a mode with 8 bits a channel that averages well: no palette, no key colour, no alpha that is full."""
    if photo.mode.startswith("I;16") or photo.mode in ("I", "F"):
        photo = _grey(photo)
    elif "transparency" in photo.info or photo.mode in ("P", "PA", "La", "RGBa"):
        photo = photo.convert("RGBA" if photo.has_transparency_data else "RGB")
    elif photo.mode not in _RESIZABLE:
        photo = photo.convert("L" if photo.mode == "1" else "RGB")
    if photo.mode in ("LA", "RGBA"):
        least, most = photo.getchannel("A").getextrema()
        if least == 255 or (most == 0 and photo.format == "BMP"):  # which means that nobody filled it in
            return photo.convert(photo.mode[:-1])
    return photo


def ground(photo: PIL.Image.Image) -> int:
    """Choose a grey that what is visible of a picture stands out from: white, or else black, or else the middle.

    One is passed by where more than a quarter of the pixels that are not wholly transparent are nearly that.
    """
    if photo.mode not in ("LA", "RGBA"):
        return 255
    *channels, alpha = photo.split()
    darkest, lightest = (functools.reduce(end, channels) for end in (ImageChops.darker, ImageChops.lighter))
    white, black = sum(darkest.histogram(alpha)[-_NEARLY:]), sum(lightest.histogram(alpha)[:_NEARLY])
    limit = sum(darkest.histogram(alpha)) / 4
    return 255 if white <= limit else 0 if black <= limit else 128


def _grey(photo: PIL.Image.Image) -> PIL.Image.Image:
    """Bring greys of 16 and 32 bits to 8, with alpha if one of them is transparent."""
    white = _white(photo)
    if white is None:
        largest = max(float(_finite(values).max()) for values in _strips(photo))
        tops = (1.0, 255.0, 65535.0) if photo.mode == "F" else (255.0, 65535.0)
        white = next((top for top in tops if largest <= top), largest)
    grey = _by_strips(photo, lambda values: _scaled(values, white))
    key = photo.info.get("transparency")
    if isinstance(key, int):
        grey.putalpha(_by_strips(photo, lambda values: np.where(values == key, 0, 255).astype(np.uint8)))
    return grey


def _strips(photo: PIL.Image.Image) -> Iterator[NDArray[Any]]:
    """Give a picture's rows, some at a time, (h, W): a copy of all would be the largest thing in memory."""
    rows = max(1, _STRIP // photo.width)
    for top in range(0, photo.height, rows):
        yield np.asarray(photo.crop((0, top, photo.width, min(top + rows, photo.height))))


def _by_strips(photo: PIL.Image.Image, convert: Callable[[NDArray[Any]], Image]) -> PIL.Image.Image:
    """Make a picture of mode L from another's values."""
    made, top = PIL.Image.new("L", photo.size), 0
    for values in _strips(photo):
        made.paste(PIL.Image.fromarray(convert(values)), (0, top))
        top += len(values)
    return made


def _white(photo: PIL.Image.Image) -> float | None:
    """Tell the grey value that stands for white; None where the file does not say."""
    if photo.mode.startswith("I;16"):
        bits = getattr(photo, "tag_v2", {}).get(Base.BitsPerSample, 16)
        bits = bits[0] if isinstance(bits, tuple) else bits
        return 4095 if bits == 12 else 65535
    return 65535 if photo.format == "PPM" else None


def _finite(values: NDArray[Any]) -> NDArray[np.float32]:
    return np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)


def _scaled(values: NDArray[Any], white: float) -> Image:
    """Bring grey values to 0..255, with `white` as 255; negative values and NaN are black."""
    if white == 65535 and values.dtype.itemsize == 2:
        grey: Image = _FROM_16_BITS[values]
        return grey
    scaled: Image = np.rint(np.clip(_finite(values), 0, white) * np.float32(255 / white)).astype(np.uint8)
    return scaled
