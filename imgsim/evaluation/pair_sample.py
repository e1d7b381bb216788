"""Pairs of photos to judge a distance by: as many of the same class as of different classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import ImgsimError
from imgsim.search.ranking import distances_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from imgsim.search.ranking import Term

    Indices = NDArray[np.intp]

MOST_PAIRS = 100_000


@dataclass(frozen=True)
class Pairs:
    """Pairs of photos, by their places.

    `first`, `second` (P,), `same` (P,).
    """

    first: Indices
    second: Indices
    same: NDArray[np.bool_]


def sample_pairs(labels: ArrayLike, *, seed: int, most: int = MOST_PAIRS) -> Pairs:
    """Draw pairs without replacement, half of them of the same class.

    `labels` (N,).
    """
    codes = np.unique(np.asarray(labels), return_inverse=True)[1]
    order, sizes = np.argsort(codes, kind="stable"), np.bincount(codes)
    starts = np.cumsum(sizes) - sizes
    alike, unlike = sizes * (sizes - 1) // 2, sizes * starts  # pairs within a class, and of it with those before
    if len(sizes) < 2:
        raise ImgsimError("pairs need two classes: give photos of another one, or other labels")
    if not alike.any():
        raise ImgsimError("pairs need a class with two photos: no two photos have the same label")
    rng = np.random.default_rng(seed)
    count = min(max(most // 2, 1), alike.sum(), unlike.sum())
    where, rest = _draw(alike, count, rng)
    later = ((1 + np.sqrt(1 + 8 * rest.astype(np.float64))) / 2).astype(np.intp)  # pair number b (b - 1) / 2 + a, a < b
    later -= later * (later - 1) // 2 > rest
    same = starts[where] + later, starts[where] + rest - later * (later - 1) // 2
    where, rest = _draw(unlike, count, rng)
    different = starts[where] + rest // np.maximum(starts[where], 1), rest % np.maximum(starts[where], 1)
    first, second = (order[np.concatenate(both)] for both in zip(same, different, strict=True))
    return Pairs(first, second, np.arange(2 * count) < count)


def _draw(numbers: Indices, count: int, rng: np.random.Generator) -> tuple[Indices, Indices]:
    """Draw from classes that have these numbers of pairs: the class of each drawn pair, and its number there."""
    ends = np.cumsum(numbers)
    drawn = np.sort(rng.choice(ends[-1], count, replace=False, shuffle=False))
    where = np.searchsorted(ends, drawn, side="right")
    return where, drawn - (ends - numbers)[where]


def pair_distances(terms: Sequence[Term], first: Indices, second: Indices) -> NDArray[np.float64]:
    """Measure the distance of each pair, as a query by its first photo would.

    `first`, `second` (P,); gives (P,).
    """
    distances = np.empty(len(first))
    order = np.argsort(first, kind="stable")
    for places in np.split(order, np.flatnonzero(np.diff(first[order])) + 1) if len(first) else []:
        views = [term.gallery.rows[first[places[:1]]] for term in terms]
        distances[places] = distances_to(terms, views, second[places])
    return distances
