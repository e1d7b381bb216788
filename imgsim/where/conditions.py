"""Conditions as a tree: as an expression says them, and, once they are checked, as the index is asked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TypeAlias

# What a photo has of its own, under the name that `core.ImageRecord` has it by.
FIELDS = {
    "path": "text",
    "size": "number",
    "width": "number",
    "height": "number",
    "added": "date",
    "modified": "date",
}
UNKNOWN = ("added",)  # of those, what may be missing
FIELD_PREFIX = "photo."


@dataclass(frozen=True)
class Literal:
    """A value, its type, and its place in the expression; `written` is a date that is counted from the clock."""

    value: int | float | str | bool
    type: str
    position: int = dataclasses.field(default=0, compare=False)
    written: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True)
class Compares:
    """One comparison; once it is checked, of values of one type with an attribute or, `field`, a field."""

    name: str
    operator: str
    literals: tuple[Literal, ...]
    quoted: bool = False
    field: bool = False
    source: str = dataclasses.field(default="", compare=False)
    position: int = dataclasses.field(default=0, compare=False)

    @property
    def type(self) -> str:
        """The type of the first value."""
        return self.literals[0].type

    @property
    def values(self) -> tuple[int | float | str | bool, ...]:
        """What the name's values are compared with."""
        return tuple(literal.value for literal in self.literals)


@dataclass(frozen=True)
class Has:
    """A photo has this attribute."""

    name: str
    quoted: bool = False
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True)
class NoneOf:
    """The condition does not hold."""

    condition: Condition


@dataclass(frozen=True)
class AllOf:
    """Every condition holds; without any, all photos do."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one condition holds."""

    conditions: tuple[Condition, ...]


Condition: TypeAlias = "Compares | Has | NoneOf | AllOf | AnyOf"
