"""Retrieval figures of a large labelled gallery, leave one out, against the bare matrix product; what memory it takes.

The gallery is of the size of the Stanford Online Products test set: 60,000 photos, 5.3 a class, 512 values each. Its
features are made up: a random direction for every class, and as much noise as leaves a recall@1 of 0.79, which is what
networks trained on such photos reach.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.measuring import PYTHON, Figure, interleave, seconds, slowdown
from benchmarks.memory import peak_memory
from imgsim.evaluation.retrieval import score_retrieval
from imgsim.metrics import load_metric
from imgsim.search.gallery import lay_out
from imgsim.search.ranking import Term

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.measuring import Setting

DIM = 512
PHOTOS_A_CLASS = 5.3
NOISE = 2.2  # its deviation, where that of the classes' directions is 1
QUERIES = 512  # multiplied at a time by the bare product, which more would not make quicker
GIGABYTE = 1000  # MB


def judge(setting: Setting) -> list[Figure]:
    """Score retrieval by cosine, leave one out."""
    term, labels = labelled_gallery(setting.judged)
    rows = term.gallery.rows
    runs = {
        "ours": lambda: seconds(lambda: score_retrieval([term], labels)),
        "theirs": lambda: seconds(lambda: _multiply(rows)),
    }
    times = interleave(runs, max(2, setting.repeats // 2), warm_up=False)
    name = "retrieval figures of {:,} x {} by cosine".format(*rows.shape)
    return [slowdown(name, f"matrix product, {QUERIES} queries at a time", times, 2)]


def judge_memory(setting: Setting) -> list[Figure]:
    """Do so in a process of its own, which makes the features too: its peak."""
    peak = peak_memory([PYTHON, "-m", "benchmarks.judging", str(setting.judged)], "VmHWM") / 1e6
    size = setting.judged * DIM * 4 / 1e6
    name = f"retrieval figures of {setting.judged:,} x {DIM}: peak memory"
    return [Figure(name, f"{peak:.0f} MB", "the features alone", f"{size:.0f} MB", peak, "MB", target=GIGABYTE)]


def labelled_gallery(count: int) -> tuple[Term, NDArray[np.intp]]:
    """Make a gallery of some 5.3 photos a class, and their labels."""
    rng = np.random.default_rng(0)
    labels = rng.integers(int(count / PHOTOS_A_CLASS), size=count)
    features = rng.standard_normal((labels.max() + 1, DIM), dtype=np.float32)[labels]
    features += np.float32(NOISE) * rng.standard_normal((count, DIM), dtype=np.float32)
    metric = load_metric("cosine").fit()
    return Term(lay_out(features, metric), metric), labels


def _multiply(rows: NDArray[np.float32]) -> None:
    for start in range(0, len(rows), QUERIES):
        rows[start : start + QUERIES] @ rows.T


if __name__ == "__main__":
    made, classes = labelled_gallery(int(sys.argv[1]))
    for figure, values in score_retrieval([made], classes).values.items():
        print(f"{figure}\t{values.mean():.3f}")
