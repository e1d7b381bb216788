"""What an expression says, as a tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Name:
    """The name of an attribute, or of something that every photo has.

    Parameters
    ----------
    text : str
        The name.
    quoted : bool
        Whether it was written in double quotes, which only attributes' names are.
    position : int
        Of its first character in the expression.
    """

    text: str
    quoted: bool
    position: int


@dataclass(frozen=True)
class Literal:
    """A value.

    Parameters
    ----------
    value : int, float, str or bool
        The value; a date is a string such as ``2026-05``, ``2026-05-01`` or ``2026-05-01T10:30``.
    type : {"number", "text", "date", "boolean"}
        What was written.
    position : int
        Of its first character in the expression.
    """

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
