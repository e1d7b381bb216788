"""From a photo's bytes to upright RGB pixels, decoded at reduced scale where few pixels are enough."""

from __future__ import annotations

import io
import os
import re
import stat
import sys
from typing import TYPE_CHECKING, NamedTuple

import PIL.Image
from PIL.Image import DecompressionBombError

from imgsim.core import Scale
from imgsim.errors import ImageReadError, MissingDependencyError
from imgsim.images.formats import HEAD, sniff
from imgsim.images.pixels import orientation, to_pixels
from imgsim.images.plugins import open_picture, undisturbed
from imgsim.images.reasons import decoding_reason, system_reason

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import BinaryIO

    from imgsim.core import Image

MAX_MEGAPIXELS = 100.0
FULL_SCALE = Scale(sys.maxsize)


class Decoded(NamedTuple):
    """A decoded photo: upright RGB (H, W, 3) at each scale asked for, and its width and height at full scale."""

    images: Mapping[Scale, Image]
    width: int
    height: int


def read_image(
    photo: str | os.PathLike[str] | bytes, *, scale: Scale = FULL_SCALE, max_megapixels: float = MAX_MEGAPIXELS
) -> Image:
    """Read a photo as upright RGB.

    Parameters
    ----------
    photo : str, path-like or bytes
        A JPEG, PNG, WebP, TIFF, GIF, BMP, PNM, JPEG 2000, AVIF or HEIC picture: its path, or the file's content. A
        name's ending plays no part. Of several frames the first is read.
    scale : Scale, optional
        How large it is wanted.
    max_megapixels : float, default 100
        The largest photo to decode, in millions of pixels at full scale.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        RGB, 0..255, turned as EXIF asks, what is transparent on white.

    Raises
    ------
    ImageReadError
        If the photo cannot be read, with the reason.

    Notes
    -----
    16-bit grey is divided by 257. Greys of 32 bits are scaled so that white is the first of 1 (floats only), 255 and
    65535 that none exceeds, or else the largest value. Colour profiles are not applied; CMYK is converted plainly.
    HEIC and AVIF are turned as their own properties say; a HEIC's EXIF orientation repeats them and is passed over.
    """
    return read_scales(photo, [scale], max_megapixels=max_megapixels)[scale]


def read_scales(
    photo: str | os.PathLike[str] | bytes, scales: Collection[Scale], *, max_megapixels: float = MAX_MEGAPIXELS
) -> Mapping[Scale, Image]:
    """Read a photo as `read_image` does, for extractors that want it at several scales."""
    if isinstance(photo, bytes):
        return decode(io.BytesIO(photo), "-", scales, max_megapixels=max_megapixels).images
    with open_photo(photo) as stream:
        return decode(stream, os.fspath(photo), scales, max_megapixels=max_megapixels).images


def shrink(image: Image, scale: Scale) -> Image:
    """Bring pixels (H, W, 3) that are already decoded down as `read_image` would: (h, w, 3)."""
    height, width = image.shape[:2]
    return to_pixels(PIL.Image.fromarray(image), _target((width, height), (width, height), scale), 1)


def open_photo(path: str | os.PathLike[str]) -> io.BufferedReader:
    """Open a photo's file, and nothing but a regular file; ImageReadError where that cannot be."""
    name = os.fspath(path)
    try:
        # Not blocking: opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        reason = system_reason(error) if isinstance(error, OSError) else "no such file"
        raise ImageReadError(name, reason) from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise ImageReadError(name, "is a folder" if stat.S_ISDIR(mode) else "not a regular file")
    return open(descriptor, "rb")


def content_digest(stream: BinaryIO) -> bytes:
    """Digest a file's content: BLAKE2b-128."""
    import hashlib

    try:
        stream.seek(0)
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).digest()  # type: ignore[arg-type]
    except OSError as error:
        raise ImageReadError(str(stream.name), error.strerror or "the disk failed") from error


def decode(
    stream: BinaryIO, name: str, scales: Collection[Scale] = (FULL_SCALE,), *, max_megapixels: float = MAX_MEGAPIXELS
) -> Decoded:
    """Decode a photo from the first byte of an open file, once for each working size; errors call it by `name`."""
    kind = _kind(stream, name)
    try:
        with undisturbed(max_megapixels * 1e6):
            sizes = {scale.working_size: [other for other in scales if other[0] == scale[0]] for scale in scales}
            decoded = [_decode(stream, name, kind, alike, max_megapixels) for alike in sizes.values()]
            images = {scale: image for one in decoded for scale, image in one.images.items()}
            return Decoded(images, decoded[0].width, decoded[0].height)
    except ImageReadError:
        raise
    except MissingDependencyError as error:
        raise ImageReadError(name, f"a HEIC picture, and {error}") from error
    except DecompressionBombError as error:  # a frame larger than the header says
        pixels = re.search(r"\d+", str(error))
        raise _over_limit(name, float(pixels[0]) / 1e6 if pixels else 0, max_megapixels) from error
    except Exception as error:  # a hostile file can make a decoder raise almost anything
        raise ImageReadError(name, decoding_reason(error, kind, _size(stream))) from error


def _kind(stream: BinaryIO, name: str) -> str:
    try:
        stream.seek(0)
        head = stream.read(HEAD)
        stream.seek(0)
    except OSError as error:
        raise ImageReadError(name, system_reason(error)) from error
    kind = sniff(head)
    if kind is None:
        raise ImageReadError(name, "not a picture that imgsim reads" if head else "the file is empty")
    return kind


def _decode(stream: BinaryIO, name: str, kind: str, scales: Sequence[Scale], max_megapixels: float) -> Decoded:
    """Decode a photo once, for scales of one working size."""
    stream.seek(0)
    photo = open_picture(kind, stream)
    width, height = photo.size
    _check_size(name, width, height, max_megapixels)
    working_size = scales[0].working_size
    if kind == "JPEG" and working_size < min(width, height):
        photo.draft(None, (working_size, working_size))  # the DCT scales it by 1/2, 1/4 or 1/8, never below
    photo.load()
    turn = orientation(photo)
    images = {scale: to_pixels(photo, _target((width, height), photo.size, scale), turn) for scale in scales}
    return Decoded(images, height, width) if turn >= 5 else Decoded(images, width, height)


def _target(full: tuple[int, int], decoded: tuple[int, int], scale: Scale) -> tuple[int, int]:
    """Tell the width and height that a photo is brought to."""
    if min(decoded) < 2 * scale.working_size and not scale.exact:
        return decoded
    factor = min(1.0, scale.working_size / min(full))
    return max(1, round(full[0] * factor)), max(1, round(full[1] * factor))


def _check_size(name: str, width: int, height: int, max_megapixels: float) -> None:
    megapixels = width * height / 1e6
    if megapixels <= 0:
        raise ImageReadError(name, "it has no pixels")
    if megapixels > max_megapixels:
        raise _over_limit(name, megapixels, max_megapixels)


def _over_limit(name: str, megapixels: float, max_megapixels: float) -> ImageReadError:
    reason = f"{megapixels:.1f} megapixels, over the limit of {max_megapixels:g} (max_megapixels)"
    return ImageReadError(name, reason)


def _size(stream: BinaryIO) -> int:
    try:
        return stream.seek(0, io.SEEK_END)
    except (OSError, ValueError):
        return 0
