"""All pairs of packed bits within a number of differing bits, without a matrix of all pairs.

Exact multi-index hashing: of m pieces of 16 bits, rows that differ in at most r bits have one that differs in at most
r // m of them; so the rows that agree with a row in a piece, or nearly, are all that have to be compared with it.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

NEAR_COPIES = 6  # bits of phash's 64 that differ between copies: docs/duplicates.md says from which numbers
PIECE = 16  # bits
BATCH = 1 << 20  # pairs that are compared at a time
PROBE, CANDIDATE, SCANNED = 5.0, 10.0, 1.5  # ns, measured: a look-up, a pair found by one, a pair of the plain scan


class Places(NamedTuple):
    """Pairs of rows, (P,) each: `first` before `second`, and how many bits they differ in."""

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    bits: NDArray[np.int64]


def find_bit_pairs(rows: NDArray[np.uint8], most: int) -> Iterator[Places]:
    """Find the pairs of rows that differ in at most so many bits.

    Parameters
    ----------
    rows : ndarray of uint8, shape (N, B)
        Bits, eight to a byte.
    most : int
        Differing bits.

    Returns
    -------
    iterator of Places
        Each pair once, batch by batch, in any order.

    Notes
    -----
    Exact: where probing would take longer than comparing all pairs, those are compared, block by block.

    References
    ----------
    Norouzi, Punjani and Fleet, "Fast exact search in Hamming space with multi-index hashing", PAMI 2014, section 3.
    """
    if len(rows) < 2 or most < 0 or not rows.shape[1]:
        return iter(())
    padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 8)))
    words = np.ascontiguousarray(padded).view(np.uint64)
    pieces = np.ascontiguousarray(padded).view(np.uint16)[:, : -(-rows.shape[1] // 2)]
    nearby = min(most // pieces.shape[1], PIECE)
    probes = pieces.shape[1] * sum(1 for _ in _masks(nearby))
    expected = len(rows) / 2 ** (PIECE + 1)
    if probes * (PROBE + CANDIDATE * expected) < SCANNED * len(rows) / 2:
        return _by_pieces(words, pieces, most, nearby)
    return _by_scan(words, most)


def _masks(nearby: int) -> Iterator[int]:
    """Give every piece with at most so many bits set, 0 first."""
    for count in range(nearby + 1):
        for places in combinations(range(PIECE), count):
            yield sum(1 << place for place in places)


def _differing(words: NDArray[np.uint64], first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.int64]:
    counts: NDArray[np.int64] = np.bitwise_count(words[first] ^ words[second]).sum(axis=1, dtype=np.int64)
    return counts


def _by_pieces(words: NDArray[np.uint64], pieces: NDArray[np.uint16], most: int, nearby: int) -> Iterator[Places]:
    for place in range(pieces.shape[1]):
        order = np.argsort(pieces[:, place], kind="stable")
        keys = pieces[order, place]
        starts = np.searchsorted(keys, np.arange(2**PIECE + 1))
        ends = starts[1:]
        for mask in _masks(nearby):
            there = keys ^ np.uint16(mask)
            # One order of each pair: a later row of the same key, or the larger key.
            low = np.arange(1, len(keys) + 1) if mask == 0 else starts[there]
            counts = np.where((there > keys) | (mask == 0), ends[there] - low, 0)
            for left, right in _expand(low, counts):
                first, second = order[left], order[right]
                bits = _differing(words, first, second)
                near = bits <= most
                first, second, bits = first[near], second[near], bits[near]
                before = np.bitwise_count(pieces[first, :place] ^ pieces[second, :place])
                new = ~(before <= nearby).any(axis=1)  # an earlier piece has told of the others
                yield _placed(first[new], second[new], bits[new])


def _expand(low: NDArray[np.intp], counts: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Pair each place with the `counts` places from `low` on: at most a batch, or one place's pairs, at a time."""
    some = np.flatnonzero(counts)
    totals = np.cumsum(counts[some])
    done = 0
    while done < len(some):
        before = totals[done - 1] if done else 0
        end = max(done + 1, int(np.searchsorted(totals, before + BATCH, side="right")))
        chosen = some[done:end]
        size = counts[chosen]
        offsets = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        yield np.repeat(chosen, size), np.repeat(low[chosen], size) + offsets
        done = end


def _by_scan(words: NDArray[np.uint64], most: int) -> Iterator[Places]:
    """Compare every row with those after it, block by block; both fit the processor's cache."""
    step = 1 << 11
    for start in range(0, len(words), 64):
        own = words[start : start + 64]
        for begin in range(start + 1, len(words), step):
            others = words[begin : begin + step]
            bits = np.zeros((len(own), len(others)), np.uint16)
            for word in range(words.shape[1]):
                bits += np.bitwise_count(own[:, word, None] ^ others[:, word])
            left, right = np.nonzero(bits <= most)
            first, second = left + start, right + begin
            later = second > first
            if later.any():
                yield _placed(first[later], second[later], bits[left, right][later].astype(np.int64))


def _placed(first: NDArray[np.intp], second: NDArray[np.intp], bits: NDArray[np.int64]) -> Places:
    return Places(np.minimum(first, second).astype(np.int32), np.maximum(first, second).astype(np.int32), bits)
