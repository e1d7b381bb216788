"""What is out of sight: the photos for which any of an index's rules holds, each of them an expression."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import ExpressionError, OutOfSightError, UnknownNameError, first_few
from imgsim.paths import composed
from imgsim.where.check import absent_names, check
from imgsim.where.conditions import AnyOf, Compares
from imgsim.where.parse import parse
from imgsim.where.select import holds, select_photos

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Keys
    from imgsim.where.conditions import Condition
    from imgsim.where.facts import FactTable


class Waiting(NamedTuple):
    """Why a rule is passed over; `absent` are attributes that no photo has yet, and the type each is compared as."""

    reason: str
    absent: Mapping[str, str]


class SightRule(NamedTuple):
    """A rule, how many photos it keeps out of sight, and why it is passed over where it is."""

    rule: str
    photos: int
    waiting: Waiting | None


class Sight:
    """What rules keep out of sight; dates count from `now`, which is what the local clock shows, unless given.

    A rule is passed over while it cannot be asked, or names what no photo has yet; `waiting` tells why, by rule.
    """

    def __init__(self, facts: FactTable, rules: Sequence[str], now: datetime | None = None) -> None:
        self.waiting: dict[str, Waiting] = {}
        self._facts, self._rules = facts, rules
        self.asked: dict[str, Condition] = {}
        catalogue, now = facts.types() if rules else {}, now or datetime.now()
        for rule in rules:
            asked = _asked(composed(rule), catalogue, now)
            if isinstance(asked, Waiting):
                self.waiting[rule] = asked
            else:
                self.asked[rule] = asked

    def visible(self, photos: Keys) -> NDArray[np.bool_]:
        """Tell which photos (N,) are in sight: (N,)."""
        return ~holds(self._facts, AnyOf(tuple(self.asked.values())), photos)

    def select(self, where: Sequence[str], photos: Keys) -> NDArray[np.bool_] | None:
        """Tell which photos (N,) are in sight and keep to all expressions: (N,), or None where all do unasked."""
        chosen = select_photos(self._facts, where, photos) if where else None
        if not self.asked:
            return chosen
        visible = self.visible(photos)
        return visible if chosen is None else visible & chosen

    def counted(self, photos: Keys) -> list[SightRule]:
        """Say of each rule how many of some photos it keeps out of sight."""
        counts = {rule: int(np.count_nonzero(holds(self._facts, asked, photos))) for rule, asked in self.asked.items()}
        return [SightRule(rule, counts.get(rule, 0), self.waiting.get(rule)) for rule in self._rules]

    def count_unseen(self, where: Sequence[str], photos: Keys) -> int:
        """Count those of some photos that keep to all expressions and are out of sight."""
        if not self.asked:
            return 0
        return int(np.count_nonzero(~self.visible(photos) & select_photos(self._facts, where, photos)))

    def explain_nothing(self, where: Sequence[str], photos: Keys) -> OutOfSightError | None:
        """Say that all photos that keep to some expressions are out of sight; None where none does, or some are not."""
        fitting = photos[select_photos(self._facts, where, photos)]
        if not len(fitting) or self.visible(fitting).any():
            return None
        kept = f"{len(fitting)} photos are" if len(fitting) > 1 else "1 photo is"
        rules = [one.rule for one in self.counted(fitting) if one.photos]
        fits = " that fits" if where else ""
        return OutOfSightError(
            f"nothing{fits} is in sight: {kept} kept out of it by {first_few(rules)}", remedy="lift-rules"
        )


def _asked(text: str, catalogue: Mapping[str, Collection[str]], now: datetime) -> Condition | Waiting:
    """Make a rule ready to be asked, or say why it cannot be at the moment."""
    try:
        tree = parse(text, now)
        condition = check(tree, text, catalogue)
    except (ExpressionError, UnknownNameError) as error:
        return Waiting(str(error), {})
    absent: dict[str, str] = {}
    for leaf in absent_names(tree, catalogue):
        absent[leaf.name] = absent.get(leaf.name) or (leaf.type if isinstance(leaf, Compares) else "")
    if absent:  # or else not returned = true would keep all out of sight on the first day
        return Waiting(f"no photo has an attribute {first_few(list(absent))} yet", absent)
    return condition
