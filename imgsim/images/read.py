"""From a photo's bytes to upright RGB pixels, decoded at reduced scale where few pixels are enough."""

from __future__ import annotations

import io
import math
import os
import re
import shutil
import stat
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

import PIL.Image
from PIL.Image import DecompressionBombError

from imgsim import bounds
from imgsim.bounds import bounded_memory, bounded_time
from imgsim.core import Scale
from imgsim.errors import DrawnPictureError, ImageReadError, MissingDependencyError
from imgsim.files import UnblockedFile, open_unblocked
from imgsim.images.formats import HEAD, name_other, sniff
from imgsim.images.jpeg import Jpeg
from imgsim.images.limits import LIMITS, MAX_MEGAPIXELS, MAX_MEMORY, MAX_SECONDS, Limits
from imgsim.images.mark import is_drawn
from imgsim.images.pixels import eight_bit, ground, orientation, profile_of, to_pixels
from imgsim.images.plugins import open_picture, undisturbed
from imgsim.images.reasons import decoding_reason, is_systems, system_reason
from imgsim.side_process import AVAILABLE, SideProcessError, SideProcesses

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from imgsim.core import Image

    Source: TypeAlias = str | os.PathLike[str] | bytes

FULL_SCALE = Scale(sys.maxsize)
CRASHED = "the decoder crashed on it"
_HEAD = 1024  # bytes that tell what a file is
_BYTES_A_PIXEL, _LEAST_LIMIT = 32, 1e9  # of a file: twice what the largest pixels take, and room for metadata
_PIECE = 2**20  # bytes that are digested at a time
_BYTES = 26  # that decoding a pixel takes at most
LONGEST = 10**6  # pixels of a side
MOST = 2**24  # pixels of a photo that is brought down: a very long one has more than its working size would say
AT_ONCE = ("WEBP", "TIFF", "JPEG2000", "AVIF", "HEIF")  # which no look at the clock interrupts


class Decoded(NamedTuple):
    """A decoded photo: upright sRGB (H, W, 3) at each scale asked for, and its width and height at full scale.

    `alpha` (H, W): how opaque each pixel is, at each scale, empty where all are; `remark`: what its file lacks, or ''.
    """

    images: Mapping[Scale, Image]
    width: int
    height: int
    alpha: Mapping[Scale, Image]
    remark: str


def read_image(
    photo: Source,
    *,
    scale: Scale = FULL_SCALE,
    max_megapixels: float = MAX_MEGAPIXELS,
    max_seconds: float = MAX_SECONDS,
    max_memory: float = MAX_MEMORY,
) -> Image:
    """Read a photo as upright sRGB.

    Parameters
    ----------
    photo : str, path-like or bytes
        A JPEG, PNG, WebP, TIFF, GIF, BMP, PNM, JPEG 2000, AVIF or HEIC picture: its path, or the file's content. A
        name's ending plays no part. Of several frames the first is read.
    scale : Scale, optional
        How large it is wanted.
    max_megapixels : float, default 100
        The largest photo to decode, in millions of pixels at full scale.
    max_seconds : float, default 60
        How long decoding may take. WebP, TIFF, JPEG 2000, AVIF and HEIC are decoded in a process of their own, which is
        ended; the others are read in pieces, and given up between two of them. Where no process can be forked (on
        Windows and macOS) the limit of pixels bounds the first ones' time, to about a fifth of a microsecond each.
    max_memory : float, default 4000
        How much memory decoding may take, in MB; held on Linux, and for JPEG, PNG, GIF, BMP and PNM where no other
        thread runs. Decoding takes at most 26 bytes a pixel of sound photos.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        sRGB, 0..255, turned as EXIF asks. What is transparent lies on white, or on black where more than a quarter of
        what is visible is nearly white, or on middle grey where as much is nearly black too.

    Raises
    ------
    ImageReadError
        If the photo cannot be read, with the reason.

    Notes
    -----
    16-bit grey is divided by 257. Greys of 32 bits are scaled so that white is the first of 1 (floats only), 255 and
    65535 that none exceeds, or else the largest value. Embedded ICC profiles are converted to sRGB, after the scale is
    reduced: by their curves and matrix, or where they have tables (CMYK) relatively colorimetric with black point
    compensation; damaged profiles and those above 4 MB are passed over, CMYK without one is converted plainly.
    HEIC and AVIF are turned as their own properties say; a HEIC's EXIF orientation repeats them and is passed over.
    A JPEG without its end is read if at most a tenth of its rows are missing, which are grey then, or, where it is
    progressive, if every coefficient came once; one of more than 100 scans is not. A TIFF that begins with a reduced
    picture is read where it has the full one. The alpha of a BMP counts unless it is 0 everywhere.
    """
    limits = Limits(max_megapixels, max_seconds, max_memory)
    return read_scales(photo, [scale], **limits._asdict())[scale]


