"""What linear maps learned from grocery's classes find: on other photos, on other classes, on other data sets.

Run by `python -m benchmarks.linear_maps ../shared/data INDEXES [METHOD...]`; INDEXES is a folder for their indexes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.evaluation.intervals import Estimate, bootstrap
from imgsim.evaluation.retrieval import score_ranks
from imgsim.index.index import open_index
from imgsim.index.update import update_index
from imgsim.tables.ground_truth import read_labels
from imgsim.training.embeddings.linear.held_out_classes import cosines, rank_relevant
from imgsim.training.embeddings.linear.linear_methods import METHODS
from imgsim.training.embeddings.linear.linear_model import LinearSettings, find_learnable, learn_map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from imgsim.core import Features

EXTRACTOR = "efficientnet_lite0"
SEEDS = range(5)
OTHERS = ("clothing", "textures")
FIGURES = ("recall@1", "map@r")


class Photos(NamedTuple):
    """Rows of photos, (N, D), and their classes, (N,)."""

    rows: Features
    codes: NDArray[np.intp]

    def take(self, chosen: NDArray[np.bool_]) -> Photos:
        """Take some of them."""
        return Photos(self.rows[chosen], self.codes[chosen])


class Gain(NamedTuple):
    """Figures of each photo that asks, without a map and with one, (Q, 2), and its class, (Q,)."""

    values: NDArray[np.float64]
    codes: NDArray[np.intp]


def read_photos(data: Path, name: str, indexes: Path) -> Photos:
    """Measure a data set, or read its index."""
    folder, place = data / name, indexes / f"{name}.idx"
    update_index(folder, index=place, extractors=[EXTRACTOR])
    labels = f"{folder / 'photos.csv'}:fine" if name == "grocery" else "folders"
    with open_index(place) as index, index.snapshot():
        rows, _ = index.distance([EXTRACTOR]).features()
        return Photos(rows, read_labels(labels, str(folder), index.paths).codes)


def split_photos(codes: NDArray[np.intp], seed: int) -> NDArray[np.bool_]:
    """Mark half of the photos of each class."""
    order = np.random.default_rng(seed).permutation(len(codes))
    places = np.empty(len(codes), np.intp)
    for code in np.unique(codes):
        mine = order[codes[order] == code]
        places[mine] = np.arange(len(mine))
    marked: NDArray[np.bool_] = places % 2 == 0
    return marked


def split_classes(codes: NDArray[np.intp], seed: int) -> NDArray[np.bool_]:
    """Mark the photos of half of the classes."""
    classes = np.random.default_rng(seed).permutation(codes.max() + 1)
    marked: NDArray[np.bool_] = np.isin(codes, classes[: len(classes) // 2])
    return marked


SPLITS: dict[str, Callable[[NDArray[np.intp], int], NDArray[np.bool_]]] = {
    "other photos of the classes": split_photos,
    "other classes": split_classes,
}


def judge(photos: Photos, mapped: NDArray[np.float64]) -> dict[str, Gain]:
    """Let each photo ask for the others, by rows as they are and by mapped ones."""
    scored, asking = [], np.zeros(0, np.intp)
    for rows in (photos.rows.astype(np.float64), mapped):
        found = rank_relevant(-cosines(rows @ rows.T), photos.codes)
        asking = found.photos
        scored.append(score_ranks(found, [1]))
    return {figure: Gain(np.stack([one[figure] for one in scored], axis=1), photos.codes[asking]) for figure in FIGURES}


def trials(sets: dict[str, Photos], method: str) -> Iterator[tuple[str, str, dict[str, Gain]]]:
    """Learn from one half, five times, and judge by the other half and by other data sets."""
    grocery = sets["grocery"]
    for split, choose in SPLITS.items():
        for seed in SEEDS:
            chosen = choose(grocery.codes, seed)
            known = find_learnable(grocery.rows[chosen], grocery.codes[chosen])
            learned = learn_map(known, LinearSettings(method, seed=seed), lambda rows: -cosines(rows @ rows.T)).map
            rest = grocery.take(~chosen)
            yield split, f"grocery, {split}", judge(rest, learned(rest.rows))
            for name in OTHERS:
                yield split, f"{name}, learned from grocery", judge(sets[name], learned(sets[name].rows))


def estimate(gains: list[Gain], what: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Estimate:
    """Average over photos and seeds, with an interval by resampling classes."""
    values = what(np.concatenate([one.values for one in gains]))
    codes = np.unique(np.concatenate([one.codes for one in gains]), return_inverse=True)[1]
    sums = np.stack([np.bincount(codes, values), np.bincount(codes)], axis=1)
    return bootstrap(sums, lambda rows, counts: counts @ rows[:, 0] / (counts @ rows[:, 1]), seed=0)


def main(data: str, indexes: str, methods: list[str]) -> None:
    """Write a row for each method, half, data set and figure."""
    sets = {name: read_photos(Path(data), name, Path(indexes)) for name in ("grocery", *OTHERS)}
    print("| method | judged by | figure | without the map | with it | gain (95 %) |\n|---|---|---|---|---|---|")
    for method in methods:
        gathered: dict[tuple[str, str], list[dict[str, Gain]]] = {}
        for split, judged, gains in trials(sets, method):
            gathered.setdefault((split, judged), []).append(gains)
        for (_, judged), of_seeds in gathered.items():
            for figure in FIGURES:
                gains_of = [one[figure] for one in of_seeds]
                before, after = (
                    estimate(gains_of, part) for part in (lambda both: both[:, 0], lambda both: both[:, 1])
                )
                gain = estimate(gains_of, lambda both: both[:, 1] - both[:, 0])
                print(
                    f"| {method} | {judged} | {figure} | {before.value:.3f} | {after.value:.3f} "
                    f"| {gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f}) |",
                    flush=True,
                )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:] or list(METHODS))
