"""The rules that keep photos out of sight, as people add them and take them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import ExpressionError, UnknownNameError
from imgsim.paths import composed
from imgsim.where.select import find_absent
from imgsim.where.tokens import tokenize

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imgsim.index.store.store import Store


class SightChange(NamedTuple):
    """The rules that were taken back, and of those that were asked for, as they are kept, which are new."""

    dropped: list[str]
    asked: dict[str, bool]


def change_rules(
    store: Store, added: Iterable[str] = (), dropped: Iterable[str] = (), *, all_dropped: bool = False
) -> SightChange:
    """Take rules back and add others, within a transaction; UnknownNameError if one to be taken back is not there.

    Rules that differ only in how they are spaced or quoted are one.
    """
    rules = {_spelled(rule): rule for rule in store.sight_rules}
    gone = dict.fromkeys(rules if all_dropped else ())
    for text in dropped:
        if _spelled(text) not in rules:
            raise UnknownNameError("rule", text, rules.values())
        gone[_spelled(text)] = None
    kept = {spelled: rule for spelled, rule in rules.items() if spelled not in gone}
    asked: dict[str, bool] = {}
    for text in map(str.strip, added):
        find_absent(store.facts, [text])  # which refuses what is not understood
        rule = kept.setdefault(_spelled(text), text)
        asked.setdefault(rule, _spelled(text) not in rules)
    store.set_sight_rules(list(kept.values()))
    return SightChange([rules[spelled] for spelled in gone if spelled not in kept], asked)


def _spelled(text: str) -> tuple[tuple[str, str], ...]:
    """Give what is the same of two expressions that differ in spaces alone."""
    try:
        return tuple((token.kind, token.text) for token in tokenize(composed(text)))
    except ExpressionError:
        return (("text", text),)