def read_scales(photo: Source, scales: Collection[Scale], **limits: float) -> Mapping[Scale, Image]:
    """Read a photo as `read_image` does, for extractors that want it at several scales."""
    return read_photo(photo, scales, **limits).images


def read_photo(photo: Source, scales: Collection[Scale] = (FULL_SCALE,), **limits: float) -> Decoded:
    """Read a photo as `read_image` does, with all that is known of it."""
    if isinstance(photo, bytes):
        return decode(io.BytesIO(photo), "-", scales, Limits(**limits))
    with open_photo(photo) as stream:
        return decode(stream, os.fspath(photo), scales, Limits(**limits))


def shrink(image: Image, scale: Scale) -> Image:
    """Bring pixels (H, W, 3) that are already decoded down as `read_image` would: (h, w, 3)."""
    height, width = image.shape[:2]
    return to_pixels(PIL.Image.fromarray(image), _target((width, height), (width, height), scale), 1)[0]


def open_photo(path: str | os.PathLike[str]) -> io.BufferedReader:
    """Open a photo's file, and nothing but a regular file; ImageReadError where that cannot be."""
    name = os.fspath(path)
    try:
        descriptor = open_unblocked(name)
    except (OSError, ValueError) as error:
        reason = system_reason(error) if isinstance(error, OSError) else "no such file"
        raise ImageReadError(name, reason, system=True) from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise ImageReadError(name, "is a folder" if stat.S_ISDIR(mode) else "not a regular file")
    return io.BufferedReader(UnblockedFile(descriptor))


class _TooSlowError(Exception):
    """The time that a photo has is over; none of the errors that decoders take for their own."""


class _Timed:
    """A stream that may be read from for so many seconds."""

    def __init__(self, stream: BinaryIO, seconds: float) -> None:
        self._stream, self._end = stream, time.monotonic() + seconds

    def read(self, size: int = -1) -> bytes:
        if time.monotonic() > self._end:
            raise _TooSlowError
        return self._stream.read(size)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def check_photo_file(stream: BinaryIO, name: str, size: int, *, max_megapixels: float = MAX_MEGAPIXELS) -> None:
    """Refuse what need not be read whole: no picture, one that imgsim drew, or a file too large for a photo."""
    head = read_head(stream, name)
    kind_of(head, name)
    if is_drawn(head):
        raise DrawnPictureError(name, "a picture that imgsim drew")
    limit = max(_LEAST_LIMIT, _BYTES_A_PIXEL * max_megapixels * 1e6)
    if size > limit:
        at = f"at {max_megapixels:g} megapixels (max_megapixels)"
        reason = f"{size / 1e9:.1f} GB, over the limit of {limit / 1e9:.1f} {at}"
        raise ImageReadError(name, reason, limit="max_megapixels")


def content_digest(stream: BinaryIO, max_seconds: float = math.inf) -> bytes:
    """Digest a file's content: BLAKE2b-128."""
    import hashlib

    digest, timed = hashlib.blake2b(digest_size=16), _Timed(stream, max_seconds)
    try:
        stream.seek(0)
        while piece := timed.read(_PIECE):
            digest.update(piece)
    except _TooSlowError as error:
        raise too_slow(str(getattr(stream, "name", "-")), max_seconds) from error
    except OSError as error:
        name = str(getattr(stream, "name", "-"))
        raise ImageReadError(name, error.strerror or "the disk failed", system=True) from error
    return digest.digest()


