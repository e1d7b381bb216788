"""The version of what decoding makes of photos, and which photos it made something else of before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.images.formats import DECODING
from imgsim.images.limits import MAX_MEGAPIXELS
from imgsim.images.pixels import profile_of
from imgsim.images.plugins import open_picture, undisturbed
from imgsim.images.profiles import conversion
from imgsim.images.read import MOST, kind_of, open_photo, read_head

if TYPE_CHECKING:
    import os

    from PIL.ImageFile import ImageFile

_LONG = 16  # times as long as it is wide: others are brought to fewer pixels than `MOST` by working sizes below 500


def may_differ(path: str | os.PathLike[str], since: int, *, max_megapixels: float = MAX_MEGAPIXELS) -> bool:
    """Tell from a photo's header whether its pixels may differ from what decoding version `since` made of it.

    False is certain: the pixels are equal, bit by bit. True, where the header cannot be read too, asks to measure anew.
    """
    if since >= DECODING:
        return False
    try:
        with open_photo(path) as stream, undisturbed(max_megapixels * 1e6):
            kind = kind_of(read_head(stream, ""), "")
            stream.seek(0)
            return _changed_since_1(open_picture(kind, stream))
    except Exception:  # noqa: BLE001 - what cannot be told is to be measured
        return True


def _changed_since_1(photo: ImageFile) -> bool:
    if photo.has_transparency_data or getattr(photo, "found_full", False) or _is_very_long(photo):
        return True
    mode = photo.mode if photo.mode == "CMYK" else "L" if photo.mode[0] in "1LIF" and photo.mode != "LAB" else "RGB"
    return conversion(profile_of(photo), mode) is not None


def _is_very_long(photo: ImageFile) -> bool:
    """Tell whether a photo brought down to few pixels a side had many all the same."""
    return photo.width * photo.height > MOST and max(photo.size) > _LONG * min(photo.size)
