"""From whatever Pillow decoded to upright 8-bit RGB: 16 bits, floats, palettes, transparency, CMYK, orientation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
from PIL.ExifTags import Base
from PIL.Image import Resampling, Transpose

if TYPE_CHECKING:
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
_RESIZABLE = ("L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB")


def orientation(photo: PIL.Image.Image) -> int:
    """Tell how a decoded picture is stored: 1 to 8 as EXIF counts, 1 where its EXIF says nothing or is broken."""
    try:
        value = photo.getexif().get(Base.Orientation, 1)
    except Exception:  # noqa: BLE001 - broken EXIF raises what it likes, and the picture is still good
        return 1
    return value if value in _TURNS else 1


def to_pixels(photo: PIL.Image.Image, size: tuple[int, int], turn: int) -> Image:
    """Make a decoded picture, in any of Pillow's modes, an upright RGB array (H, W, 3), transparency on white.

    `size` is the width and height, as stored, to bring it down to; `turn`, 1 to 8, is how it is stored, as EXIF counts.
    """
    photo = _eight_bit(photo)
    if photo.size != size:
        # Hamming: evenly weighted at any ratio, sharper than bilinear and as quick; large ratios start with
        # a box average (reducing_gap).
        photo = photo.resize(size, Resampling.HAMMING, reducing_gap=2.0)
    photo = _on_white(photo)
    if turn in _TURNS:
        photo = photo.transpose(_TURNS[turn])
    return np.array(photo, dtype=np.uint8, order="C")


def _eight_bit(photo: PIL.Image.Image) -> PIL.Image.Image:
    """Convert to a mode with 8 bits a channel that averages well: no palette, no key colour."""
    if photo.mode.startswith("I;16") or photo.mode in ("I", "F"):
        return PIL.Image.fromarray(_scaled(np.asarray(photo), _white(photo)))
    if "transparency" in photo.info or photo.mode in ("P", "PA", "La", "RGBa"):
        return photo.convert("RGBA" if photo.has_transparency_data else "RGB")
    if photo.mode in _RESIZABLE:
        return photo
    return photo.convert("L" if photo.mode == "1" else "RGB")


def _white(photo: PIL.Image.Image) -> int | None:
    """Tell the grey value that stands for white; None where the file does not say."""
    if photo.mode.startswith("I;16"):
        bits = getattr(photo, "tag_v2", {}).get(Base.BitsPerSample, 16)
        bits = bits[0] if isinstance(bits, tuple) else bits
        return 4095 if bits == 12 else 65535
    return 65535 if photo.format == "PPM" else None


def _scaled(values: NDArray[Any], white: float | None) -> Image:
    """Bring grey values to 0..255, with `white` as 255; negative values and NaN are black.

    Without `white` (32 bits a value): the first of 1 (floats only), 255 and 65535 that none exceeds, or the largest.
    """
    if white == 65535 and values.dtype.itemsize == 2:
        grey: Image = _FROM_16_BITS[values]
        return grey
    tops = (1.0, 255.0, 65535.0) if values.dtype.kind == "f" else (255.0, 65535.0)
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    largest = float(finite.max())
    top = white or next((top for top in tops if largest <= top), largest)
    scaled: Image = np.rint(np.clip(finite, 0, top) * np.float32(255 / top)).astype(np.uint8)
    return scaled


def _on_white(photo: PIL.Image.Image) -> PIL.Image.Image:
    if photo.mode in ("LA", "RGBA"):
        white = PIL.Image.new("RGB", photo.size, (255, 255, 255))
        white.paste(photo.convert("RGB"), mask=photo.getchannel("A"))
        return white
    return photo.convert("RGB")
