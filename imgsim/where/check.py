"""From an expression's tree to what is asked of the index: names are found, types are compared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import ExpressionError, UnknownNameError
from imgsim.tables.values import is_date, is_month
from imgsim.where.conditions import FIELD_PREFIX, FIELDS, AllOf, AnyOf, Compares, Has, NoneOf
from imgsim.where.syntax import Comparison, Every, Not, Presence, Some

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from imgsim.where.conditions import Condition
    from imgsim.where.syntax import Expression, Literal, Name

PLURALS = {
    "number": "numbers",
    "text": "text",
    "date": "dates",
    "boolean": "true or false",
    "list": "lists",
    "object": "objects",
}


class Subject(NamedTuple):
    """What a name stands for, and the types that it has in the index."""

    name: str
    field: bool
    types: Collection[str]


def check(tree: Expression, text: str, catalogue: Mapping[str, Collection[str]]) -> Condition:
    """Find what an expression names, and make sure that its values can be compared."""
    match tree:
        case Comparison():
            return _comparison(tree, text, catalogue)
        case Presence(name):
            subject = find_subject(name, catalogue)
            return AllOf(()) if subject.field else Has(subject.name)
        case Not(operand):
            return NoneOf(check(operand, text, catalogue))
        case Every(operands):
            return AllOf(tuple(check(operand, text, catalogue) for operand in operands))
        case Some(operands):
            return AnyOf(tuple(check(operand, text, catalogue) for operand in operands))


def find_subject(name: Name, catalogue: Mapping[str, Collection[str]]) -> Subject:
    """Find what a name stands for: an attribute, or else, unless it is quoted, something that every photo has."""
    fields = {} if name.quoted else FIELDS
    field = name.text.removeprefix(FIELD_PREFIX)
    if name.text in catalogue and not (field != name.text and field in fields):
        return Subject(name.text, field=False, types=catalogue[name.text])
    if field in fields:
        return Subject(field, field=True, types={FIELDS[field]})
    raise UnknownNameError("attribute", name.text, {*catalogue, *fields})


def _comparison(tree: Comparison, text: str, catalogue: Mapping[str, Collection[str]]) -> Condition:
    subject = find_subject(tree.name, catalogue)
    for value in tree.values:
        _check_encoding(subject, value, text)
    comparisons = tuple(_comparisons(tree, subject, text))
    condition: Condition = comparisons[0] if len(comparisons) == 1 else AnyOf(comparisons)
    if not tree.negated and tree.operator != "!=":
        return condition
    return NoneOf(condition) if subject.field else AllOf((Has(subject.name), NoneOf(condition)))


def _comparisons(tree: Comparison, subject: Subject, text: str) -> Iterator[Compares]:
    """Give the comparisons of which one must hold."""
    if tree.operator in ("like", "contains"):
        (pattern,) = tree.values
        for type_ in _textual_types(tree.operator, subject, pattern, text):
            yield Compares(subject.name, subject.field, type_, tree.operator, (pattern.value,))
        return
    values = [_fit(subject, tree.operator, value, text) for value in tree.values]
    if tree.operator == "between":
        low, high = values
        if low.type != high.type:
            raise ExpressionError(text, high.position, f"between begins with {_a(low.type)}, {_shown(high)} is none")
        yield Compares(subject.name, subject.field, low.type, "between", (low.value, high.value))
        return
    operator = "=" if tree.operator in ("!=", "in") else tree.operator
    for literal in values:
        yield Compares(subject.name, subject.field, literal.type, operator, (literal.value,))


def _textual_types(operator: str, subject: Subject, pattern: Literal, text: str) -> list[str]:
    """List the types that a pattern may be looked for in."""
    if pattern.type != "text":
        raise ExpressionError(text, pattern.position, f"{operator} looks for text in quotes, not for {_shown(pattern)}")
    types = [type_ for type_ in ("text", "date") if type_ in subject.types]
    if not types:
        raise ExpressionError(text, pattern.position, f"{subject.name} holds {_held(subject)}, {operator} is for text")
    return types


def _fit(subject: Subject, operator: str, literal: Literal, text: str) -> Literal:
    """Give a value of a type that the subject has, or say why there is none."""
    literal = _as_date(subject, literal)
    if literal.type not in subject.types:
        hint = "; text goes in quotes" if "text" in subject.types else ""
        reason = f"{subject.name} holds {_held(subject)}, {_shown(literal)} is {_a(literal.type)}{hint}"
        raise ExpressionError(text, literal.position, reason)
    if literal.type == "boolean" and operator not in ("=", "!=", "in"):
        raise ExpressionError(text, literal.position, f"true and false have no order: {operator} does not compare them")
    return literal


def _as_date(subject: Subject, literal: Literal) -> Literal:
    """Take text for a date where the subject has such dates."""
    if literal.type != "text" or "date" not in subject.types:
        return literal
    written = str(literal.value)
    if is_date(written) or ("text" not in subject.types and is_month(written)):
        return replace(literal, type="date", value=written.replace(" ", "T"))
    return literal


def _check_encoding(subject: Subject, literal: Literal, text: str) -> None:
    """Refuse text that no attribute can hold; paths hold any bytes."""
    try:
        str(literal.value).encode("utf-8", "surrogateescape" if subject.field else "strict")
    except UnicodeEncodeError:
        raise ExpressionError(text, literal.position, "this text is not valid Unicode") from None


def _held(subject: Subject) -> str:
    return " and ".join(PLURALS[type_] for type_ in sorted(subject.types))


def _shown(literal: Literal) -> str:
    if literal.type == "text":
        return f"'{literal.value}'"
    return str(literal.value).lower() if literal.type == "boolean" else str(literal.value)


def _a(type_: str) -> str:
    return type_ if type_ == "text" else f"a {type_}"
