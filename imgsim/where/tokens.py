"""An expression as words, values and signs, each with its place."""

from __future__ import annotations

import re
from typing import NamedTuple

from imgsim.errors import ExpressionError
from imgsim.where.moments import DATE, MOMENT, read_date

KEYWORDS = {"and", "or", "not", "in", "like", "contains", "between", "is", "missing", "has", "true", "false"}

_NUMBER = r"[+-]?(?:D+\.?D*|\.D+)(?:[eE][+-]?D+)?(?![\w.])".replace("D", "[0-9]")
# In this order: a date begins like a number.
_TOKEN = re.compile(
    rf"(?P<space>\s+)|(?P<date>{DATE})|(?P<number>{_NUMBER})"
    r"|(?P<text>'(?:[^']|'')*')"
    r'|(?P<double>"(?:[^"]|"")*")'
    rf"|(?P<moment>{MOMENT})"
    r"|(?P<word>[^\W\d][\w.-]*)"
    r"|(?P<sign><=|>=|!=|<>|==|[=<>(),])"
    r"|(?P<other>.)"
)
_SAME_SIGN = {"==": "=", "<>": "!="}
_MISPLACED = {
    "'": "this quote is not closed; a quote within text is doubled: 'it''s'",
    '"': "this quote is not closed",
    "&": "write and",
    "|": "write or",
    "!": "write not, or != between two values",
    **dict.fromkeys("\u2018\u2019\u201c\u201d\u201e\u00b4`", "text goes in straight quotes: 'red'"),
}


class Token(NamedTuple):
    """A piece of an expression, from `start` to `end`; `text` is without quotes and in the usual spelling.

    `kind` is ``word``, ``keyword``, ``number``, ``date``, ``moment``, ``text``, ``double``, ``sign`` or, once, ``end``.
    """

    kind: str
    text: str
    start: int
    end: int


def tokenize(expression: str) -> list[Token]:
    """Cut an expression into its pieces.

    Examples
    --------
    >>> [f"{token.kind} {token.text}" for token in tokenize("price<30 AND who == 'Kim''s'")]
    ['word price', 'sign <', 'number 30', 'keyword and', 'word who', 'sign =', "text Kim's", 'end ']
    """
    tokens = [_token(expression, match) for match in _TOKEN.finditer(expression) if match.lastgroup != "space"]
    return [*tokens, Token("end", "", len(expression), len(expression))]


def _token(expression: str, match: re.Match[str]) -> Token:
    kind, raw, start = str(match.lastgroup), match.group(), match.start()
    text = raw
    if kind in ("text", "double"):
        text = raw[1:-1].replace(raw[0] * 2, raw[0])
    elif kind == "sign":
        text = _SAME_SIGN.get(raw, raw)
    elif kind == "word" and raw.lower() in KEYWORDS:
        kind, text = "keyword", raw.lower()
    elif kind == "date":
        text = read_date(expression, start, raw)
    elif kind == "other":
        raise ExpressionError(expression, start, _complaint(expression, start))
    return Token(kind, text, start, match.end())


def _complaint(expression: str, position: int) -> str:
    character = expression[position]
    if character in _MISPLACED:
        return _MISPLACED[character]
    if piece := re.match(r"[\w.+-]+", expression[position:]):
        return (
            f"{piece.group()} is neither a number nor a name; "
            "text goes in single quotes, a name that begins with a digit in double quotes"
        )
    return f"{character!r} means nothing here"
