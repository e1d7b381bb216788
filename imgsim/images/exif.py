"""What a camera wrote into a photo's headers: when and where it was taken, and by which camera.

The tags are those of EXIF 2.32 (CIPA DC-008-2019).
"""

from __future__ import annotations

import io
import math
import re
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

import PIL.Image
from PIL.ExifTags import GPS, IFD, Base

from imgsim import bounds
from imgsim.bounds import bounded_memory, bounded_time
from imgsim.errors import ImageReadError, MissingDependencyError
from imgsim.files import UnblockedFile
from imgsim.images.limits import LIMITS, Limits
from imgsim.images.plugins import open_picture, undisturbed
from imgsim.images.read import AT_ONCE, kind_of, read_head
from imgsim.images.reasons import is_systems, system_reason
from imgsim.side_process import AVAILABLE, SideProcessError, SideProcesses

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

_DATES = (
    (Base.DateTimeOriginal, Base.OffsetTimeOriginal),
    (Base.DateTimeDigitized, Base.OffsetTimeDigitized),
    (Base.DateTime, Base.OffsetTime),
)  # the first that holds one, and how far ahead of UTC its clock was
_DATE = re.compile(r"(\d{4})[:/.-](\d\d)[:/.-](\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?(?!\d)", re.ASCII)
_OFFSET = re.compile(r"[+-](?:0\d|1[0-4]):[0-5]\d|Z", re.ASCII)
_LONGEST = 100  # characters of a camera's name
_DIGITS = 6  # of degrees: a tenth of a metre
_MOST_CHUNKS = 100_000  # of a PNG that are looked at
_MOST_BYTES = 1 << 24  # of EXIF behind a PNG's pixels


def read_exif(stream: BinaryIO, name: str, limits: Limits = LIMITS) -> dict[str, Any]:
    """Read `taken`, `camera`, `place_lat` and `place_lon` from an open photo's headers, those that make sense.

    Damage is no EXIF; ImageReadError where the file cannot be read, or not here, which errors call by `name`.
    """
    kind = kind_of(read_head(stream, name), name)
    if kind in AT_ONCE and AVAILABLE and not bounds.expendable:
        with suppress(AttributeError, OSError):  # no file, or no process can be had: here, then
            return _read_aside(stream, name, limits)
    with (
        undisturbed(limits.max_megapixels * 1e6),
        bounded_time(limits.max_seconds),
        bounded_memory(limits.max_memory),
    ):
        try:
            return describe(_exif_of(kind, stream))
        except MissingDependencyError as error:
            raise ImageReadError(name, str(error), package=error.package) from error
        except Exception as error:  # a hostile file can make a decoder raise almost anything
            if isinstance(error, OSError) and is_systems(error):
                raise ImageReadError(name, system_reason(error), system=True) from error
            return {}


def _read_aside(stream: BinaryIO, name: str, limits: Limits) -> dict[str, Any]:
    """Read in a process that ends with what hangs or crashes in it."""
    try:
        read: dict[str, Any] | ImageReadError = _readers.ask((name, limits), stream.fileno(), limits.max_seconds)
    except (TimeoutError, SideProcessError):
        return {}
    if isinstance(read, ImageReadError):
        raise read
    return read


def _answer(request: tuple[str, Limits], descriptor: int) -> dict[str, Any] | ImageReadError:
    try:
        with io.BufferedReader(UnblockedFile(descriptor)) as stream:
            return read_exif(stream, *request)
    except ImageReadError as error:
        return ImageReadError(error.path, error.reason, **error.facts)  # less what it came from


_readers = SideProcesses(_answer)


def _exif_of(kind: str, stream: BinaryIO) -> PIL.Image.Exif:
    """Read the EXIF of an open picture, without its pixels."""
    stream.seek(0)
    photo = open_picture(kind, stream)
    if kind == "PNG" and not {"exif", "Raw profile type exif"} & photo.info.keys():
        photo.info["exif"] = _behind_pixels(stream)
    return PIL.Image.Image.getexif(photo)  # PNG's own would decode the photo first


def _behind_pixels(stream: BinaryIO) -> bytes:
    """Find the EXIF of a PNG that has it after its pixels; b'' where there is none."""
    stream.seek(8)
    for _ in range(_MOST_CHUNKS):
        head = stream.read(8)
        length = int.from_bytes(head[:4])
        if len(head) < 8 or head[4:] == b"IEND":
            break
        if head[4:] == b"eXIf":
            return stream.read(length) if length <= _MOST_BYTES else b""
        stream.seek(length + 4, io.SEEK_CUR)
    return b""


