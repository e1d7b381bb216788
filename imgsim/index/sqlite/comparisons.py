"""One comparison as SQL. The SQL is made of what is written here; names and values only ever are its parameters."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from imgsim.where.conditions import FIELDS
from imgsim.where.patterns import PATTERNS, pattern_of

if TYPE_CHECKING:
    from imgsim.where.conditions import Compares

OF_KIND = "FROM facts WHERE kind_id = (SELECT id FROM kinds WHERE name = ? AND type = ?)"
OF_IMAGES = "FROM images WHERE hidden = '' AND"
PREFIX = "imgsim_"  # of the patterns' names, by which SQLite calls them
COMPOSED = f"{PREFIX}composed"
_COLUMNS = {"added": "added_ns", "modified": "mtime_ns"}  # of fields that are instants
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


def compile_comparison(comparison: Compares) -> Statement:
    """Write a comparison as SQL.

    Examples
    --------
    >>> from imgsim.where.conditions import Compares, Literal
    >>> compile_comparison(Compares("width", "<", (Literal(640, "number"),), field=True))
    Statement(sql="SELECT id FROM images WHERE hidden = '' AND width < ?", parameters=(640,))
    """
    if comparison.operator in PATTERNS:
        return _compile_pattern(comparison)
    if comparison.field:
        assert comparison.name in FIELDS
        if comparison.type == "date":
            clause = _DATES[comparison.operator].format(column_of(comparison.name))
            return Statement(f"SELECT id {OF_IMAGES} {clause}", _instants(comparison))
        # The column itself has an index, and no path is written in ASCII but as it is.
        plain = comparison.type != "text" or (comparison.operator == "=" and str(comparison.values[0]).isascii())
        clause, values = _clause(comparison, comparison.name if plain else f"{COMPOSED}({comparison.name})")
        encoded = tuple(os.fsencode(value) if isinstance(value, str) else value for value in values)
        return Statement(f"SELECT id {OF_IMAGES} {clause}", encoded)
    clause, values = _clause(comparison, "value")
    return Statement(f"SELECT image_id {OF_KIND} AND {clause}", (comparison.name, comparison.type, *values))


def column_of(field: str) -> str:
    """Give the column whose values are in the order of a field's."""
    assert field in FIELDS
    return _COLUMNS.get(field, field)


def _compile_pattern(comparison: Compares) -> Statement:
    """Write a comparison that Python makes as SQL; each different value is compared once."""
    call = PREFIX + comparison.operator
    pattern = pattern_of(comparison.operator, str(comparison.values[0]))
    if comparison.field:
        assert comparison.name in FIELDS
        return Statement(f"SELECT id {OF_IMAGES} {call}({comparison.name}, ?)", (os.fsencode(pattern),))
    kind = (comparison.name, comparison.type)
    different = f"SELECT DISTINCT value {OF_KIND} LIMIT -1"  # the limit keeps SQLite from comparing before DISTINCT
    fitting = f"SELECT value FROM ({different}) WHERE {call}(value, ?)"  # noqa: S608 (made of what stands above)
    return Statement(f"SELECT image_id {OF_KIND} AND value IN ({fitting})", (*kind, *kind, pattern))


def _clause(comparison: Compares, column: str) -> Statement:
    """Compare a column with the values."""
    if comparison.type == "date":
        return Statement(_DATES[comparison.operator].format(column), _moments(comparison))
    if comparison.operator == "between":
        return Statement(f"{column} BETWEEN ? AND ?", comparison.values)
    return Statement(f"{column} {_SIGNS[comparison.operator]} ?", comparison.values)


def _moments(comparison: Compares) -> tuple[str, ...]:
    """Give the first moments, or the ends, that dates are compared with."""
    first, last = str(comparison.values[0]), str(comparison.values[-1])
    if comparison.operator in ("=", "between"):
        return first, _end(last)
    return (first if comparison.operator in ("<", ">=") else _end(last),)


def _instants(comparison: Compares) -> tuple[int, ...]:
    """Give the same as instants."""
    from imgsim.where.instants import span_of

    first, last = span_of(str(comparison.values[0])), span_of(str(comparison.values[-1]))
    if comparison.operator in ("=", "between"):
        return first.begin, last.end
    return (first.begin if comparison.operator in ("<", ">=") else first.end,)


def _end(date: str) -> str:
    return date + "\x7f"  # sorts after all that can follow in a date
