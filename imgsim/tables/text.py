"""Text files as other programs leave them: UTF-8 with or without a byte order mark, UTF-16, or as the user says."""

from __future__ import annotations

import codecs
from pathlib import Path

from imgsim.errors import ParameterError, TableError

MARKS = {  # the longer first: UTF-32's begins with UTF-16's
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def read_text(path: str, encoding: str | None = None) -> str:
    """Read a text file."""
    data = Path(path).read_bytes()
    name = encoding or next((name for mark, name in MARKS.items() if data.startswith(mark)), "utf-8")
    if name == "utf-8" and b"\0" in data:
        raise TableError(path, f"line {_line(data, data.index(0))} has a NUL: is it UTF-16?", remedy="read-utf-16")
    try:
        return data.decode(name).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        place = f"byte 0x{data[error.start]:02X} at {error.start:,}"
        reason = f"line {_line(data, error.start)} is not {name.upper()} ({place}): name its encoding"
        raise TableError(path, reason, remedy="name-encoding") from error
    except (LookupError, ValueError) as error:  # names such as undefined, and those with a NUL, are no LookupError
        reason = f"{encoding}: no encoding of this name; try cp1252, cp949 or latin-1"
        raise ParameterError(reason, remedy="known-encoding") from error


def _line(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1
