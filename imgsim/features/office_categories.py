"""What lost-property offices file things under, and which of ImageNet's kinds go where: the table that ships."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("shipped") / "office_categories.toml"
OTHER = {"en": "other", "ko": "기타"}  # what is in no category, in each language that there are names in
LANGUAGES = tuple(OTHER)
SHOWN_DIGITS = 12


class Category(NamedTuple):
    """A category: its names in English and Korean, and the kinds that are filed there."""

    english: str
    korean: str
    kinds: tuple[str, ...]

    def name(self, language: str) -> str:
        """Give its name in one of `LANGUAGES`."""
        return self.korean if language == "ko" else self.english


@cache
def office_categories() -> tuple[Category, ...]:
    """Give the categories, those of the office's own list first.

    Examples
    --------
    >>> [category.english for category in office_categories() if not category.kinds]
    ['securities', 'certificates', 'card', 'cash']
    """
    table = tomllib.loads(FILE.read_text("utf-8"))
    return tuple(Category(name, row["korean"], tuple(row["kinds"])) for name, row in table.items())


def table_identity() -> str:
    """Tell which table this imgsim has, as a specification names it: the first digits of its SHA-256."""
    return hashlib.sha256(FILE.read_bytes()).hexdigest()[:SHOWN_DIGITS]
