"""The picture formats that imgsim reads: what their files start with, and how they are named."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

DECODING = 2  # of photos; version 1 knew no profiles, laid what is transparent on white and read a TIFF's first picture
HEADERS = 1  # the version of what is read from photos' headers, bumped whenever that changes
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
    Format("JPEG", ".jpg .jpeg .jpe .jfif .mpo", rb"\xff\xd8\xff(?!\xf7)"),
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
# Whole files of kinds that are not read.
OTHERS = (
    ("a PSD picture", rb"8BPS"),
    ("a JPEG XL picture", rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n"),
    ("a JPEG-LS picture", rb"\xff\xd8\xff\xf7"),
    ("a raw photo", rb"(?:II\*\0|MM\0\*).{4}CR|.{4}ftypcrx|FUJIFILMCCD-RAW|IIR[OS]|MMOR|IIU\0|FOVb|\0MRM"),
    ("an SVG drawing", rb"(?:\xef\xbb\xbf)?\s*(?:<[?!].*)?<svg\b"),
    ("a PDF document", rb"%PDF-"),
    ("an EPS drawing", rb"%!PS|\xc5\xd0\xd3\xc6"),
    ("an EMF or WMF drawing", rb"\x01\0\0\0.{36} EMF|\xd7\xcd\xc6\x9a"),
    ("an icon", rb"\0\0[\x01\x02]\0[\x01-\xff]\0|icns"),
    ("a video", rb".{4}(?:ftyp|moov|mdat)|\x1aE\xdf\xa3|RIFF.{4}AVI "),
    ("an OpenEXR picture", rb"v/1\x01"),
    ("an XCF picture", rb"gimp xcf"),
    ("a web page", rb"\s*(?i:<!doctype html|<html)"),
)
EXTENSIONS = tuple(extension for one in FORMATS for extension in one.extensions.split())


@cache
def _compiled(*, others: bool) -> list[tuple[re.Pattern[bytes], str]]:
    """Compile the signatures, which a run over photos that are known by name and state does without."""
    listed = OTHERS if others else [(one.name, one.signature) for one in FORMATS]
    return [(re.compile(signature, re.DOTALL), name) for name, signature in listed]


def sniff(head: bytes) -> str | None:
    """Tell the format of a file by its first `HEAD` bytes, as Pillow names it; None where they start no picture.

    Examples
    --------
    >>> sniff(b"GIF89a...")
    'GIF'
    >>> sniff(b"BMW and other cars") is None
    True
    """
    return next((name for signature, name in _compiled(others=False) if signature.match(head)), None)


def name_other(head: bytes) -> str | None:
    """Say what a file is, by its first kilobyte, that is whole but of a kind that is not read.

    Examples
    --------
    >>> name_other(b"8BPS" + bytes(60))
    'a PSD picture'
    """
    return next((name for signature, name in _compiled(others=True) if signature.match(head)), None)


def named_as_picture(name: str) -> bool:
    """Tell whether a file's name or path ends as a picture's, in any case.

    Examples
    --------
    >>> named_as_picture("IMG_0001.JPG"), named_as_picture("notes.txt")
    (True, False)
    """
    return name.lower().endswith(EXTENSIONS)
