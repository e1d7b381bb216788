"""One comparison as SQL. The SQL is made of what is written here; names and values only ever are its parameters."""

from __future__ import annotations

import os
import re
from fnmatch import translate
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from imgsim.index.where.conditions import FIELDS

if TYPE_CHECKING:
    from imgsim.index.where.conditions import Test

MATCHES = "imgsim_matches"  # the name under which SQLite calls `matches`
OF_KIND = "FROM facts WHERE kind_id = (SELECT id FROM kinds WHERE name = ? AND type = ?)"
OF_IMAGES = "FROM images WHERE"
_SIGNS = {"=": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
# A date stands for all moments that begin with it: 2026-05 for the whole of May. They sort from it up to its `_end`.
_DATES = {
    "=": "{0} >= ? AND {0} < ?",
    "<": "{0} < ?",
    "<=": "{0} < ?",
    ">": "{0} >= ?",
    ">=": "{0} >= ?",
    "between": "{0} >= ? AND {0} < ?",
}


class Statement(NamedTuple):
    """SQL that selects keys of photos, and its parameters."""

    sql: str
    parameters: tuple[int | float | str | bytes, ...]


def compile_test(test: Test) -> Statement:
    """Write a comparison as SQL.

    Parameters
    ----------
    test : Test
        With names and values as a user wrote them.

    Returns
    -------
    Statement
        Selects the keys of the photos for which it holds, in any order, a list's photos perhaps twice.

    Examples
    --------
    >>> from imgsim.index.where.conditions import Test
    >>> compile_test(Test("width", True, "number", "<", (640,)))
    Statement(sql='SELECT id FROM images WHERE width < ?', parameters=(640,))
    """
    if test.field:
        assert test.name in FIELDS
        clause, values = _clause(test, test.name)
        encoded = tuple(os.fsencode(value) if isinstance(value, str) else value for value in values)
        return Statement(f"SELECT id {OF_IMAGES} {clause}", values if _is_pattern(test) else encoded)
    clause, values = _clause(test, "value")
    parameters = (test.name, test.type, *values)
    return Statement(f"SELECT image_id {OF_KIND} AND {clause}", parameters)


def matches(value: str | bytes, pattern: str) -> bool:
    """Tell whether a value, whatever its case, fits a regular expression that `pattern_of` made.

    Parameters
    ----------
    value : str or bytes
        Text, or a path.
    pattern : str
        The regular expression.

    Returns
    -------
    bool
        Whether all of it fits.
    """
    text = os.fsdecode(value) if isinstance(value, bytes) else value
    return _compiled(pattern).match(text.casefold()) is not None


def pattern_of(operator: str, text: str) -> str:
    """Write what ``like`` or ``contains`` looks for as a regular expression that takes no time to speak of.

    Parameters
    ----------
    operator : {"like", "contains"}
        In ``like``, ``%`` stands for any text and ``_`` for one character.
    text : str
        As written.

    Returns
    -------
    str
        The regular expression, for text without case.

    Examples
    --------
    >>> matches("Red Umbrella", pattern_of("like", "red%")), matches("100% wool", pattern_of("contains", "0% W"))
    (True, True)
    """
    literal = re.sub(r"[*?[]", r"[\g<0>]", text.casefold())
    # fnmatch's regular expressions never try one way twice, however many stars there are.
    return translate(literal.replace("%", "*").replace("_", "?") if operator == "like" else f"*{literal}*")


_compiled = lru_cache(re.compile)


def _clause(test: Test, column: str) -> Statement:
    """Compare a column with the test's values."""
    if _is_pattern(test):
        (text,) = test.values
        return Statement(f"{MATCHES}({column}, ?)", (pattern_of(test.operator, str(text)),))
    if test.type == "date":
        return Statement(_DATES[test.operator].format(column), _moments(test))
    if test.operator == "between":
        return Statement(f"{column} BETWEEN ? AND ?", test.values)
    return Statement(f"{column} {_SIGNS[test.operator]} ?", test.values)


def _is_pattern(test: Test) -> bool:
    return test.operator in ("like", "contains")


def _moments(test: Test) -> tuple[str, ...]:
    """Give the first moments, or the ends, that dates are compared with."""
    first, last = str(test.values[0]), str(test.values[-1])
    if test.operator in ("=", "between"):
        return first, _end(last)
    return (first if test.operator in ("<", ">=") else _end(last),)


def _end(date: str) -> str:
    return date + "\x7f"  # sorts after all that can follow in a date
