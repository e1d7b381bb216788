"""JPEG files without their end, which are read as far as they are there, and those with too many scans."""

from __future__ import annotations

import math
import re

import PIL.Image
from PIL import ImageChops
from PIL.JpegImagePlugin import JpegImageFile

MAX_SCANS = 100  # a progressive photo has about ten; each goes over every pixel, however few its bytes
MOST_MISSING = 0.1  # of the rows
_BEGIN = b"\xff\xda"
_SCAN = re.compile(rb"\xff\xda\0[\x08-\x0e]([\x01-\x04])")


class Jpeg(JpegImageFile):
    """A JPEG whose missing end is made up for, by grey, and told."""

    _scans, _ended, _covered, _ahead = 0, False, True, b""

    def _open(self) -> None:
        super()._open()
        assert self.fp is not None
        self.fp.seek(max(0, self.fp.tell() - 2 * self.layers - 4))  # to the first scan's number of channels
        self._several = "progressive" in self.info or self.fp.read(1) != bytes([self.layers])

    def load_read(self, read_bytes: int) -> bytes:
        """Read on, a scan at a time at most, and past the end of the file an end marker, once."""
        assert self.fp is not None
        more = self.fp.read(0 if self._ahead else read_bytes)
        data = self._ahead + more
        if self._several:
            self._scans += more.count(_BEGIN)
            if self._scans > MAX_SCANS:
                raise OSError(f"more than {MAX_SCANS} scans: not supported")
            begin = data.find(_BEGIN, 1)
            data, self._ahead = (data, b"") if begin < 0 else (data[:begin], data[begin:])
        if data or self._ended:
            return data
        self._ended = True
        if self._several:
            self.fp.seek(0)
            self._covered = _covers(self.fp.read(), self.layers)
        return b"\xff\xd9"

    def remark(self) -> str:
        """Say what the decoded photo lacks; OSError where that is too much."""
        missing = _grey_rows(self) / self.height if self._ended and not self._several else 0.0
        if missing > MOST_MISSING or not self._covered:
            raise OSError("truncated")
        if missing:
            return f"its last {math.ceil(100 * missing)} % are missing"
        lacking = "its last bytes are missing" + ", and some detail with them" * self._several
        return lacking if self._ended else ""


def _covers(data: bytes, channels: int) -> bool:
    """Tell whether the scans before the last, which is not whole, hold every coefficient of every channel once."""
    sent = set()
    frame = max(data.rfind(b"\xff" + bytes([kind])) for kind in (0xC0, 0xC1, 0xC2))  # behind what a thumbnail has
    for scan in list(_SCAN.finditer(data, frame))[:-1]:
        at = scan.end() + 2 * scan[1][0]
        sent |= {(channel, one) for channel in data[scan.end() : at : 2] for one in range(data[at], data[at + 1] + 1)}
    return len(sent) == 64 * channels


def _grey_rows(photo: PIL.Image.Image) -> int:
    """Count the rows at the bottom that the decoder left at middle grey."""
    last = photo.getpixel((photo.width - 1, photo.height - 1))
    if not set(last if isinstance(last, tuple) else (last,)) <= {127, 128}:
        return 0
    there = ImageChops.difference(photo, PIL.Image.new(photo.mode, photo.size, last)).getbbox()
    return photo.height - (there[3] if there else 0)
