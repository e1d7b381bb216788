"""Names in a list, as people type them: ``price,-found_on,"unit price"``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imgsim.errors import UnknownNameError
from imgsim.paths import composed
from imgsim.where.check import find_subject
from imgsim.where.conditions import FIELDS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from imgsim.where.check import Subject

_NAME = re.compile(r'\s*(-?"(?:[^"]|"")*"|[^,]*?)\s*(?:,|$)')


def split_names(text: str) -> list[str]:
    """Divide a list at its commas, but for those in double quotes.

    Examples
    --------
    >>> split_names('price, "a, b",-"c"')
    ['price', '"a, b"', '-"c"']
    """
    return [name for name in map(composed, _NAME.findall(text)) if name]


def subject_of(name: str, catalogue: Mapping[str, Collection[str]]) -> Subject:
    """Find what a name stands for, as in conditions: an attribute, always so in double quotes, or else a field.

    UnknownNameError if nothing is called so.
    """
    quoted = len(name) > 1 and name[0] == name[-1] == '"' and name not in catalogue
    bare = name[1:-1].replace('""', '"') if quoted else name
    subject = find_subject(bare, catalogue, quoted=quoted)
    if subject is None:
        raise UnknownNameError("attribute", bare, {*catalogue, *(() if quoted else FIELDS)})
    return subject
