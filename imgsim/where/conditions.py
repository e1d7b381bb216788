"""What is asked of the index: the same tree as an expression's, with names found and values of fitting types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

# What every photo has, and the column that holds it.
FIELDS = {"path": "text", "size": "number", "width": "number", "height": "number"}
FIELD_PREFIX = "photo."


@dataclass(frozen=True)
class Compares:
    """One comparison."""

    name: str
    field: bool
    type: str
    operator: str
    values: tuple[int | float | str | bool, ...]


@dataclass(frozen=True)
class Has:
    """A photo has this attribute."""

    name: str


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
