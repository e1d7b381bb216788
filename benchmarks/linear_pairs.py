"""What a map learned from a few confirmed pairs finds among photos of other things, with rejected pairs and without.

Run by `python -m benchmarks.linear_pairs ../shared/data INDEXES`. The 81 goods of grocery are dealt by five seeds: of
some, two photos each are a confirmed pair; of 15 others a photo each was handed in, and what of these is as near to a
pair's first photo as its second one is rejected, the nearest three at most; the remaining goods judge the map.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.linear_maps import FIGURES, SEEDS, Gain, Photos, estimate, judge, read_photos
from imgsim.training.embeddings.linear.held_out_classes import Beside, cosines
from imgsim.training.embeddings.linear.linear_model import LinearSettings, find_learnable, learn_map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PAIRS = (5, 10, 20, 40)
OTHERS = 15
MOST = 3  # rejections of a thing


def reject(pairs: NDArray[np.float64], others: NDArray[np.float64]) -> Beside:
    """Reject, of others (O, D), what is nearer to the first photo of each pair, (2 P, D), than its second is."""
    count = len(pairs) // 2
    near = cosines(np.concatenate([pairs, others]) @ np.concatenate([pairs, others]).T)
    of = [
        (other, thing)
        for thing in range(count)
        for other in np.argsort(-near[2 * thing, 2 * count :])[:MOST].tolist()
        if near[2 * thing, 2 * count + other] > near[2 * thing, 2 * thing + 1]
    ]
    return Beside(others, np.array(of, np.intp).reshape(-1, 2))


def trial(photos: Photos, pairs: int, seed: int) -> tuple[dict[str, Gain], dict[str, Gain]]:
    """Learn from so many pairs, without rejections and with them, and judge by other things."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(photos.codes.max() + 1)
    shuffled = rng.permutation(len(photos.codes))
    of = {code: shuffled[photos.codes[shuffled] == code] for code in order.tolist()}
    chosen = np.concatenate([of[code][:2] for code in order[:pairs].tolist()])
    others = np.array([of[code][0] for code in order[pairs : pairs + OTHERS].tolist()])
    rest = photos.take(np.isin(photos.codes, order[max(PAIRS) + OTHERS :]))
    rows = photos.rows.astype(np.float64)
    beside = reject(rows[chosen], rows[others])
    codes = np.repeat(np.arange(pairs), 2)
    judged = []
    for one in (None, beside):
        known = find_learnable(photos.rows[chosen], codes, one)
        learned = learn_map(known, LinearSettings(seed=seed, scale=False), lambda some: -cosines(some @ some.T))
        judged.append(judge(rest, learned.map(rest.rows)))
    return judged[0], judged[1]


def main(data: str, indexes: str) -> None:
    """Write a row for each number of pairs, with rejections and without, and figure."""
    photos = read_photos(Path(data), "grocery", Path(indexes))
    print("| confirmed pairs | rejected ones | figure | without the map | with it | gain (95 %) |")
    print("|---|---|---|---|---|---|")
    for pairs in PAIRS:
        trials = [trial(photos, pairs, seed) for seed in SEEDS]
        for name, judged in zip(("left out", "taken"), zip(*trials, strict=True), strict=True):
            for figure in FIGURES:
                write(f"| {pairs} | {name} | {figure}", [one[figure] for one in judged])


def write(begun: str, gains: Sequence[Gain]) -> None:
    """Write a figure with its gain."""
    before, after = (estimate(list(gains), part) for part in (lambda both: both[:, 0], lambda both: both[:, 1]))
    gain = estimate(list(gains), lambda both: both[:, 1] - both[:, 0])
    told = f"{gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})"
    print(f"{begun} | {before.value:.3f} | {after.value:.3f} | {told} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
