"""Attributes that an index knows before any photo has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.errors import ParameterError, UnknownNameError
from imgsim.paths import composed
from imgsim.tables.values import TYPES, check_attributes
from imgsim.where.conditions import FIELDS

NAMED_BEFORE = {"added", "modified"}  # fields that attributes could be called like before there were any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imgsim.index.store.store import Store


def declare(store: Store, declarations: Iterable[str]) -> dict[str, str | None]:
    """Make attributes known, as a user writes them, within a transaction; the type of one taken back is None."""
    declared: dict[str, str | None] = {}
    held = {count.name: count for count in store.facts.counts() if count.photos}
    for text in declarations:
        name, type_ = parse_declaration(text)
        if name in declared:
            raise ParameterError(f"{text}: {name} is given twice")
        if type_ and name in held and held[name].types != (type_,):
            kinds, photos = " and ".join(held[name].types), held[name].photos
            raise ParameterError(f"{text}: {name} is {kinds} on {photos} photo{'s' * (photos != 1)}")
        declared[name] = type_
    kept = {**store.declared, **declared}
    store.set_declared({name: type_ for name, type_ in kept.items() if type_ is not None})
    return declared


def parse_declaration(text: str) -> tuple[str, str | None]:
    """Read ``NAME=TYPE``; without a type, a declaration is taken back.

    Examples
    --------
    >>> parse_declaration("returned=boolean"), parse_declaration("returned=")
    (('returned', 'boolean'), ('returned', None))
    """
    name, equals, type_ = (piece.strip() for piece in text.partition("="))
    name = composed(name)
    if not equals or not name:
        raise ParameterError(f"{text}: write NAME=TYPE, for example returned=boolean; NAME= takes it back")
    check_attributes({name: None})
    if name in FIELDS.keys() - NAMED_BEFORE:
        raise ParameterError(f"{text}: {name} is what every photo has; choose another name")
    if type_ and type_ not in TYPES:
        raise UnknownNameError(f"type in {text}", type_, TYPES)
    return name, type_ or None
