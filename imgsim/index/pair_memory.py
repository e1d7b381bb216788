"""What was decided about pairs, held against two sides: which things are closed, and which pairs are not said."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.index.store import CONFIRMED, REJECTED, SAID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Keys
    from imgsim.index.store import DecidedPair, Store


_NONE = np.zeros((0, 2), np.intp)


class Things(NamedTuple):
    """One side's photos by path, their keys (P,), and the thing (P,) that each shows."""

    store: Store
    photos: Keys
    numbers: NDArray[np.intp]

    def with_content(self, digests: Iterable[bytes]) -> dict[bytes, list[int]]:
        """Give the things that photos of some contents show."""
        places = {key: place for place, key in enumerate(self.photos.tolist())}
        found = self.store.photos_with(digests)
        return {digest: self.numbers[[places[key] for key in keys]].tolist() for digest, keys in found.items()}


class PairMemory(NamedTuple):
    """Which photos of either side (P,) show closed things, and pairs (r, 2) of things that are not to be said."""

    closed: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    refused: NDArray[np.intp]
    rejected: int  # of them


def recall(kept: Sequence[DecidedPair], lost: Things, found: Things, *, new: bool) -> PairMemory:
    """Hold pairs against two sides; rejected ones are not said, and where only what is `new` is wanted, none is.

    In one index of both sides it does not matter which of the two photos was called lost.
    """
    kept = [pair for pair in kept if new or pair.state != SAID]
    if not kept:
        return PairMemory((np.zeros(len(lost.photos), bool), np.zeros(len(found.photos), bool)), _NONE, 0)
    one = lost.store is found.store
    ours, theirs = (side.with_content({content for pair in kept for content in pair[:2]}) for side in (lost, found))
    closed, refused, rejected = (set[int](), set[int]()), set[tuple[int, int]](), set[tuple[int, int]]()
    for pair in kept:
        for digests in (pair[:2], pair[1::-1]) if one else (pair[:2],):
            things = ours.get(digests[0], ()), theirs.get(digests[1], ())
            if pair.state == CONFIRMED:
                closed[0].update(things[0])
                closed[1].update(things[1])
            else:
                (rejected if pair.state == REJECTED else refused).update(product(*things))
    masks = tuple(np.isin(side.numbers, list(numbers)) for side, numbers in zip((lost, found), closed, strict=True))
    pairs = np.array(sorted(refused | rejected), np.intp).reshape(-1, 2)
    return PairMemory((masks[0], masks[1]), pairs, len(rejected))
