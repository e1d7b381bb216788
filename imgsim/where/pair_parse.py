"""Conditions on two photos, a lost and a found one: the language of conditions, with values of the other side.

::

    name = ( "lost" | "found" ) "." name
    value = ... | name { ( "+" | "-" ) number ( "days" | "weeks" ) }
    predicate = ... | name [ "not" ] "near" name
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from imgsim.errors import ExpressionError
from imgsim.paths import composed
from imgsim.where.conditions import AllOf, Compares, Has, Literal, NoneOf
from imgsim.where.moments import DAYS
from imgsim.where.parse import Parser
from imgsim.where.side_names import SIDES
from imgsim.where.tokens import Token

if TYPE_CHECKING:
    from imgsim.where.conditions import Condition

NEAR = "near"
OTHER = "name"  # the type of a value that is another attribute's
_STEP = re.compile(r"\s*(?P<sign>[+-])\s*(?P<amount>[0-9]+)\s*(?P<unit>[^\W\d]\w*)")


@dataclass(frozen=True)
class Reference(Literal):
    """In place of a value: whatever an attribute holds, its dates so many days later; `value` is its name."""

    quoted: bool = False
    days: int = dataclasses.field(default=0)


def parse_pair(expression: str, now: datetime | None = None) -> Condition:
    """Read an expression on two sides, in its composed form; `now` is what the local clock shows, unless given.

    Examples
    --------
    >>> tree = parse_pair("found.day >= lost.day - 2 days and found.kind = lost.kind")
    >>> [(leaf.name, leaf.operator, leaf.values[0]) for leaf in tree.conditions]
    [('found.day', '>=', 'lost.day'), ('found.kind', '=', 'lost.kind')]
    """
    parser = _PairParser(composed(expression), now or datetime.now())
    tree = parser.expression()
    parser.expect_end()
    return tree


class _PairParser(Parser):
    """Reads names of two sides, also as values."""

    def __init__(self, text: str, now: datetime) -> None:
        self._steps: dict[int, int] = {}  # days that are added behind a place in the text
        self._ends: dict[int, int] = {}  # and where they end
        super().__init__(text, now)

    def _cut(self, text: str) -> list[Token]:
        """Cut the text into pieces, but for the days that are added to a name."""
        blanked, quotes = text, r"'(?:[^']|'')*'"
        names = rf"{quotes}|\b(?:{'|'.join(SIDES)})\.(?:\"(?:[^\"]|\"\")*\"|[\w.]+)|\"(?:[^\"]|\"\")*\""
        for name in re.finditer(names, text):
            end = name.end()
            while name.group()[0] != "'" and (step := _STEP.match(text, end)):
                self._steps[name.end()] = self._steps.get(name.end(), 0) + self._days(text, step)
                blanked = blanked[: step.start()] + " " * len(step.group()) + blanked[step.end() :]
                end = self._ends[name.end()] = step.end()
        return super()._cut(blanked)

    def _days(self, text: str, step: re.Match[str]) -> int:
        unit = step["unit"].lower()
        if unit not in DAYS:
            raise ExpressionError(text, step.start("unit"), f"expected days or weeks, found {step['unit']}")
        if len(step["amount"]) > 7:
            raise ExpressionError(text, step.start("amount"), "no calendar goes so far")
        return int(step["sign"] + step["amount"]) * DAYS[unit]

    def _end(self) -> int:
        end = super()._end()
        return self._ends.get(end, end)

    def _predicate(self) -> Condition:
        """Read a comparison; one that is negated holds where both sides have something."""
        condition = super()._predicate()
        match condition:
            case AllOf((Has(), NoneOf(Compares(literals=literals)))):
                there = (
                    Has(str(one.value), one.quoted, one.position) for one in literals if isinstance(one, Reference)
                )
                return AllOf((*condition.conditions, *there))
        return condition

    def _name(self) -> Token:
        """Read the name that a condition is about, to which no days are added."""
        token = self._side_name()
        if token.end in self._steps:
            reason = "days are added to what comes after the operator: found.a >= lost.b + 2 days"
            raise ExpressionError(self._text, token.end, reason)
        return token

    def _side_name(self) -> Token:
        """Read whose attribute it is, and its name: ``lost.place``, ``lost."unit price"``."""
        token = super()._name()
        side, dot, rest = token.text.partition(".")
        if side not in SIDES or not dot:
            reason = f"say whose: {' or '.join(f'{side}.{token.text}' for side in SIDES)}"
            raise ExpressionError(self._text, token.start, reason)
        if not rest and self._next.kind == "double" and self._next.start == token.end:
            name = self._take()
            return Token("double", f"{side}.{name.text}", token.start, name.end)
        if not rest:
            raise ExpressionError(self._text, token.end, f"a name goes behind {side}.")
        return token

    def _named(self) -> bool:
        """Tell whether a name of a side is next."""
        return self._next.kind in ("word", "double") and self._next.text.partition(".")[0] in SIDES

    def _operator(self, *, signs: bool) -> str:
        if self._next.kind == "word" and self._next.text.lower() == NEAR:
            self._take()
            return NEAR
        return super()._operator(signs=signs)

    def _literals(self, operator: str) -> tuple[Literal, ...]:
        literals = super()._literals(operator)
        if operator == NEAR and not isinstance(literals[0], Reference):
            reason = "near compares two attributes, as in found.place near lost.place"
            raise ExpressionError(self._text, literals[0].position, reason)
        return literals

    def _literal(self) -> Literal:
        if not self._named():
            return super()._literal()
        token = self._side_name()
        days = self._steps.get(token.end, 0)
        return Reference(token.text, OTHER, token.start, "", quoted=token.kind == "double", days=days)
