"""One attribute of all photos of an index, as it is shown: what was typed hides what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.errors import UnknownNameError
from imgsim.paths import composed

if TYPE_CHECKING:
    from imgsim.index.index import Index


def values_of(index: Index, name: str) -> dict[str, object]:
    """Give the value of an attribute for each photo that has one, by path; UnknownNameError if it is not known."""
    known = index.facts.types()
    if name not in known:
        raise UnknownNameError("attribute", name, known)
    values: dict[str, object] = {}
    for record in index:
        attributes = {composed(key): value for key, value in record.attributes.items()}
        if attributes.get(name) is not None:
            values[record.path] = attributes[name]
    return values


def values_at(place: str, name: str) -> dict[str, object]:
    """Give the value of an attribute for each photo of the index that a path names."""
    from imgsim.index.index import open_index

    with open_index(place) as index, index.snapshot():
        return values_of(index, name)
