"""Which of many 64-bit hashes differ in few bits, without a matrix of all pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

BITS = 64
CHUNK_PAIRS = 1 << 20  # compared at a time: 8 MB of differences


def pack_hashes(rows: NDArray[np.floating]) -> NDArray[np.uint64]:
    """Write rows of 64 bits, (N, 64) of 0 and 1, as numbers, (N,)."""
    return np.ascontiguousarray(np.packbits(rows > 0, axis=1)).view(np.uint64).ravel()


def near_pairs(hashes: NDArray[np.uint64], within: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find all pairs of hashes that differ in few bits.

    Parameters
    ----------
    hashes : ndarray of uint64, shape (N,)
        Those of a photo each.
    within : int
        Bits that may differ, from 0 to 63.

    Returns
    -------
    tuple of two ndarrays of int, shape (P,)
        The places of both, the lower first; a pair may stand there several times.

    Notes
    -----
    Two hashes that differ in at most ``within`` bits are equal in one of ``within + 1`` bands, so only those that share
    a band are compared [1]_: of hashes at random, one pair in some hundreds. Where all share one, memory stays bounded.

    References
    ----------
    .. [1] Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012.

    Examples
    --------
    >>> near_pairs(np.array([0b0000, 0b1111, 0b0001], np.uint64), 1)
    (array([0]), array([2]))
    """
    edges = np.linspace(0, BITS, within + 2).astype(int)
    firsts, seconds = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)]
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        band = hashes << np.uint64(BITS - high) >> np.uint64(BITS - high + low)
        order = np.argsort(band, kind="stable")
        for alike in np.split(order, np.flatnonzero(np.diff(band[order])) + 1):
            for first, second in _compared(hashes, alike, within):
                firsts.append(first)
                seconds.append(second)
    return np.concatenate(firsts), np.concatenate(seconds)


def _compared(
    hashes: NDArray[np.uint64], places: NDArray[np.intp], within: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Compare some hashes, at ascending places, each with those after it."""
    step = max(1, CHUNK_PAIRS // max(1, len(places)))
    for start in range(0, len(places) - 1, step):
        some, rest = places[start : start + step], places[start:]
        differing = np.bitwise_count(hashes[some][:, None] ^ hashes[rest])
        row, column = np.nonzero(differing <= within)
        later = column > row
        yield some[row[later]], rest[column[later]]
