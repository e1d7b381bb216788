"""TIFF files: left as they are stored, the full picture where the first is a small one of it, errors kept quiet."""

from __future__ import annotations

import ctypes
import functools
from contextlib import suppress

from PIL import _imaging
from PIL.ExifTags import Base
from PIL.TiffImagePlugin import TiffImageFile

_MOST = 100  # that are looked through for the full one
_RAW = (32803, 34892)  # photometric interpretations: a sensor's colour filter array, linear raw
_OLD_SUBFILE_TYPE, _REDUCED = 255, 2


@functools.cache
def _hush_libtiff() -> None:
    """Take libtiff's habit of writing on stderr from it, wherever Pillow's extension module shows its functions."""
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(_imaging.__file__)
        for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
            set_handler = getattr(library, name)
            set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
            set_handler(None)


class Tiff(TiffImageFile):
    """A TIFF left as it is stored: Pillow would turn it while it loads, and fail where its EXIF is broken."""

    found_full = False

    def _open(self) -> None:
        _hush_libtiff()
        super()._open()

    def _setup(self) -> None:
        if self._is_reduced():
            self._find_full()
        try:
            super()._setup()  # type: ignore[no-untyped-call, unused-ignore]
        except (KeyError, SyntaxError) as error:
            if self.tag_v2.get(Base.PhotometricInterpretation) in _RAW:
                raise OSError("a raw photo: not supported") from error
            if isinstance(error, KeyError) or str(error).startswith("unknown pixel mode"):
                raise OSError(f"a kind of TIFF that is not supported ({error})") from error
            raise
        self._size = self._tile_size

    def _is_reduced(self) -> bool:
        """Tell whether the picture at hand says that it is a smaller version of another."""
        kind = self.tag_v2.get(Base.NewSubfileType, 0)
        return bool(isinstance(kind, int) and kind & 1) or self.tag_v2.get(_OLD_SUBFILE_TYPE) == _REDUCED

    def _find_full(self) -> None:
        """Go to the first picture, below this one or after it, that is no smaller version; stay where there is none."""
        places = [self.tag_v2.offset]
        with suppress(Exception):  # what is damaged is not looked for
            for at in places:
                self._go_to(at)
                self.found_full = Base.ImageWidth in self.tag_v2 and not self._is_reduced()
                if self.found_full:
                    return
                below = self.tag_v2.get(Base.SubIFDs, ())
                others = (*(below if isinstance(below, tuple) else (below,)), self.tag_v2.next)
                places += [other for other in others if other and other not in places][: _MOST - len(places)]
        self._go_to(places[0])

    def _go_to(self, at: int) -> None:
        self.fp.seek(at)  # type: ignore[union-attr]
        self.tag_v2.load(self.fp)  # type: ignore[arg-type]

    def load_end(self) -> None:
        """Read the EXIF while the file is at hand, and leave the turning to `imgsim.images.pixels`."""
        with suppress(Exception):
            self.getexif()