def describe(exif: PIL.Image.Exif) -> dict[str, Any]:
    """Give what EXIF tells that makes sense, each for itself: what is damaged hides nothing else."""
    told: dict[str, Any] = {}
    for tell in (_taken, _camera, _place):
        with suppress(Exception):
            told |= tell(exif)
    return told


def _taken(exif: PIL.Image.Exif) -> dict[str, str]:
    """Tell when a photo was taken, as its clock showed it, with how far ahead of UTC that was, where it says so."""
    details: Mapping[int, Any] = {}
    with suppress(Exception):
        details = exif.get_ifd(IFD.Exif)
    for tag, offset in _DATES:
        written = exif.get(tag) if tag == Base.DateTime else details.get(tag)
        if moment := as_moment(_text(written), _text(details.get(offset))):
            return {"taken": moment}
    return {}


def as_moment(date: str, offset: str = "") -> str | None:
    """Write a date of EXIF as the index has dates; None where it is none.

    Examples
    --------
    >>> as_moment("2004:06:27 16:12:54"), as_moment("2004:06:27 16:12:54", "+09:00"), as_moment("0000:00:00 00:00:00")
    ('2004-06-27T16:12:54', '2004-06-27T16:12:54+09:00', None)
    """
    found = _DATE.match(date)
    if not found:
        return None
    year, month, day, hour, minute, second = found.groups()
    written = f"{year}-{month}-{day}" + (f"T{hour}:{minute}:{second or '00'}" if hour else "")
    try:
        datetime.fromisoformat(written)
    except ValueError:
        return None
    return f"{written}{offset}" if hour and _OFFSET.fullmatch(offset) else written


def _camera(exif: PIL.Image.Exif) -> dict[str, str]:
    """Name the camera."""
    name = camera_name(_text(exif.get(Base.Make)), _text(exif.get(Base.Model)))
    return {"camera": name} if name else {}


def camera_name(make: str, model: str) -> str:
    """Join a camera's make and model, the make not twice.

    Examples
    --------
    >>> camera_name("Canon", "Canon PowerShot S230"), camera_name("NIKON CORPORATION", "NIKON D70")
    ('Canon PowerShot S230', 'NIKON D70')
    >>> camera_name("NIKON", "E5700")
    'NIKON E5700'
    """
    first = re.match(r"\w*", model.casefold())
    named = first is not None and first[0] in re.findall(r"\w+", make.casefold())
    return model if named else f"{make} {model}".strip()


def _place(exif: PIL.Image.Exif) -> dict[str, float]:
    """Tell where a photo was taken, in degrees north and east; nothing of 0, 0, which is where no place was found."""
    place = exif.get_ifd(IFD.GPSInfo)
    latitude = degrees(place[GPS.GPSLatitude], _text(place[GPS.GPSLatitudeRef]), "NS", 90)
    longitude = degrees(place[GPS.GPSLongitude], _text(place[GPS.GPSLongitudeRef]), "EW", 180)
    if latitude is None or longitude is None or latitude == longitude == 0:
        return {}
    return {"place_lat": latitude, "place_lon": longitude}


def degrees(written: Any, reference: str, signs: str, most: int) -> float | None:  # noqa: ANN401 (what Pillow reads)
    """Add degrees, minutes and seconds up; the second of `signs` makes them negative. None where they are nonsense.

    Examples
    --------
    >>> degrees((37, 30, 36), "S", "NS", 90), degrees((91, 0, 0), "N", "NS", 90), degrees((1, 60.5), "E", "EW", 180)
    (-37.51, None, None)
    """
    parts = [float(part) for part in (written if isinstance(written, tuple) else (written,))]
    sign = reference.upper()[:1]
    if not sign or sign not in signs or len(parts) > 3 or not all(math.isfinite(part) and part >= 0 for part in parts):
        return None
    angle: float = sum(part / 60**place for place, part in enumerate(parts))
    if angle > most or any(part > 60 for part in parts[1:]):
        return None
    return round(-angle if sign == signs[1] else angle, _DIGITS)


def _text(value: object) -> str:
    """Read text of EXIF, which Pillow gives as Latin-1 whatever it is; '' where it is none, or longer than a name."""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if not isinstance(value, str):
        return ""
    with suppress(UnicodeError):
        value = value.encode("latin-1").decode()
    plain = "".join(c if c.isprintable() else " " for c in value.partition("\0")[0])
    return " ".join(plain.split()) if len(plain) <= _LONGEST else ""
