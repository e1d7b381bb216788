"""Pairs of near hashes, against a plain loop over NumPy rows; and what a million take."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.measuring import PYTHON, Figure, seconds
from imgsim.search.bit_pairs import find_bit_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.measuring import Setting

MOST, SAMPLED, MANY = 6, 200, 1_000_000


def duplicates(setting: Setting) -> list[Figure]:
    """Find the pairs within 6 bits; of the plain loop, whose rows all take as long, only some are timed."""
    hashes = _hashes(setting.rows)
    assert _listed(hashes[:2000]) == _plain(hashes[:2000], 2000)
    speedups = []
    for _ in range(max(2, setting.repeats // 2)):
        ours = seconds(lambda: _listed(hashes))
        theirs = seconds(lambda: _plain(hashes, SAMPLED)) * len(hashes) / SAMPLED
        speedups.append(theirs / ours)
    shown = f"{len(hashes):,} phashes, pairs within {MOST} bits"
    value = float(np.median(speedups))
    return [
        Figure(
            shown,
            f"{ours:.2f} s",
            "a plain loop over rows",
            f"{theirs:.0f} s",
            value,
            "times quicker",
            target=20,
            at_least=True,
            samples=speedups,
        )
    ]


def duplicates_memory(setting: Setting) -> list[Figure]:
    """Find them among a million, in a process of its own: its peak."""
    del setting
    command = [PYTHON, "-m", "benchmarks.copying"]
    peak, took = map(float, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    shown = f"{MANY:,} phashes, pairs within {MOST} bits: peak memory"
    return [Figure(shown, f"{peak:.2f} GB", "2 GB", f"in {took:.0f} s", peak, "GB", target=2)]


def _hashes(count: int) -> NDArray[np.uint8]:
    """Draw hashes of which one in a hundred is another's, but for a few bits."""
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 256, (count, 8), np.uint8)
    copies = count // 100
    hashes[:copies] = hashes[-copies:] ^ np.packbits(rng.random((copies, 64)) < MOST / 128, axis=1)
    return hashes


def _listed(hashes: NDArray[np.uint8]) -> list[tuple[int, int]]:
    found = find_bit_pairs(hashes, MOST)
    return sorted(pair for some in found for pair in zip(some.first.tolist(), some.second.tolist(), strict=True))


def _plain(hashes: NDArray[np.uint8], asked: int) -> list[tuple[int, int]]:
    pairs = []
    for place in range(asked):
        near = np.bitwise_count(hashes ^ hashes[place]).sum(axis=1) <= MOST
        pairs += [(place, other) for other in np.flatnonzero(near).tolist() if other > place]
    return sorted(pairs)


if __name__ == "__main__":
    began = time.perf_counter()
    _listed(_hashes(MANY))
    took = time.perf_counter() - began
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9} {took}\n")
