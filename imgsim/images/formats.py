"""The picture formats that imgsim reads: what their files start with, and how they are named."""

from __future__ import annotations

import re
from typing import NamedTuple

HEAD = 64  # bytes, enough for the brands of an ISO-BMFF file and the header of a BMP or PNM one


class Format(NamedTuple):
    """A picture format, by Pillow's name; `signature` is a regular expression that a file's first bytes match.

    `extensions` are endings of file names, in lower case, apart by spaces.
    """

    name: str
    extensions: str
    signature: bytes


# 'BM' and 'P5' also start many a text: BMP must give a known header length, PNM a comment or a width and a height.
# mif1 and msf1 hold AVIF or HEIC: the compatible brands that follow tell.
FORMATS = (
    Format("JPEG", ".jpg .jpeg .jpe .jfif .mpo", rb"\xff\xd8\xff"),
    Format("PNG", ".png .apng", rb"\x89PNG\r\n\x1a\n"),
    Format("WEBP", ".webp", rb"RIFF.{4}WEBP"),
    Format("TIFF", ".tif .tiff", rb"II(?:\*\0|\0\*|\+\0)|MM(?:\0\*|\*\0|\0\+)"),
    Format("GIF", ".gif", rb"GIF8[79]a"),
    Format("BMP", ".bmp", rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0\0\0"),
    Format("PPM", ".pnm .pbm .pgm .ppm", rb"P[1-6]\s+(?:#|\d+\s+(?:#|\d+\s))"),
    Format("JPEG2000", ".jp2 .j2k .j2c .jpc .jpf .jpx", rb"\xffO\xffQ|\0\0\0\x0cjP  \r\n\x87\n"),
    Format("AVIF", ".avif", rb".{4}ftyp(?:avi[fs]|(?:mif1|msf1).{4}(?:.{4})*?avi[fs])"),
    Format("HEIF", ".heic .heif .hif", rb".{4}ftyp(?:hei[cxms]|hev[cxms]|mif[12]|msf1)"),
)
EXTENSIONS = tuple(extension for one in FORMATS for extension in one.extensions.split())

_SIGNATURES = [(re.compile(one.signature, re.DOTALL), one.name) for one in FORMATS]


def sniff(head: bytes) -> str | None:
    """Tell the format of a file by its first `HEAD` bytes, as Pillow names it; None where they start no picture.

    Examples
    --------
    >>> sniff(b"GIF89a...")
    'GIF'
    >>> sniff(b"BMW and other cars") is None
    True
    """
    return next((name for signature, name in _SIGNATURES if signature.match(head)), None)


def named_as_picture(name: str) -> bool:
    """Tell whether a file's name or path ends as a picture's, in any case.

    Examples
    --------
    >>> named_as_picture("IMG_0001.JPG"), named_as_picture("notes.txt")
    (True, False)
    """
    return name.lower().endswith(EXTENSIONS)