def decode(stream: BinaryIO, name: str, scales: Collection[Scale] = (FULL_SCALE,), limits: Limits = LIMITS) -> Decoded:
    """Decode a photo from the first byte of an open file, once for each working size; errors call it by `name`."""
    head = read_head(stream, name)
    kind = kind_of(head, name)
    if kind in AT_ONCE and AVAILABLE and not bounds.expendable:
        with suppress(OSError):  # no process can be had: here, then
            return _decode_aside(stream, name, scales, limits)
    try:
        with (
            undisturbed(limits.max_megapixels * 1e6),
            bounded_time(limits.max_seconds),
            bounded_memory(limits.max_memory),
        ):
            return _decode_all(stream, name, kind, scales, limits)
    except ImageReadError:
        raise
    except MissingDependencyError as error:
        raise ImageReadError(name, f"a HEIC picture, and {error}", package=error.package) from error
    except DecompressionBombError as error:  # a frame larger than the header says
        pixels = re.search(r"\d+", str(error))
        raise _over_limit(name, float(pixels[0]) / 1e6 if pixels else 0, limits.max_megapixels) from error
    except MemoryError as error:
        raise _too_large(name, limits.max_memory) from error
    except _TooSlowError as error:
        raise too_slow(name, limits.max_seconds) from error
    except Exception as error:  # a hostile file can make a decoder raise almost anything
        other = name_other(head) if kind == "TIFF" else None  # as a raw photo may be
        reason = f"{other}: not supported" if other else decoding_reason(error, kind, _size(stream))
        facts = {"system": True} if is_systems(error) and not other else {}
        raise ImageReadError(name, reason, **facts) from error


def too_slow(name: str, max_seconds: float) -> ImageReadError:
    """Say that a photo took longer than it may."""
    reason = f"takes longer than {max_seconds:g} seconds to decode (max_seconds)"
    return ImageReadError(name, reason, limit="max_seconds")


def _too_large(name: str, max_memory: float) -> ImageReadError:
    reason = f"takes more memory to decode than there is, or than {max_memory:g} MB (max_memory)"
    return ImageReadError(name, reason, limit="max_memory")


def _decode_aside(stream: BinaryIO, name: str, scales: Collection[Scale], limits: Limits) -> Decoded:
    """Decode a photo in a process that ends with it if need be; OSError where there can be none."""
    try:
        with _descriptor(stream) as descriptor:
            request = name, tuple(scales), limits
            decoded: Decoded | ImageReadError = _decoders.ask(request, descriptor, limits.max_seconds)
    except TimeoutError as error:
        raise too_slow(name, limits.max_seconds) from error
    except SideProcessError as error:
        raise ImageReadError(name, CRASHED) from error
    if isinstance(decoded, ImageReadError):
        raise decoded
    return decoded


@contextmanager
def _descriptor(stream: BinaryIO) -> Iterator[int]:
    """Give the descriptor of a file that is open, or of one in memory with what is in a stream."""
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError):
        descriptor = -1
    if descriptor >= 0:
        yield descriptor
        return
    with open(os.memfd_create("photo"), "wb") as file:
        stream.seek(0)
        shutil.copyfileobj(stream, file)
        file.flush()
        yield file.fileno()


def _answer(request: tuple[str, Collection[Scale], Limits], descriptor: int) -> Decoded | ImageReadError:
    try:
        with io.BufferedReader(UnblockedFile(descriptor)) as stream:
            return decode(stream, *request)
    except ImageReadError as error:
        return ImageReadError(error.path, error.reason, remedy=error.remedy, **error.facts)  # less what it came from


_decoders = SideProcesses(_answer)


def kind_of(head: bytes, name: str) -> str:
    """Tell the format of a file by its first bytes; ImageReadError where it is none that is read."""
    kind = sniff(head[:HEAD])
    if kind is None:
        other = name_other(head)
        unknown = f"{other}: not supported" if other else "not a picture that imgsim reads"
        raise ImageReadError(name, unknown if head else "the file is empty")
    return kind


