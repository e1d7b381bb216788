"""Copies of a photo as one group: those of the same content, and those that were saved again or made smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.search.bit_pairs import NEAR_COPIES, find_bit_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

BITS = 64
PLAIN = 8  # bits that must be set, and not be: a plain wall and a plain sky have none


def group_copies(
    keys: Iterable[Sequence[bytes]], hashes: NDArray[np.floating], hashed: NDArray[np.bool_], among: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Give some photos (N,) the numbers of their groups: copies, and copies of copies, have one number.

    Copies have a key in common, b"" being none, or hashes (N, 64), where they are `hashed`, that differ in few bits.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(among)
    links = [_equal(listed, among) for listed in keys]
    set_bits = (hashes > 0).sum(axis=1)
    telling = np.flatnonzero(among & hashed & (set_bits >= PLAIN) & (set_bits <= BITS - PLAIN))
    packed = np.packbits(hashes[telling] > 0, axis=1)
    different, place = np.unique(packed.view(np.uint64).ravel(), return_inverse=True)
    first = np.zeros(len(different), np.intp)
    first[place[::-1]] = telling[::-1]
    links.append((telling, first[place]))
    near = find_bit_pairs(different.view(np.uint8).reshape(-1, BITS // 8), NEAR_COPIES)
    links += [(first[pairs.first], first[pairs.second]) for pairs in near]
    ends = [np.concatenate(end) for end in zip(*links, strict=True)]
    graph = coo_array((np.ones(len(ends[0]), bool), tuple(ends)), shape=(count, count))
    groups: NDArray[np.intp] = connected_components(graph, directed=False)[1].astype(np.intp)
    return groups


def _equal(keys: Sequence[bytes], among: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Link each of some photos that has a key with the first that has it."""
    first: dict[bytes, int] = {}
    having = [place for place in np.flatnonzero(among).tolist() if keys[place]]
    return np.array(having, np.intp), np.array([first.setdefault(keys[place], place) for place in having], np.intp)


def mark_repeated(groups: NDArray[np.intp], among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark those of some photos (N,) that are not the first of their group.

    Examples
    --------
    >>> mark_repeated(np.array([0, 1, 0, 0]), np.array([False, True, True, True])).tolist()
    [False, False, False, True]
    """
    places = np.flatnonzero(among)
    marked = among.copy()
    marked[places[np.unique(groups[places], return_index=True)[1]]] = False
    return marked


def torn_groups(groups: NDArray[np.intp], codes: NDArray[np.intp]) -> Iterator[list[int]]:
    """Give the groups of labelled photos (N,) that are of several classes, as places of photos."""
    labelled = np.flatnonzero(codes >= 0)
    order = labelled[np.argsort(groups[labelled], kind="stable")]
    for places in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        if len(np.unique(codes[places])) > 1:
            yield places.tolist()


def describe_groups(repeated: NDArray[np.bool_], exact: NDArray[np.bool_]) -> str:
    """Say how many photos count as one with others, and how many of them are not the same to the last bit."""
    count, near = int(repeated.sum()), int((repeated & ~exact).sum())
    if not count:
        return ""
    are = "photo is a copy of another" if count == 1 else "photos are copies of others"
    counts = "counts" if count == 1 else "count"
    by_phash = f"{near} by phash, within {NEAR_COPIES} of {BITS} bits"
    return f"{count} {are} ({by_phash}) and {counts} as one with the first by path"
