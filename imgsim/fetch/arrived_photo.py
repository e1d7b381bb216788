"""What came for a photo: looked at before it has a name."""

from __future__ import annotations

import os
import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from imgsim.core import Scale
from imgsim.errors import DrawnPictureError, ImageReadError
from imgsim.images.formats import FORMATS, name_other, sniff
from imgsim.images.read import check_photo_file, content_digest, decode, read_head

if TYPE_CHECKING:
    from typing import BinaryIO

    from imgsim.images.limits import Limits

HEAD = 1024  # bytes that tell what comes
LONGEST_NAME = 80  # bytes of UTF-8, of an item's name in that of its photo
_LOOK = Scale(8)  # at which all of a photo is decoded, but little is made of it
_EXTENSIONS = {one.name: one.extensions.split()[0] for one in FORMATS}


class ArrivedPhoto(NamedTuple):
    """A photo in a file without a name yet; `remark`: what it lacks of its end."""

    part: str
    digest: str
    extension: str
    size: int
    remark: str = ""


def why_no_photo(head: bytes) -> str:
    """Say what begins so, unless it is a picture; empty if it is one."""
    if sniff(head):
        return ""
    other = name_other(head)
    return f"{other} in place of a photo" if other else "not a picture that imgsim reads" if head else "nothing in it"


def look_at(stream: BinaryIO, part: str, limits: Limits) -> ArrivedPhoto:
    """Read a photo as indexing would; ImageReadError where that cannot be."""
    size = stream.seek(0, os.SEEK_END)
    check_photo_file(stream, part, size, max_megapixels=limits.max_megapixels)
    extension = _EXTENSIONS[sniff(read_head(stream, part)) or ""]
    decoded = decode(stream, part, [_LOOK], limits)
    return ArrivedPhoto(part, content_digest(stream, limits.max_seconds).hex(), extension, size, decoded.remark)


def is_lasting(error: ImageReadError) -> bool:
    """Tell whether the same bytes will be refused again, whatever becomes of this machine."""
    return isinstance(error, DrawnPictureError) or not (error.facts.get("system") or error.facts.get("package"))


def photo_name(item: str, digest: str, extension: str, digits: int = 8) -> str:
    """Name a photo by its item, with digits of its digest: no two differ in upper and lower case alone.

    Examples
    --------
    >>> photo_name("Käthe's Bag / red?", "3f9a1c20d4e5f678", ".jpg"), photo_name("", "3f9a1c20d4e5f678", ".jpg")
    ('Käthe-s-Bag-red-3f9a1c20.jpg', '3f9a1c20d4e5f678.jpg')
    """
    plain = "".join(one if _is_plain(one) else " " for one in unicodedata.normalize("NFC", item))
    words = re.sub(r"\s+", "-", plain.strip())
    while len(words.encode()) > LONGEST_NAME:
        words = words[:-1]
    words = words.strip("-")
    return f"{words}-{digest[:digits]}{extension}" if words else f"{digest[: max(digits, 16)]}{extension}"


def _is_plain(one: str) -> bool:
    """Keep letters, their marks and digits that every file system has."""
    return unicodedata.category(one)[0] in "LM" or unicodedata.category(one) == "Nd" if one <= "\uffff" else False
