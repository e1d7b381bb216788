"""Asking the index for which photos an expression holds."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import ExpressionError
from imgsim.paths import composed
from imgsim.where.check import LOOK_AT_TEXTS, NOTHING, absent_names, check, mixed_names
from imgsim.where.conditions import AllOf, AnyOf, Compares, Has, NoneOf
from imgsim.where.parse import parse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Keys
    from imgsim.where.conditions import Condition
    from imgsim.where.facts import FactTable


def select_photos(
    facts: FactTable, expressions: Sequence[str], photos: Keys, now: datetime | None = None
) -> NDArray[np.bool_]:
    """Tell for which photos every one of some expressions holds; `now` is what the local clock shows, unless given.

    `photos` (N,); gives (N,).
    """
    now = now or datetime.now()
    trees = [(parse(text, now), text) for text in map(composed, expressions)]
    catalogue = facts.types()
    return holds(facts, AllOf(tuple(_check(facts, tree, text, catalogue) for tree, text in trees)), photos)


def _check(facts: FactTable, tree: Condition, text: str, catalogue: Mapping[str, Collection[str]]) -> Condition:
    """Check an expression; where it meets text instead of numbers or dates, look whether the texts look like them."""
    try:
        return check(tree, text, catalogue)
    except ExpressionError as error:
        if error.remedy != LOOK_AT_TEXTS:
            raise
        from imgsim.where.text_hints import explain_texts

        raise explain_texts(error, facts.texts(str(error.facts["column"]))) from None


def holds(facts: FactTable, condition: Condition, photos: Keys) -> NDArray[np.bool_]:
    """Tell for which photos a condition holds.

    `photos` (N,); gives (N,).
    """
    match condition:
        case Compares():
            return np.isin(photos, facts.where(condition))
        case Has(name):
            return np.isin(photos, facts.having(name))
        case NoneOf(inner):
            return ~holds(facts, inner, photos)
        case AllOf(conditions):
            return reduce(np.logical_and, (holds(facts, one, photos) for one in conditions), np.ones(len(photos), bool))
        case AnyOf(conditions):
            return reduce(np.logical_or, (holds(facts, one, photos) for one in conditions), np.zeros(len(photos), bool))


def explain_nothing(facts: FactTable, expressions: Sequence[str]) -> str:
    """Say why no photo was selected."""
    catalogue = facts.types()
    for text in map(composed, expressions):
        for leaf in _demanded(parse(text)):
            checked = _check(facts, leaf, text, catalogue)
            asked = _alternatives(checked)
            if checked == NOTHING or (asked and not any(len(facts.where(comparison)) for comparison in asked)):
                return f"no photo has {leaf.source}{_near(facts, asked[0]) if asked else ''}"
    return f"no photo has {' and '.join(expressions)}"


def find_absent(facts: FactTable, expressions: Sequence[str]) -> dict[str, str]:
    """Give the attributes that expressions ask for and nothing is known of, with the type each is compared as.

    They hold as for photos that lack them; the type is empty where there is none.
    """
    catalogue = facts.types()
    absent: dict[str, str] = {}
    for text in map(composed, expressions):
        tree = parse(text)
        _check(facts, tree, text, catalogue)
        for leaf in absent_names(tree, catalogue):
            absent[leaf.name] = absent.get(leaf.name) or (leaf.type if isinstance(leaf, Compares) else "")
    return absent


def find_mixed(facts: FactTable, expressions: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Give the attributes that are compared with numbers or dates and are text on some photos: the type, and a text."""
    catalogue = facts.types()
    leaves = (leaf for text in map(composed, expressions) for leaf in mixed_names(parse(text), catalogue))
    types = {leaf.name: leaf.type for leaf in leaves}
    return {name: (type_, min(facts.texts(name))) for name, type_ in types.items()}


def _demanded(tree: Condition) -> Iterator[Compares]:
    """Give the comparisons without a ``not`` before them."""
    match tree:
        case Compares():
            yield tree
        case AllOf(conditions) | AnyOf(conditions):
            for condition in conditions:
                yield from _demanded(condition)


def _alternatives(condition: Condition) -> list[Compares]:
    """Give the comparisons of which one must hold; none for a condition of another kind."""
    conditions = condition.conditions if isinstance(condition, AnyOf) else (condition,)
    return [one for one in conditions if isinstance(one, Compares)]


def _near(facts: FactTable, comparison: Compares) -> str:
    """Suggest a text that the attribute has."""
    from difflib import get_close_matches

    if comparison.field or comparison.type != "text" or comparison.operator != "=":
        return ""
    wanted = str(comparison.values[0]).casefold()
    texts = {text.casefold(): text for text in facts.texts(comparison.name)}
    near = get_close_matches(wanted, texts, n=1)
    return f": did you mean '{texts[near[0]]}'?" if near else ""
