"""Days as people write them: day, month and year in one order or another, perhaps with a time."""

from __future__ import annotations

import re

from imgsim.tables.values import as_date

ORDERS = ("dmy", "mdy", "ymd")
FIRST_YEAR = 69  # as in POSIX: of years of two digits, 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068
_PARTS = {"d": r"(?P<d>\d{1,2})", "m": r"(?P<m>\d{1,2})", "y": r"(?P<y>\d{4}|\d\d)"}
_TIME = (
    r"(?:,?[ T]\s?(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d(?:\.\d+)?))?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?(?P<zone>Z|[+-]\d\d:?\d\d)?)?"
)


def _shape(order: str) -> re.Pattern[str]:
    first, second, third = (_PARTS[part] for part in order)
    return re.compile(rf"{first}(?P<gap>[./-])\s?{second}(?P=gap)\s?{third}\.?{_TIME}", re.A)


_SHAPES = {order: _shape(order) for order in ORDERS}


def read_date(text: str, order: str | None = None) -> str | None:
    """Read a date of such an order, or as programs write it.

    Examples
    --------
    >>> read_date("12.03.2024", "dmy"), read_date("3/12/24 2:05 PM", "mdy"), read_date("2024-03-12", "dmy")
    ('2024-03-12', '2024-03-12T14:05:00', '2024-03-12')
    """
    if order is None or as_date(text) is not None:
        return as_date(text)
    found = _SHAPES[order].fullmatch(text)
    if not found:
        return None
    year = int(found["y"])
    if len(found["y"]) == len("24"):
        year += 1900 if year >= FIRST_YEAR else 2000
    day = f"{year:04}-{int(found['m']):02}-{int(found['d']):02}"
    time = _time(found)
    return None if time is None else as_date(f"{day}{time}")


def _time(found: re.Match[str]) -> str | None:
    """Write a time as programs do; empty for none, None where there is no such time."""
    if found["hour"] is None:
        return ""
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (found["half"] in "Pp")
    return f"T{hour:02}:{found['minute']}:{found['second'] or '00'}{found['zone'] or ''}"
