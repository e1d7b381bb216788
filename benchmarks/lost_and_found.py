"""Matching two sides, against the bare matrix product with argpartition, in chunks; and what it takes of memory."""

from __future__ import annotations

import resource
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.indexes import make_index
from benchmarks.measuring import PYTHON, Figure, interleave, median_ratio, seconds, slowdown
from imgsim.index.index import Index
from imgsim.index.lost_and_found import LostAndFound
from imgsim.metrics import load_metric
from imgsim.search.gallery import Gallery, lay_out
from imgsim.search.ranking import Term
from imgsim.search.two_sides import Side, match_sides

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.measuring import Setting

VALUES, K, CHUNK = 1280, 10, 256
CHUNK_ROWS = 4096  # drawn at a time
KINDS = 20  # of which one fits a lost thing


def match(setting: Setting) -> list[Figure]:
    """Match rows as a network's, without a condition and with one that keeps 5 %; and as two indexes have them."""
    shown = f"match {setting.rows // 50:,} x {setting.rows:,}, {VALUES} values"
    return [*_of_arrays(setting, shown), _of_indexes(setting, shown)]


def _of_arrays(setting: Setting, shown: str) -> list[Figure]:
    lost, found = sides(setting.rows)
    kinds = [np.random.default_rng(seed).integers(0, KINDS, len(side)) for seed, side in enumerate((lost, found))]
    taken = interleave(
        {
            "ours": lambda: seconds(lambda: match_sides(lost, found, K)),
            "plain": lambda: seconds(lambda: _plain(lost.terms[0].gallery.rows, found.terms[0].gallery.rows)),
            "conditioned": lambda: seconds(
                lambda: match_sides(lost, found, K, lambda one, two: kinds[0][one][:, None] == kinds[1][two])
            ),
        },
        max(2, setting.repeats // 2),
    )
    ours, plain, conditioned = (float(np.median(taken[name])) for name in ("ours", "plain", "conditioned"))
    ratio, ratios = median_ratio(taken["ours"], taken["plain"])
    share, shares = median_ratio(taken["conditioned"], taken["ours"])
    bare = "product, argpartition"
    return [
        Figure(shown, f"{ours:.2f} s", bare, f"{plain:.2f} s", ratio, target=1.3, samples=ratios),
        Figure(
            f"{shown}, of one kind", f"{conditioned:.2f} s", "of all", f"{ours:.2f} s", share, target=1, samples=shares
        ),
    ]


def _of_indexes(setting: Setting, shown: str) -> Figure:
    """Match two indexes, from opened ones to what is answered: measured once more from the rows of both stores."""
    from imgsim.features import DEFAULT_EXTRACTOR

    places = [make_index(setting.scratch, DEFAULT_EXTRACTOR, count) for count in (setting.rows // 50, setting.rows)]
    with ExitStack() as stack:
        lost, found = (stack.enter_context(Index.open(place)) for place in places)
        stack.enter_context(lost.snapshot())
        stack.enter_context(found.snapshot())
        rows = [np.array(index.distance().terms()[0].gallery.rows) for index in (lost, found)]

        def ours() -> None:
            sides = LostAndFound((lost, found))
            assert len(sides.matches(K, sides.threshold(None, None))) == K * len(rows[0])

        runs = {"ours": lambda: seconds(ours), "theirs": lambda: seconds(lambda: _plain(*rows))}
        times = interleave(runs, max(2, setting.repeats // 2))
    return slowdown(f"{shown}, of two indexes", "product, argpartition", times, 1.3)


def match_memory(setting: Setting) -> list[Figure]:
    """Match them in a process of its own, the rows mapped as those of an index are: its peak."""
    file = setting.scratch / "rows.npy"
    rng = np.random.default_rng(0)
    rows = np.lib.format.open_memmap(file, "w+", np.float32, (setting.rows, VALUES))
    for start in range(0, len(rows), CHUNK_ROWS):
        features = rng.random((min(CHUNK_ROWS, len(rows) - start), VALUES), np.float32)
        rows[start : start + CHUNK_ROWS] = features / np.linalg.norm(features, axis=1, keepdims=True)
    rows.flush()
    command = [PYTHON, "-m", "benchmarks.lost_and_found", str(file)]
    peak = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    shown = f"match {setting.rows // 50:,} x {setting.rows:,}: peak memory, mapped rows included"
    return [Figure(shown, f"{peak:.2f} GB", "1 GB", "", peak, "GB", target=1)]


def sides(rows: int) -> tuple[Side, Side]:
    """Draw a fiftieth as many lost rows as found ones."""
    rng = np.random.default_rng(0)
    metric = load_metric("cosine").fit()
    drawn = []
    for count in (rows // 50, rows):
        features = rng.random((count, VALUES), np.float32)
        gallery = lay_out(features, metric)
        drawn.append(Side([Term(gallery, metric)], np.arange(count), np.arange(count)))
    return drawn[0], drawn[1]


def _plain(lost: NDArray[np.float32], found: NDArray[np.float32]) -> list[NDArray[np.intp]]:
    chunks = (lost[start : start + CHUNK] for start in range(0, len(lost), CHUNK))
    return [np.argpartition(-(chunk @ found.T), K, axis=1)[:, :K] for chunk in chunks]


def _match_mapped(file: str) -> float:
    """Match rows of a file with a fiftieth of them; give the peak of this process in GB."""
    rows, metric = np.asarray(np.lib.format.open_memmap(file, mode="r")), load_metric("cosine").fit()
    keys, ones = np.arange(len(rows)), np.ones(len(rows), bool)
    term = Term(Gallery(rows, np.ones(len(rows), np.float32), ones, keys, keys, ones), metric)
    match_sides(Side([term], keys[::50], keys[::50]), Side([term], keys, keys), K)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


if __name__ == "__main__":
    sys.stdout.write(f"{_match_mapped(sys.argv[1])}\n")
