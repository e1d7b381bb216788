"""Numbers as people write them: with a decimal comma, thousands apart, a currency beside them."""

from __future__ import annotations

import re
import unicodedata

from imgsim.tables.values import as_number

MARKS = (".", ",")  # before decimals; the other one may stand between thousands, as spaces and apostrophes may
_GAPS = " '\u2019\u00a0\u2009\u202f"
_MINUS = str.maketrans({"\u2212": "-"})
_CURRENCIES = {
    "EUR": ("€", "euro", "euros"),
    "USD": ("$", "us$", "dollar", "dollars"),
    "GBP": ("£", "pound", "pounds"),
    "KRW": ("₩", "￦", "won", "원"),
    "JPY": ("¥", "￥", "yen", "円"),
    "CNY": ("yuan", "元"),
    "INR": ("₹", "rs", "rs."),
    "CHF": ("fr.", "sfr.", "francs"),
    "BRL": ("r$",),
    "PLN": ("zł",),
    "CZK": ("kč",),
    "HUF": ("ft",),
    "kr": ("kr", "kr."),
    "A$": ("a$",),
    "C$": ("c$", "ca$"),
}
_CODES = {sign: code for code, signs in _CURRENCIES.items() for sign in signs}
_SIGN = r"[^\W\d_]{1,7}\.?|[^\W\d_]{0,2}[^\w\s.,+'-]"
_PRICE = re.compile(rf"(?P<minus>[+-]?)\s*(?P<before>{_SIGN})?\s*(?P<number>[+\-.,]?\d.*?)\s*(?P<after>{_SIGN})?", re.S)


def _shape(mark: str) -> re.Pattern[str]:
    """Say how numbers with such a decimal mark look."""
    gaps = re.escape(_GAPS + MARKS[mark == MARKS[0]])
    whole = rf"\d{{1,3}}(?:(?P<gap>[{gaps}])\d{{3}}(?:(?P=gap)\d{{3}})*)|\d*"
    return re.compile(rf"(?P<whole>[+-]?(?:{whole}))(?:{re.escape(mark)}(?P<part>\d*))?(?P<power>[eE][+-]?\d+)?", re.A)


_SHAPES = {mark: _shape(mark) for mark in MARKS}


def read_number(text: str, mark: str | None = None) -> int | float | None:
    """Read a number with such a decimal mark; without one, as programs write it.

    Examples
    --------
    >>> read_number("1.299,00", ","), read_number("12.50", ","), read_number("30,000", "."), read_number("30,000")
    (1299.0, None, 30000, None)
    """
    if mark is None:
        return as_number(text)
    found = _SHAPES[mark].fullmatch(text.translate(_MINUS))
    if not found:
        return None
    whole = found["whole"].replace(found["gap"], "") if found["gap"] else found["whole"]
    part = "" if found["part"] is None else f".{found['part']}"
    return as_number(f"{whole}{part}{found['power'] or ''}")


def read_price(text: str, mark: str | None = None) -> tuple[int | float | None, str]:
    """Read a number that a currency may stand before or after, and tell which: empty for none.

    Examples
    --------
    >>> read_price("12.50 EUR"), read_price("₩30,000", "."), read_price("12 pieces")
    ((12.5, 'EUR'), (30000, 'KRW'), (None, ''))
    """
    found = _PRICE.fullmatch(text.translate(_MINUS).strip())
    if not found or (found["before"] and found["after"]):
        return None, ""
    sign = found["before"] or found["after"] or ""
    currency = _currency(sign)
    if sign and not currency:
        return None, ""
    return read_number(found["minus"] + found["number"], mark), currency


def _currency(sign: str) -> str:
    """Give a currency one name, however it is written; empty where it is none."""
    if code := _CODES.get(sign.lower()):
        return code
    plain = len(sign) == len("EUR") and sign.isascii() and sign.isupper()
    return sign if plain or (len(sign) == 1 and unicodedata.category(sign) == "Sc") else ""
