"""What ``like`` and ``contains`` look for in text, without regard to case."""

from __future__ import annotations

import os
import re
from fnmatch import translate
from functools import lru_cache

from imgsim.paths import composed


def is_like(value: str | bytes, pattern: str | bytes) -> bool:
    """Tell whether a value fits the regular expression of a ``like``."""
    return _compiled(_text(pattern)).match(_text(value).casefold()) is not None


def does_contain(value: str | bytes, piece: str | bytes) -> bool:
    """Tell whether a value contains a piece of text."""
    return _text(piece) in _text(value).casefold()


PATTERNS = {"like": is_like, "contains": does_contain}


def pattern_of(operator: str, text: str) -> str:
    """Prepare what ``like`` or ``contains`` looks for.

    Examples
    --------
    >>> is_like("Red Umbrella", pattern_of("like", "red%")), does_contain("100% WOOL", pattern_of("contains", "0% w"))
    (True, True)
    """
    folded = text.casefold()
    if operator == "contains":
        return folded
    literal = re.sub(r"[*?[]", r"[\g<0>]", folded)
    # fnmatch's regular expressions never try one way twice, however many stars there are.
    return translate(literal.replace("%", "*").replace("_", "?"))


_compiled = lru_cache(re.compile)


def _text(value: str | bytes) -> str:
    return composed(os.fsdecode(value) if isinstance(value, bytes) else value)
