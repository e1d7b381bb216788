"""From a tree as it is written to one that the index is asked: names are found, types are compared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import ExpressionError, UnknownNameError
from imgsim.tables.values import is_date, is_month
from imgsim.where.conditions import FIELD_PREFIX, FIELDS, UNKNOWN, AllOf, AnyOf, Compares, Has, Literal, NoneOf
from imgsim.where.moments import is_plain, read_date

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from imgsim.where.conditions import Condition

NOTHING = AnyOf(())  # holds for no photo
EVER = (Literal("0001-01-01", "date"),)  # which all dates are at or after
LOOK_AT_TEXTS = "look-at-texts"  # whether they can be read as what was asked for
PLURALS = {"text": "text", "boolean": "true or false"}  # of types that do not take an s


class Subject(NamedTuple):
    """What a name stands for, and the types that it has in the index."""

    name: str
    field: bool
    types: Collection[str]


def check(tree: Condition, text: str, catalogue: Mapping[str, Collection[str]]) -> Condition:
    """Find what an expression names, and make sure that its values can be compared."""
    match tree:
        case Compares(name):
            subject = _subject(tree, text, catalogue) or Subject(name, field=False, types=_types(tree))
            for literal in tree.literals:
                _check_encoding(subject, literal, text)
            alternatives = list(_alternatives(tree, subject, text))
            known = subject.field or subject.name in catalogue
            asked = tuple(Compares(subject.name, *one, field=subject.field) for one in alternatives if known)
            return asked[0] if len(asked) == 1 else AnyOf(asked)
        case Has():
            return _has(_subject(tree, text, catalogue))
        case NoneOf(condition):
            return NoneOf(check(condition, text, catalogue))
        case AllOf(conditions) | AnyOf(conditions):
            return replace(tree, conditions=tuple(check(condition, text, catalogue) for condition in conditions))


def _has(subject: Subject | None) -> Condition:
    """Write as a condition that a photo has something."""
    if subject is None:
        return NOTHING
    if not subject.field:
        return Has(subject.name)
    return Compares(subject.name, ">=", EVER, field=True) if subject.name in UNKNOWN else AllOf(())


def absent_names(tree: Condition, catalogue: Mapping[str, Collection[str]]) -> Iterator[Compares | Has]:
    """Give the conditions on attributes that nothing is known of, which hold as for photos that lack them."""
    match tree:
        case Compares(name, quoted=quoted) | Has(name, quoted):
            if name not in catalogue and find_subject(name, catalogue, quoted=quoted) is None:
                yield tree
        case NoneOf(condition):
            yield from absent_names(condition, catalogue)
        case AllOf(conditions) | AnyOf(conditions):
            for condition in conditions:
                yield from absent_names(condition, catalogue)


def mixed_names(tree: Condition, catalogue: Mapping[str, Collection[str]]) -> Iterator[Compares]:
    """Give the comparisons with numbers or dates of attributes that are such on some photos and text on others."""
    match tree:
        case Compares(name):
            if {tree.type, "text"} <= set(catalogue.get(name, ())) and tree.type in ("number", "date"):
                yield tree
        case NoneOf(condition):
            yield from mixed_names(condition, catalogue)
        case AllOf(conditions) | AnyOf(conditions):
            for condition in conditions:
                yield from mixed_names(condition, catalogue)


def find_subject(name: str, catalogue: Mapping[str, Collection[str]], *, quoted: bool) -> Subject | None:
    """Find what a name stands for: an attribute, or else, unless it is quoted, something that every photo has.

    None where nothing has a name like it; a name that is nearly another one is taken for a mistake.
    """
    fields = {} if quoted else FIELDS
    field = name.removeprefix(FIELD_PREFIX)
    if name in catalogue and not (field != name and field in fields):
        return Subject(name, field=False, types=catalogue[name])
    if field in fields:
        return Subject(field, field=True, types={FIELDS[field]})
    if name in FIELDS:
        raise UnknownNameError("attribute", name, {f"{FIELD_PREFIX}{name}"})
    from difflib import get_close_matches  # which a query whose names are all known does without

    choices = {*catalogue, *fields}
    if get_close_matches(name, choices, n=1) or not _is_unicode(name):
        raise UnknownNameError("attribute", name, choices)
    return None


def _subject(leaf: Compares | Has, text: str, catalogue: Mapping[str, Collection[str]]) -> Subject | None:
    """Find what a condition is about; today where a name belongs is a mistake, unless an attribute is called so."""
    if is_plain(leaf.name) and not leaf.quoted and leaf.name not in catalogue:
        reason = f"{leaf.name} is a date and comes after an operator, as in found_on = today; a name goes in "
        raise ExpressionError(text, leaf.position, f"{reason}double quotes")
    return find_subject(leaf.name, catalogue, quoted=leaf.quoted)


def _types(tree: Compares) -> set[str]:
    """Give the types of a comparison's values."""
    return {literal.type for literal in tree.literals}


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
    types = [type_ for type_ in ("text", "date") if type_ in subject.types and (type_ == "text" or not subject.field)]
    if not types:
        raise ExpressionError(text, pattern.position, f"{subject.name} holds {_held(subject)}, {operator} is for text")
    return types


def _hint(operator: str, literal: Literal) -> str:
    """Say what to do where the attribute is text: as texts, 9 comes after 10."""
    if operator in ("=", "in") or literal.type == "boolean":
        return "; text goes in quotes"
    example = "2026-05-01, not 1.5.2026" if literal.type == "date" else "12.50, not 12,50 or 12 EUR"
    return f", and texts are not in that order: write its values as {literal.type}s ({example}) and import them again"


def _fit(subject: Subject, operator: str, literal: Literal, text: str) -> Literal:
    """Give a value of a type that the subject has, or say why there is none."""
    literal = _as_date(subject, literal)
    if subject.field and literal.type == "date":
        read_date(text, literal.position, str(literal.value))  # one in quotes may have a time zone
    if literal.type not in subject.types:
        hint = _hint(operator, literal) if "text" in subject.types else ""
        reason = f"{subject.name} holds {_held(subject)}, {_shown(literal)} is {_a(literal.type)}{hint}"
        looked_at = "text" in subject.types and not subject.field and literal.type in ("number", "date")
        remedy = {"remedy": LOOK_AT_TEXTS, "column": subject.name, "type": literal.type} if looked_at else {}
        raise ExpressionError(text, literal.position, reason, **remedy)
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
    if not _is_unicode(str(literal.value), "surrogateescape" if subject.field else "strict"):
        raise ExpressionError(text, literal.position, "this text is not valid Unicode")


def _is_unicode(text: str, errors: str = "strict") -> bool:
    """Tell whether text can be written as UTF-8."""
    try:
        text.encode("utf-8", errors)
    except UnicodeEncodeError:
        return False
    return True


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
