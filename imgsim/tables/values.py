"""The values that attributes take, and how they are told from text."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from imgsim.errors import ParameterError
from imgsim.paths import composed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
# A leading zero makes a code of digits: 007 is text, as postcodes and article numbers are.
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_LARGEST = 2**63 - 1  # beyond it SQLite would round
_DEEPEST = 100  # lists and objects within one another; JSON's readers and writers end somewhere beyond


def kind_of(value: object) -> str:
    """Name the type of an attribute's value.

    Examples
    --------
    >>> [kind_of(value) for value in (3, 0.5, "red", "2026-05-01", "2026-02-30", True, ["red"], {})]
    ['number', 'number', 'text', 'date', 'text', 'boolean', 'list', 'object']
    """
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "date" if is_date(value) else "text"
    return "list" if isinstance(value, list) else "object"


def facts_of(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str, int | float | str]]:
    """Give the name, type and value of each attribute, and of each plain item of a list, text in its composed form.

    Examples
    --------
    >>> list(facts_of({"price": 5, "tags": ["lost", "red"]}))
    [('price', 'number', 5), ('tags', 'list', 1), ('tags', 'text', 'lost'), ('tags', 'text', 'red')]
    """
    for name, value in attributes.items():
        for item in [value, *(value if isinstance(value, list) else [])]:
            type_ = kind_of(item)
            if item is not value and type_ in ("list", "object"):
                continue
            plain = composed(item) if isinstance(item, str) else item
            yield composed(name), type_, 1 if type_ in ("list", "object") else plain


def is_date(text: str) -> bool:
    """Tell whether text is a day, or a day and a time, of the calendar."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_month(text: str) -> bool:
    """Tell whether text is a month of a year, such as ``2026-05``."""
    return len(text) == 7 and is_date(text + "-01")


def as_date(text: str) -> str | None:
    """Write a date so that dates sort as text.

    Examples
    --------
    >>> as_date("2026-05-01 10:30"), as_date("2026-05-01T10:30Z"), as_date("May")
    ('2026-05-01T10:30:00', '2026-05-01T10:30:00Z', None)
    """
    if not is_date(text):
        return None
    text = text.replace(" ", "T")
    return text if len(text) == 10 or text[16:17] == ":" else f"{text[:16]}:00{text[16:]}"


def as_number(text: str) -> int | float | None:
    """Read a number as programs write it.

    Examples
    --------
    >>> as_number("30000"), as_number("-0.5"), as_number("007"), as_number("1e999"), as_number("30,000")
    (30000, -0.5, None, None, None)
    """
    if not _NUMBER.fullmatch(text):
        return None
    if text.lstrip("+-").isdigit():
        digits = len(text.lstrip("+-"))
        return int(text) if digits < 20 and abs(int(text)) <= _LARGEST else None
    return float(text) if math.isfinite(float(text)) else None


def as_boolean(text: str) -> bool | None:
    """Read ``true`` or ``false``, in any case; None for anything else."""
    return {"true": True, "false": False}.get(text.lower())


READERS = {"boolean": as_boolean, "number": as_number, "date": as_date}  # tried in this order; what none reads is text
TYPES = tuple(sorted(("text", *READERS)))


def read_value(text: str, types: Collection[str] = READERS) -> int | float | str | bool:
    """Read a value by what it looks like, as the first of some types or as text.

    Examples
    --------
    >>> [read_value(text) for text in ("30000", "TRUE", "2026-05-01", "red")]
    [30000, True, '2026-05-01', 'red']
    """
    values = (read(text) for name, read in READERS.items() if name in types)
    return next((value for value in values if value is not None), text)


def check_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Bring attributes into the form that the index keeps.

    Examples
    --------
    >>> check_attributes({"brand": "Nord", "price": 5, "found": "2026-05-01 10:30", "place": ""})
    {'brand': 'Nord', 'price': 5, 'found': '2026-05-01T10:30:00', 'place': None}
    """
    if "" in attributes:
        raise ParameterError("an attribute needs a name")
    return {
        composed(_text(name, name)): None if value == "" else _checked(name, value)
        for name, value in attributes.items()
    }


def change_attributes(attributes: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Set some attributes and keep the others; None removes one.

    Examples
    --------
    >>> change_attributes({"brand": "Nord", "price": 5}, {"price": 6, "brand": None})
    {'price': 6}
    """
    changed = {composed(name): value for name, value in attributes.items()} | check_attributes(changes)
    return {name: value for name, value in changed.items() if value is not None}


def _checked(name: str, value: Any, depth: int = 0) -> Any:  # noqa: ANN401 (what JSON holds)
    """Check what JSON can hold; `name` is for the message."""
    if depth > _DEEPEST:
        raise ParameterError(f"{name}: lists and objects lie within one another more than {_DEEPEST} deep")
    if isinstance(value, str):
        return as_date(value) or _text(name, value)
    if isinstance(value, list | tuple):
        return [_checked(name, item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_text(name, key): _checked(name, item, depth + 1) for key, item in value.items()}
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) > _LARGEST:
        value = _rounded(value)
    if isinstance(value, int | float) and math.isfinite(value):
        return value
    raise ParameterError(f"{name}: {value!r} cannot be kept as an attribute: use text, numbers, true, false or a list")


def _rounded(value: int) -> float:
    try:
        return float(value)
    except OverflowError:  # beyond 1.8e308
        return math.inf


def _text(name: str, text: str) -> str:
    """Refuse text that is no Unicode, such as a file name's stray bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ParameterError(f"{name!a}: {text!a} is not valid Unicode text") from None
    return text
