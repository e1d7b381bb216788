"""The parts of a condition on two photos that can each be said to hold, as they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.where.conditions import AllOf, AnyOf, Compares, Has, NoneOf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgsim.where.conditions import Condition


def list_parts(tree: Condition) -> Iterator[tuple[str, Condition]]:
    """Give what and and or join, each part with its text; what is negated is one part.

    Examples
    --------
    >>> from imgsim.where.pair_parse import parse_pair
    >>> tree = parse_pair("found.kind = lost.kind and (found.color != 'red' or not (has lost.tag or lost.price < 5))")
    >>> [text for text, _ in list_parts(tree)]
    ['found.kind = lost.kind', "found.color != 'red'", 'not (has lost.tag or lost.price < 5)']
    """
    if isinstance(tree, AllOf | AnyOf) and not _negated(tree):
        for one in tree.conditions:
            yield from list_parts(one)
    else:
        yield _written(tree), tree


def _negated(tree: Condition) -> Compares | None:
    """Give the comparison that was written with != or not, which is a tree of its own."""
    match tree:
        case AllOf((Has(position=place), NoneOf(Compares(position=start) as compares), *_)) if place == start:
            return compares
    return None


def _written(tree: Condition) -> str:
    match tree:
        case Compares():
            return tree.source
        case Has():
            return f"has {_name(tree)}"
        case NoneOf(Has() as has):
            return f"{_name(has)} is missing"
        case NoneOf(inner):
            return f"not ({_written(inner)})"
        case AllOf() | AnyOf():
            negated = _negated(tree)
            joined = " and " if isinstance(tree, AllOf) else " or "
            return negated.source if negated else joined.join(map(_nested, tree.conditions))


def _nested(tree: Condition) -> str:
    """Write a part of a longer condition."""
    joined = isinstance(tree, AllOf | AnyOf) and not _negated(tree)
    return f"({_written(tree)})" if joined else _written(tree)


def _name(has: Has) -> str:
    """Write a name with the side that it is of."""
    side, _, rest = has.name.partition(".")
    quoted = rest.replace('"', '""')
    return f'{side}."{quoted}"' if has.quoted else has.name
