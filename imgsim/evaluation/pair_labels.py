"""What people decided about pairs of a lost thing and a found one, as labels; and what follows from it for others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from numpy.typing import NDArray

    Pair = tuple[int, int]


@dataclass(frozen=True)
class PairLabels:
    """Pairs of things, those that are the same first.

    `lost`, `found`, `same`, `decided` (P,); what is not decided was said and passed over. `contradictory` are left out.
    """

    lost: NDArray[np.intp]
    found: NDArray[np.intp]
    same: NDArray[np.bool_]
    decided: NDArray[np.bool_]
    contradictory: tuple[Pair, ...] = ()

    @property
    def confirmed(self) -> int:
        """How many pairs are the same thing."""
        return int(self.same.sum())

    @property
    def rejected(self) -> int:
        """How many pairs are not, as somebody said."""
        return int((self.decided & ~self.same).sum())

    @property
    def passed_over(self) -> int:
        """How many pairs are taken not to be, since a thing of theirs is another's."""
        return int((~self.decided).sum())


def label_pairs(confirmed: Iterable[Pair], rejected: Iterable[Pair], said: Iterable[Pair] = ()) -> PairLabels:
    """Label pairs of things, lost and found, each once; one that is confirmed and rejected counts as neither.

    What was only said is no match where either thing is confirmed to be another's; else nothing is known of it.

    Examples
    --------
    >>> labels = label_pairs([(0, 5)], [(1, 5)], said=[(0, 6), (2, 6), (2, 5)])
    >>> labels.lost.tolist(), labels.found.tolist(), labels.same.tolist()
    ([0, 1, 0, 2], [5, 5, 6, 5], [True, False, False, False])
    """
    yes, no = set(confirmed), set(rejected)
    both = yes & no
    yes, no = yes - both, no - both
    lost, found = {pair[0] for pair in yes}, {pair[1] for pair in yes}
    open_ = set(said) - yes - no - both
    passed = {pair for pair in open_ if pair[0] in lost or pair[1] in found}
    pairs = np.array([*sorted(yes), *sorted(no), *sorted(passed)], np.intp).reshape(-1, 2)
    places = np.arange(len(pairs))
    decided = places < len(yes) + len(no)
    return PairLabels(pairs[:, 0], pairs[:, 1], places < len(yes), decided, tuple(sorted(both)))


def number_things(values: Sequence[Hashable | None], keys: Iterable[Sequence[bytes]]) -> NDArray[np.intp]:
    """Give each photo (P,) the number of the thing that it shows: photos of one value show one, and so do copies.

    Copies have, in any of the lists, the same key; b"" is none. Photos of two values are two things, copies or not.

    Examples
    --------
    >>> number_things([None, "A", None, "A", None, "B"], [[b"k", b"k", b"l", b"", b"l", b"k"]]).tolist()
    [1, 1, 2, 1, 2, 5]
    """
    firsts: dict[Hashable, int] = {}
    numbers = [place if value is None else firsts.setdefault(value, place) for place, value in enumerate(values)]
    named = [value is not None for value in values]
    for listed in keys:
        seen: dict[bytes, int] = {}
        for place in sorted(range(len(listed)), key=lambda place: not named[place]):  # a copy joins what has a value
            if listed[place]:
                first = seen.setdefault(listed[place], place)
                if not named[place]:
                    numbers[place], named[place] = numbers[first], named[first]
    return np.array(numbers, np.intp)
