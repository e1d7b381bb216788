"""Pillow's decoders, opened by format, with their process-wide habits (warnings, a pixel limit) held off."""

from __future__ import annotations

import ctypes
import functools
import io
import logging
import threading
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import PIL.Image
from PIL import ImageFile, _imaging
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from imgsim.errors import MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

# A logger without a handler prints its errors on stderr.
logging.getLogger("PIL").addHandler(logging.NullHandler())


@functools.cache
def _hush_libtiff() -> None:
    """Take libtiff's habit of writing on stderr from it, wherever Pillow's extension module shows its functions."""
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(_imaging.__file__)
        for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
            set_handler = getattr(library, name)
            set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
            set_handler(None)


class _StoredTiff(TiffImageFile):
    """A TIFF left as it is stored: Pillow would turn it while it loads, and fail where its EXIF is broken."""

    def _open(self) -> None:
        _hush_libtiff()
        super()._open()

    def _setup(self) -> None:
        super()._setup()  # type: ignore[no-untyped-call, unused-ignore]
        self._size = self._tile_size

    def load_end(self) -> None:
        """Read the EXIF while the file is at hand, and leave the turning to `imgsim.images.pixels`."""
        with suppress(Exception):
            self.getexif()


_CLASSES: dict[str, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImageFile,  # an MPO's first picture too
    "PNG": PngImageFile,
    "WEBP": WebPImageFile,
    "TIFF": _StoredTiff,
    "GIF": GifImageFile,
    "BMP": BmpImageFile,
    "PPM": PpmImageFile,
    "JPEG2000": Jpeg2KImageFile,
}


def open_picture(kind: str, stream: BinaryIO) -> ImageFile.ImageFile:
    """Read a picture's header; call it within `undisturbed`, and look at the size before the pixels are loaded.

    MissingDependencyError where it is HEIC and pillow-heif is not installed.
    """
    if kind == "AVIF":
        return _open_avif(stream)
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


def _heif_class() -> type[ImageFile.ImageFile]:
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise MissingDependencyError("pillow-heif", "heif") from error
    kind: type[ImageFile.ImageFile] = HeifImageFile
    return kind


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
