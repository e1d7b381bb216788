"""What an expression says, as a tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Name:
    """The name of an attribute, or of something that every photo has."""

    text: str
    quoted: bool
    position: int


@dataclass(frozen=True)
class Literal:
    """A value."""

    value: int | float | str | bool
    type: str
    position: int


@dataclass(frozen=True)
class Comparison:
    """A name, an operator and its values; `negated` where ``not`` stands within, as in ``not in``."""

    name: Name
    operator: str
    values: tuple[Literal, ...]
    negated: bool
    source: str


@dataclass(frozen=True)
class Presence:
    """``has NAME``."""

    name: Name
    source: str


@dataclass(frozen=True)
class Not:
    """The opposite."""

    operand: Expression


@dataclass(frozen=True)
class Every:
    """All of them: ``and``."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class Some:
    """At least one of them: ``or``."""

    operands: tuple[Expression, ...]


Expression: TypeAlias = "Comparison | Presence | Not | Every | Some"
