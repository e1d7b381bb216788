"""The instants that a date of the local clock stands for, in nanoseconds since the epoch."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta
from typing import NamedTuple

_SECOND = 10**9  # nanoseconds
_LARGEST = 2**63 - 1  # that a database keeps
_LAST_SECONDS = {10: timedelta(hours=24, seconds=-1), 16: timedelta(seconds=59), 19: timedelta(0)}  # by length as text


class Span(NamedTuple):
    """From `begin` on, and until `end`, which is no longer part of it."""

    begin: int
    end: int


def span_of(date: str) -> Span:
    """Tell when a month, a day, a minute, a second or a fraction of one is, by the clock of this machine.

    Examples
    --------
    >>> (span_of("2026-05-01").end - span_of("2026-05-01").begin) / 10**9 / 3600
    24.0
    """
    whole, _, fraction = date.partition(".")
    if len(whole) == len("2026-05"):
        first = datetime.fromisoformat(f"{whole}-01")
        last = first + timedelta(days=monthrange(first.year, first.month)[1], seconds=-1)
    else:
        first = datetime.fromisoformat(whole)
        last = first + _LAST_SECONDS[len(whole)]
    # Where clocks are put back, what is there twice is from its first time to its second; what is skipped is never.
    begin, end = _instant(first), _instant(last.replace(fold=1)) + _SECOND
    if fraction:
        begin += int(fraction[:9].ljust(9, "0"))
        end = begin + 10 ** max(0, 9 - len(fraction))
    return Span(*(max(-_LARGEST, min(_LARGEST, instant)) for instant in (begin, end)))


def _instant(moment: datetime) -> int:
    try:
        return int(moment.timestamp()) * _SECOND
    except (OverflowError, ValueError, OSError):  # in the first or the last year that there is
        return (moment - datetime(1970, 1, 1)) // timedelta(seconds=1) * _SECOND
