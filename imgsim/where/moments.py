"""Dates as an expression writes them, and those that are counted from the clock."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

from imgsim.errors import ExpressionError
from imgsim.tables.values import is_date, is_month

CLOCK = ("today", "yesterday", "now")
DAYS = {"day": 1, "days": 1, "week": 7, "weeks": 7}
MINUTES = {"minute": 1, "minutes": 1, "hour": 60, "hours": 60}

# What begins like a date, whole or half; after a value no number follows, so that a time may.
_WITH_DASHES = r"DDDD-(?:D[\w:.+-]*(?: D[\w:.+-]*)?)?"
DATE = rf"{_WITH_DASHES}|DDDD/DD?/DD?|DD?/DD?/DDDD|DD?\.DD?\.DDDD".replace("D", "[0-9]")
_WHOLE = re.compile(r"DDDD-DD(?:-DD(?:[T ]DD:DD(?::DD(?:\.D+)?)?)?)?".replace("D", "[0-9]"))
_ZONE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]+(?:[Zz]|[+-][0-9:]*)")
# A minus right after today belongs to a name, unless an amount with its unit follows: today-7 is one, today-7days none.
_STEP = r"(?:\s+[+-]|[+-](?=[0-9]+\s*[^\W\d]))\s*[0-9]*[0-9.,]*\s*(?:[^\W\d]\w*)?"
MOMENT = rf"(?i:{'|'.join(CLOCK)})(?![\w.])(?:{_STEP})*(?![\w.-])"
_PIECES = re.compile(r"\s*(?P<sign>[+-])\s*(?P<amount>[0-9][0-9.,]*)?\s*(?P<unit>[^\W\d]\w*)?")


def read_date(text: str, start: int, raw: str) -> str:
    """Bring a date that an expression writes into its form in the index, or say what is wrong with it."""
    written = raw.replace(" ", "T")
    if _WHOLE.fullmatch(raw) and (is_date(written) or is_month(written)):
        return written
    if _ZONE.fullmatch(raw):
        reason = f"{raw}: a time is written as the clock showed it, without a time zone: 2026-05-01 10:30"
    else:
        reason = f"{raw} is no date: {_fault(raw)}"
    raise ExpressionError(text, start, reason)


def _fault(raw: str) -> str:
    """Say why a date is none."""
    if _WHOLE.fullmatch(raw):
        year, month, *day = map(int, raw[:10].split("-"))
        if year < 1:
            return "years begin with 0001"
        if not 1 <= month <= 12:
            return "months are 01 to 12"
        days = monthrange(year, month)[1]
        if day and not 1 <= day[0] <= days:
            return f"{raw[:7]} has {days} days"
        return "times are 00:00 to 23:59, seconds to 59"
    return "write a day as 2026-05-01, a month as 2026-05, a time as 2026-05-01 10:30"


def is_plain(raw: str) -> bool:
    """Tell whether nothing is added to a word of the clock, which may then be a name."""
    return raw.lower() in CLOCK


def read_moment(text: str, start: int, raw: str, now: datetime) -> str:
    """Count a moment from the clock's, as local clocks show it.

    Examples
    --------
    >>> noon = datetime(2026, 5, 1, 12, 0)
    >>> [read_moment(raw, 0, raw, noon) for raw in ("today", "yesterday", "today - 1 week", "now - 90 minutes")]
    ['2026-05-01', '2026-04-30', '2026-04-24', '2026-05-01T10:30:00']
    """
    word = re.match(r"\w+", raw)
    assert word
    name, moment = word.group().lower(), now
    try:
        moment -= timedelta(days=name == "yesterday")
        for step in _PIECES.finditer(raw, word.end()):
            moment = _moved(moment, _step(text, start, step, counts_time=name == "now"))
    except (OverflowError, ValueError, OSError):
        raise ExpressionError(text, start, f"{raw}: no calendar goes so far") from None
    return moment.isoformat(timespec="seconds") if name == "now" else moment.date().isoformat()


def _step(text: str, start: int, step: re.Match[str], *, counts_time: bool) -> timedelta:
    """Read what is added to a moment, or taken from it."""
    amount, unit = step["amount"], (step["unit"] or "").lower()
    if amount is None or not amount.isdigit():
        at = step.start("amount") if amount else step.start("sign")
        raise ExpressionError(text, start + at, "a whole number and its unit go here, as in today - 7 days")
    if unit in MINUTES and not counts_time:
        reason = f"{unit} are counted from now: now - {amount} {unit}"
        raise ExpressionError(text, start + step.start("unit"), reason)
    if unit not in MINUTES and unit not in DAYS:
        at = step.start("unit") if unit else step.end("amount")
        units = "minutes, hours, days or weeks" if counts_time else "days or weeks"
        hint = ", which differ in length" if unit in ("month", "months", "year", "years") else ""
        found = f"{step['unit']}{hint}" if unit else "nothing"
        raise ExpressionError(text, start + at, f"expected {units} after {amount}, found {found}")
    number = int(f"{step['sign']}{amount}")
    return timedelta(days=number * DAYS[unit]) if unit in DAYS else timedelta(minutes=number * MINUTES[unit])


def _moved(moment: datetime, step: timedelta) -> datetime:
    """Go on by days as the calendar has them, or by minutes that pass, whatever clocks are put forward or back."""
    if not step % timedelta(days=1):
        return moment + step
    return (moment.astimezone(UTC) + step).astimezone().replace(tzinfo=None)
