"""Tables as GitHub-flavoured Markdown."""

from __future__ import annotations

import re
from numbers import Integral, Real
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ESCAPES = str.maketrans(
    {"\\": "\\\\", "|": "\\|", "*": "\\*", "`": "\\`", "[": "\\[", "<": "&lt;", "&": "&amp;", "\n": "<br>", "\r": ""}
)
_EMPHASIS = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # an underscore within a word is plain


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    r"""Write a table as Markdown that GitHub renders, and that reads well as it is.

    Examples
    --------
    >>> print(markdown_table(["extractor", "map"], [["haralick", 0.31], ["a|b", None]]), end="")
    | extractor |    map |
    | --------- | -----: |
    | haralick  | 0.3100 |
    | a\|b      |        |
    """
    cells = [list(row) for row in rows]
    numeric = [
        bool(cells) and all(cell is None or isinstance(cell, Real) for cell in column)
        for column in zip(*cells, strict=True)
    ] or [False] * len(columns)
    return lay_out([[_text(cell) for cell in row] for row in [columns, *cells]], numeric)


def lay_out(texts: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """Pad cells, the header's first, so that columns line up as text too, some of them to the right."""
    widths = [max(3, *map(len, column)) for column in zip(*texts, strict=True)]
    rule = ["-" * (width - 1) + "-:"[end] for width, end in zip(widths, right, strict=True)]
    places = [(">" if end else "<") + str(width) for width, end in zip(widths, right, strict=True)]
    lines = [[format(cell, place) for cell, place in zip(row, places, strict=True)] for row in texts]
    return "".join(f"| {' | '.join(line)} |\n" for line in [lines[0], rule, *lines[1:]])


def _text(cell: object) -> str:
    if cell is None:
        return ""
    text = f"{cell:.4f}" if isinstance(cell, Real) and not isinstance(cell, Integral) else str(cell)
    return _EMPHASIS.sub(r"\\_", text.translate(_ESCAPES))
