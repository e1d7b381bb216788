"""From an expression's pieces to its tree, by recursive descent.

::

    expression = conjunction { "or" conjunction }
    conjunction = negation { "and" negation }
    negation = "not" negation | "(" expression ")" | "has" name | name predicate
    predicate = ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
              | [ "not" ] ( "like" | "contains" ) value
              | [ "not" ] "between" value "and" value
              | [ "not" ] "in" "(" value { "," value } ")"
              | "is" [ "not" ] "missing"
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from imgsim.errors import ExpressionError
from imgsim.paths import composed
from imgsim.where.conditions import AllOf, AnyOf, Compares, Has, Literal, NoneOf
from imgsim.where.moments import CLOCK, is_plain, read_moment
from imgsim.where.tokens import tokenize

if TYPE_CHECKING:
    from imgsim.where.conditions import Condition
    from imgsim.where.tokens import Token

SIGNS = frozenset(("=", "!=", "<", "<=", ">", ">="))
VALUES = frozenset(("number", "date", "moment", "text", "double"))
DEPTH = 100  # of parentheses and nots, one in another


def parse(expression: str, now: datetime | None = None) -> Condition:
    """Read an expression, in its composed form; `now` is what the local clock shows, unless given.

    Examples
    --------
    >>> tree = parse("not sold = true or price < 30000 and has place")
    >>> type(tree).__name__, [type(condition).__name__ for condition in tree.conditions]
    ('AnyOf', ['NoneOf', 'AllOf'])
    """
    parser = Parser(composed(expression), now or datetime.now())
    tree = parser.expression()
    parser.expect_end()
    return tree


class Parser:
    """Walks over the pieces once, from left to right."""

    def __init__(self, text: str, now: datetime) -> None:
        self._text, self._now = text, now
        self._tokens = self._cut(text)
        self._place = 0
        self._depth = 0

    # ------------------------------------------------------------- the pieces

    def _cut(self, text: str) -> list[Token]:
        return tokenize(text)

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _take(self) -> Token:
        token = self._next
        self._place += token.kind != "end"
        return token

    def _accept(self, *texts: str) -> Token | None:
        """Take the next piece if it is one of these words or signs."""
        return self._take() if self._next.kind in ("keyword", "sign") and self._next.text in texts else None

    def _expect(self, text: str) -> Token:
        return self._accept(text) or self._fail(text)

    def _close(self, opening: Token) -> None:
        if self._next.kind == "end":
            raise ExpressionError(self._text, opening.start, "this ( is not closed")
        self._expect(")")

    def _fail(self, wanted: str, hint: str = "") -> Token:
        """Say what was wanted in place of the next piece."""
        token = self._next
        found = self._text[token.start : token.end] or "the end"
        raise ExpressionError(self._text, token.start, f"expected {wanted}, found {found}{hint and f': {hint}'}")

    def expect_end(self) -> None:
        """Make sure that nothing follows."""
        if self._next.kind == "end":
            return
        after_number = self._tokens[self._place - 1].kind == "number"
        comma = self._next.text == "," and after_number
        self._fail("and, or, or the end", "numbers are written without commas" if comma else "")

    # -------------------------------------------------------------- the rules

    def expression(self) -> Condition:
        """Read what ``or`` joins."""
        operands = [self._conjunction()]
        while self._accept("or"):
            operands.append(self._conjunction())
        return operands[0] if len(operands) == 1 else AnyOf(tuple(operands))

    def _conjunction(self) -> Condition:
        operands = [self._negation()]
        while self._accept("and"):
            operands.append(self._negation())
        return operands[0] if len(operands) == 1 else AllOf(tuple(operands))

    def _negation(self) -> Condition:
        opening = self._accept("not", "(")
        if opening is None:
            return self._predicate()
        self._depth += 1
        if self._depth > DEPTH:
            raise ExpressionError(self._text, opening.start, f"more than {DEPTH} parentheses or nots in one another")
        inner: Condition = NoneOf(self._negation()) if opening.text == "not" else self.expression()
        if opening.text == "(":
            self._close(opening)
        self._depth -= 1
        return inner

    def _predicate(self) -> Condition:
        start = self._next.start
        if self._accept("has"):
            return self._has(self._name())
        name = self._name()
        if self._accept("is"):
            negated = self._accept("not")
            self._expect("missing")
            return self._has(name) if negated else NoneOf(self._has(name))
        negated = self._accept("not")
        operator = self._operator(signs=not negated)
        literals = self._literals(operator)
        source = self._text[start : self._end()]
        unequal = operator == "!="
        operator = "=" if unequal else operator
        compares = Compares(name.text, operator, literals, name.kind == "double", source=source, position=start)
        return AllOf((self._has(name), NoneOf(compares))) if negated or unequal else compares

    def _end(self) -> int:
        """Give the place in the text up to which it was read."""
        return self._tokens[self._place - 1].end

    def _has(self, name: Token) -> Has:
        return Has(name.text, quoted=name.kind == "double", position=name.start)

    def _name(self) -> Token:
        plain = self._next.kind == "moment" and is_plain(self._next.text)
        if self._next.kind not in ("word", "double") and not plain:
            hint = "a value comes after its operator, as in price < 5" if self._next.kind in VALUES else ""
            hint = "a name goes in double quotes, if in any" if self._next.kind in ("text", "keyword") else hint
            self._fail("the name of an attribute", hint)
        return self._take()

    def _operator(self, *, signs: bool) -> str:
        words = ("in", "like", "contains", "between")
        token = self._accept(*words, *(SIGNS if signs else ()))
        if token is None:
            listed = ", ".join(words)
            token = self._fail(f"an operator (=, !=, <, <=, >, >=, {listed})" if signs else listed)
        return token.text

    def _literals(self, operator: str) -> tuple[Literal, ...]:
        if operator == "in":
            opening = self._expect("(")
            values = [self._literal()]
            while self._accept(","):
                values.append(self._literal())
            self._close(opening)
            return tuple(values)
        first = self._literal()
        if operator == "between":
            self._expect("and")
            return first, self._literal()
        return (first,)

    def _literal(self) -> Literal:
        token = self._next
        if boolean := self._accept("true", "false"):
            return Literal(boolean.text == "true", "boolean", token.start)
        if token.kind not in VALUES:
            self._fail("a value", _value_hint(token))
        self._take()
        if token.kind == "number":
            return Literal(_number(token.text), "number", token.start)
        if token.kind == "moment":
            return Literal(read_moment(self._text, token.start, token.text, self._now), "date", token.start, token.text)
        return Literal(token.text, "date" if token.kind == "date" else "text", token.start)


def _value_hint(token: Token) -> str:
    """Say how a word becomes a value."""
    if token.kind not in ("word", "keyword"):
        return ""
    counted = re.match(rf"(?i:{'|'.join(CLOCK)})[+-][0-9]", token.text)
    return "days are taken off as in today - 7 days" if counted else f"text goes in quotes: '{token.text}'"


def _number(text: str) -> int | float:
    digits = text.lstrip("+-")
    return int(text) if digits.isdigit() and len(digits) < 19 else float(text)