def read_head(stream: BinaryIO, name: str) -> bytes:
    """Read the bytes that tell what an open file is."""
    try:
        stream.seek(0)
        return stream.read(_HEAD)
    except OSError as error:
        raise ImageReadError(name, system_reason(error), system=True) from error


def _decode_all(stream: BinaryIO, name: str, kind: str, scales: Collection[Scale], limits: Limits) -> Decoded:
    """Decode a photo, once for each working size."""
    timed = cast("BinaryIO", _Timed(stream, limits.max_seconds))
    sizes = {scale.working_size: [other for other in scales if other[0] == scale[0]] for scale in scales}
    decoded = [_decode(timed, name, kind, alike, limits) for alike in sizes.values()]
    images = {scale: image for one in decoded for scale, image in one.images.items()}
    alpha = {scale: visible for one in decoded for scale, visible in one.alpha.items()}
    return decoded[0]._replace(images=images, alpha=alpha)


def _decode(stream: BinaryIO, name: str, kind: str, scales: Sequence[Scale], limits: Limits) -> Decoded:
    """Decode a photo once, for scales of one working size."""
    stream.seek(0)
    photo = open_picture(kind, stream)
    width, height = photo.size
    _check_size(name, width, height, limits.max_megapixels)
    working_size = scales[0].working_size
    if kind == "JPEG" and working_size < min(width, height):
        photo.draft(None, (working_size, working_size))  # the DCT scales it by 1/2, 1/4 or 1/8, never below
    _load(photo, limits.max_memory if kind in AT_ONCE else math.inf)
    remark = photo.remark() if isinstance(photo, Jpeg) else ""
    turn, profile, pixels = orientation(photo), profile_of(photo), eight_bit(photo)
    below, targets = ground(pixels), {scale: _target((width, height), pixels.size, scale) for scale in scales}
    made = {scale: to_pixels(pixels, size, turn, profile, below) for scale, size in targets.items()}
    images = {scale: image for scale, (image, _) in made.items()}
    alpha = {scale: visible for scale, (_, visible) in made.items() if visible is not None}
    return Decoded(images, *((height, width) if turn >= 5 else (width, height)), alpha, remark)


def _load(photo: PIL.Image.Image, megabytes: float) -> None:
    """Decode a photo's pixels; a decoder that fails on so many is taken to lack memory: most call that damage."""
    try:
        photo.load()
    except (OSError, ValueError, RuntimeError) as error:
        if _BYTES * photo.width * photo.height > megabytes * 1e6:
            raise MemoryError from error
        raise


def _target(full: tuple[int, int], decoded: tuple[int, int], scale: Scale) -> tuple[int, int]:
    """Tell the width and height that a photo is brought to."""
    if min(decoded) < 2 * scale.working_size and not scale.exact and decoded[0] * decoded[1] <= MOST:
        return decoded
    factor = min(1.0, scale.working_size / min(full))
    if scale != FULL_SCALE:
        factor = min(factor, (MOST / (full[0] * full[1])) ** 0.5)
    return max(1, round(full[0] * factor)), max(1, round(full[1] * factor))


def _check_size(name: str, width: int, height: int, max_megapixels: float) -> None:
    megapixels = width * height / 1e6
    if megapixels <= 0:
        raise ImageReadError(name, "it has no pixels")
    if max(width, height) > LONGEST:
        raise ImageReadError(name, f"a side of {max(width, height):,} pixels: not supported")
    if megapixels > max_megapixels:
        raise _over_limit(name, megapixels, max_megapixels)


def _over_limit(name: str, megapixels: float, max_megapixels: float) -> ImageReadError:
    reason = f"{megapixels:.1f} megapixels, over the limit of {max_megapixels:g} (max_megapixels)"
    return ImageReadError(name, reason, limit="max_megapixels")


def _size(stream: BinaryIO) -> int:
    try:
        return stream.seek(0, io.SEEK_END)
    except (OSError, ValueError):
        return 0
