"""What was decided about pairs, held against two sides: which things are closed, which pairs rejected or said."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.index.store.pair_store import CONFIRMED, REJECTED, SAID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Keys
    from imgsim.index.store.pair_store import DecidedPair
    from imgsim.index.store.store import Store


_NONE = np.zeros((0, 2), np.intp)


class Things(NamedTuple):
    """One side's photos by path, their keys (P,), and the thing (P,) that each shows."""

    store: Store
    photos: Keys
    numbers: NDArray[np.intp]

    def with_content(self, digests: Iterable[bytes]) -> dict[bytes, list[int]]:
        """Give the things that photos of some contents show."""
        numbers = dict(zip(self.photos.tolist(), self.numbers.tolist(), strict=True))
        found = self.store.photos_with(digests)
        return {digest: [numbers[key] for key in keys] for digest, keys in found.items()}


class PairMemory(NamedTuple):
    """Which photos of either side (P,) show closed things, and pairs (r, 2) of things: those rejected, those said."""

    closed: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    refused: NDArray[np.intp]
    said: NDArray[np.intp]
    rejected: int = 0  # pairs of photos

    def were_said(self, lost: NDArray[np.intp], found: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Tell of pairs of things, (n,) each, which were said."""
        said: NDArray[np.bool_] = np.isin(self._as_one(lost, found), self._as_one(*self.said.T))
        return said

    def _as_one(self, lost: NDArray[np.intp], found: NDArray[np.intp]) -> NDArray[np.intp]:
        return lost * len(self.closed[1]) + found


def recall(kept: Sequence[DecidedPair], lost: Things, found: Things) -> PairMemory:
    """Hold pairs against two sides; confirmed ones close their things.

    In one index of both sides it does not matter which of the two photos was called lost.
    """
    if not kept:
        return PairMemory((np.zeros(len(lost.photos), bool), np.zeros(len(found.photos), bool)), _NONE, _NONE)
    one = lost.store is found.store
    sought = {pair.lost for pair in kept}, {pair.found for pair in kept}
    ours = lost.with_content(sought[0] | sought[1] if one else sought[0])
    theirs = ours if one else found.with_content(sought[1])
    closed = set[int](), set[int]()
    told: dict[str, set[tuple[int, int]]] = {REJECTED: set(), SAID: set()}
    for pair in kept:
        for digests in (pair[:2], pair[1::-1]) if one else (pair[:2],):
            things = ours.get(digests[0], ()), theirs.get(digests[1], ())
            if pair.state == CONFIRMED:
                closed[0].update(things[0])
                closed[1].update(things[1])
            else:
                told[pair.state].update(product(*things))
    masks = tuple(np.isin(side.numbers, list(numbers)) for side, numbers in zip((lost, found), closed, strict=True))
    refused, said = (np.array(list(told[state]), np.intp).reshape(-1, 2) for state in (REJECTED, SAID))
    rejected = sum(pair.state == REJECTED and pair.lost in ours and pair.found in theirs for pair in kept)
    return PairMemory((masks[0], masks[1]), refused, said, rejected)
