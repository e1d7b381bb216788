"""Pillow's decoders, opened by format, with their process-wide habits (warnings, a pixel limit) held off."""

from __future__ import annotations

import io
import logging
import threading
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import PIL.Image
from PIL import ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.WebPImagePlugin import WebPImageFile

from imgsim.errors import MissingDependencyError
from imgsim.images.jpeg import Jpeg
from imgsim.images.tiff import Tiff

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

# A logger without a handler prints its errors on stderr.
logging.getLogger("PIL").addHandler(logging.NullHandler())


class _Png(PngImageFile):
    """A PNG whose key colour is in the values that Pillow makes of its own; what follows its pixels does not matter."""

    def _open(self) -> None:
        super()._open()
        depth, key = self.tile[0].args if self.tile else "", self.info.get("transparency")
        if depth in ("L;2", "L;4"):
            self.info["transparency"] = key and key * (85 if depth == "L;2" else 17)
        elif depth == "RGB;16B" and key:
            self.info["transparency"] = tuple(value >> 8 for value in key)

    def load_end(self) -> None:
        with suppress(ValueError, OSError, SyntaxError):
            super().load_end()


_CLASSES: dict[str, type[ImageFile.ImageFile]] = {
    "JPEG": Jpeg,  # an MPO's first picture too
    "WEBP": WebPImageFile,
    "TIFF": Tiff,
    "GIF": GifImageFile,
    "BMP": BmpImageFile,
    "PPM": PpmImageFile,
    "JPEG2000": Jpeg2KImageFile,
}


def open_picture(kind: str, stream: BinaryIO) -> ImageFile.ImageFile:
    """Read a picture's header; call it within `undisturbed`, and look at the size before the pixels are loaded.

    MissingDependencyError where it is HEIC and pillow-heif is not installed.
    """
    if kind in _CAREFUL:
        return _CAREFUL[kind](stream)
    return (_heif_class() if kind == "HEIF" else _CLASSES[kind])(stream)


def _open_avif(stream: BinaryIO) -> ImageFile.ImageFile:
    """Open an AVIF; where libavif rejects it for its EXIF, give that item a type that decoders pass over."""
    try:
        return AvifImageFile(stream)
    except (ValueError, SyntaxError) as error:
        if "Exif" not in str(error):
            raise
    stream.seek(0)
    return AvifImageFile(io.BytesIO(stream.read().replace(b"Exif", b"skip", 1)))


def _open_png(stream: BinaryIO) -> ImageFile.ImageFile:
    """Open a PNG; where something beside its pixels is damaged or very long, without texts, profile and the like."""
    try:
        return _Png(stream)
    except (ValueError, SyntaxError, OSError) as error:
        stream.seek(0)
        try:
            return _Png(io.BytesIO(_essential(stream.read())))
        except (ValueError, SyntaxError, OSError):
            raise error from None


def _essential(png: bytes) -> bytes:
    kept, at = [png[:8]], 8
    while at < len(png):
        end = at + 12 + int.from_bytes(png[at : at + 4])
        if png[at + 4 : at + 5].isupper() or png[at + 4 : at + 8] == b"tRNS":
            kept.append(png[at:end])
        at = end
    return b"".join(kept)


def _heif_class() -> type[ImageFile.ImageFile]:
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise MissingDependencyError("pillow-heif", "heif") from error
    kind: type[ImageFile.ImageFile] = HeifImageFile
    return kind


_CAREFUL = {"AVIF": _open_avif, "PNG": _open_png}
_lock = threading.Lock()
_inside = 0
_restore: tuple[warnings.catch_warnings[None], int | None]


@contextmanager
def undisturbed(max_pixels: float) -> Iterator[None]:
    """Hold off Pillow's warnings and put our pixel limit in place of its own, while any thread is inside."""
    # Some plugins allocate a frame while they read its header, before its size can be seen from outside: so the limit
    # must hold there too. Pillow raises at twice its limit; where threads bring several, the largest holds.
    global _inside, _restore  # noqa: PLW0603 - both habits are the process's, so their guard is too
    limit = int(min(max_pixels, 1e18) / 2) + 1
    with _lock:
        if _inside == 0:
            _restore = warnings.catch_warnings(), PIL.Image.MAX_IMAGE_PIXELS
            _restore[0].__enter__()
            warnings.simplefilter("ignore")
            PIL.Image.MAX_IMAGE_PIXELS = limit
        _inside += 1
        PIL.Image.MAX_IMAGE_PIXELS = max(limit, PIL.Image.MAX_IMAGE_PIXELS or 0)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _restore[0].__exit__(None, None, None)
                PIL.Image.MAX_IMAGE_PIXELS = _restore[1]
