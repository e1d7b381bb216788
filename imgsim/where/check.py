"""From a tree as it is written to one that the index is asked: names are found, types are compared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import ExpressionError, UnknownNameError
from imgsim.tables.values import is_date, is_month
from imgsim.where.conditions import FIELD_PREFIX, FIELDS, AllOf, AnyOf, Compares, Has, Literal, NoneOf
from imgsim.where.moments import is_plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from imgsim.where.conditions import Condition

PLURALS = {"text": "text", "boolean": "true or false"}  # of types that do not take an s


class Subject(NamedTuple):
    """What a name stands for, and the types that it has in the index."""

    name: str
    field: bool
    types: Collection[str]


def check(tree: Condition, text: str, catalogue: Mapping[str, Collection[str]]) -> Condition:
    """Find what an expression names, and make sure that its values can be compared."""
    match tree:
        case Compares(name, quoted=quoted):
            _refuse_clock(tree, text, catalogue)
            subject = find_subject(name, catalogue, quoted=quoted)
            for literal in tree.literals:
                _check_encoding(subject, literal, text)
            alternatives = _alternatives(tree, subject, text)
            asked = tuple(Compares(subject.name, *one, field=subject.field) for one in alternatives)
            return asked[0] if len(asked) == 1 else AnyOf(asked)
        case Has(name, quoted):
            _refuse_clock(tree, text, catalogue)
            subject = find_subject(name, catalogue, quoted=quoted)
            return AllOf(()) if subject.field else Has(subject.name)
        case NoneOf(condition):
            return NoneOf(check(condition, text, catalogue))
        case AllOf(conditions) | AnyOf(conditions):
            return replace(tree, conditions=tuple(check(condition, text, catalogue) for condition in conditions))


def find_subject(name: str, catalogue: Mapping[str, Collection[str]], *, quoted: bool) -> Subject:
    """Find what a name stands for: an attribute, or else, unless it is quoted, something that every photo has."""
    fields = {} if quoted else FIELDS
    field = name.removeprefix(FIELD_PREFIX)
    if name in catalogue and not (field != name and field in fields):
        return Subject(name, field=False, types=catalogue[name])
    if field in fields:
        return Subject(field, field=True, types={FIELDS[field]})
    raise UnknownNameError("attribute", name, {*catalogue, *fields})


def _refuse_clock(leaf: Compares | Has, text: str, catalogue: Mapping[str, Collection[str]]) -> None:
    """Refuse today where a name belongs, unless an attribute is called so."""
    if is_plain(leaf.name) and not leaf.quoted and leaf.name not in catalogue:
        reason = f"{leaf.name} is a date and comes after an operator, as in found_on = today; a name goes in "
        raise ExpressionError(text, leaf.position, f"{reason}double quotes")


def _alternatives(tree: Compares, subject: Subject, text: str) -> Iterator[tuple[str, tuple[Literal, ...]]]:
    """Give the operators and values of which one must hold, each of one type."""
    if tree.operator in ("like", "contains"):
        (pattern,) = tree.literals
        for type_ in _textual_types(tree.operator, subject, pattern, text):
            yield tree.operator, (replace(pattern, type=type_),)
        return
    literals = [_fit(subject, tree.operator, literal, text) for literal in tree.literals]
    if tree.operator == "between":
        low, high = literals
        if low.type != high.type:
            raise ExpressionError(text, high.position, f"between begins with {_a(low.type)}, {_shown(high)} is none")
        yield "between", (low, high)
        return
    for literal in literals:
        yield "=" if tree.operator == "in" else tree.operator, (literal,)


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
    if literal.type == "boolean" and operator not in ("=", "in"):
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
    return " and ".join(PLURALS.get(type_, f"{type_}s") for type_ in sorted(subject.types))


def _shown(literal: Literal) -> str:
    if literal.written:
        return literal.written
    if literal.type == "text":
        return f"'{literal.value}'"
    return str(literal.value).lower() if literal.type == "boolean" else str(literal.value)


def _a(type_: str) -> str:
    return type_ if type_ == "text" else f"a {type_}"
