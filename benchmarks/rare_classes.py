"""What pictures made of rare classes do to a classifier: macro F1, top 1, top 3 and log loss, by each --augment.

Run by `python -m benchmarks.rare_classes ../shared/data RUNS`. Of grocery's coarse classes twelve are made rare: one
has a third of all photos that are learned from, one has two, the others 3 to 30; which is which three seeds draw. Eight
other photos of each class judge, or what there is. EfficientNet-Lite0 sees 160 pixels; its last stage learns, and a
head that begins at random, since one that begins as a regression would hardly be moved.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.evaluation.label_figures import NAMES
from imgsim.images.limits import LIMITS
from imgsim.training.classifiers.class_balance import MEAN, NONE, ORIGINAL
from imgsim.training.classifiers.classifier_recipe import ClassifierRecipe
from imgsim.training.classifiers.classifier_run import begin_classifier
from imgsim.training.classifiers.stratified_split import stratified_split
from imgsim.training.run_folder import RunFolder
from imgsim.training.run_means import ClassedPhotos, Decoder, Means
from imgsim.training.split_file import UNUSED, collect, spell_splits
from imgsim.training.sweep_runs import estimate_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

SIZES = (30, 20, 16, 12, 10, 8, 6, 5, 4, 3, 2)  # photos to learn from, but for the class that has a third of all
JUDGES = 8  # photos of a class
SEEDS = (0, 1, 2)
RECIPE = ClassifierRecipe(
    size=160, views=2, start="random", lr=3e-4, head_lr=10.0, epochs=15, patience=15, least_crop=0.5, batch=32
)


class Table(NamedTuple):
    """Photos by path, and their classes (N,) by number."""

    paths: list[str]
    names: list[str]
    codes: NDArray[np.intp]


def read_table(path: Path) -> Table:
    """Read grocery's coarse classes."""
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    names, codes = np.unique([row["coarse"] for row in rows], return_inverse=True)
    return Table([row["path"] for row in rows], names.tolist(), codes)


def choose_sizes(counts: NDArray[np.intp], rng: np.random.Generator) -> dict[int, int]:
    """Say how many photos of which class are learned from: the largest class has a third of all, others are drawn."""
    largest = int(counts.argmax())
    sizes, left = {largest: sum(SIZES) // 2}, [code for code in range(len(counts)) if code != largest]
    for size in SIZES:
        fit = [code for code in left if counts[code] >= size + JUDGES // 2 and counts[code] >= JUDGES]
        code = int(rng.choice(fit))
        sizes[code] = size
        left.remove(code)
    return sizes


def make_rare(table: Table, seed: int) -> NDArray[np.int8]:
    """Give photos (N,) their parts: those to learn from, of which a tenth validates, and those that judge."""
    rng = np.random.default_rng(seed)
    learned = np.full(len(table.codes), -1, np.intp)
    parts = np.full(len(table.codes), UNUSED, np.int8)
    for code, size in choose_sizes(np.bincount(table.codes), rng).items():
        members = rng.permutation(np.flatnonzero(table.codes == code))
        learned[members[:size]] = code
        parts[members[size : size + JUDGES]] = 2
    dealt = stratified_split(learned, np.arange(len(learned)), seed=seed, test=0)
    return np.where(dealt != UNUSED, dealt, parts).astype(np.int8)


def run(folder: Path, root: str, table: Table, seed: int, augment: str, means: Means) -> dict[str, float]:
    """Train, unless it was done before; give the figures of the photos that judge."""
    place = RunFolder(str(folder / f"{augment}-{seed}"))
    if not Path(place.metrics).exists():
        recipe = ClassifierRecipe.make(RECIPE.as_fields(), {"augment": augment, "seed": seed})
        photos = ClassedPhotos(root, table.paths, table.names, table.codes, splits=str(folder / f"splits-{seed}.csv"))
        begin_classifier(photos, recipe, place, means)
    rows = json.loads(Path(place.metrics).read_bytes())["outcomes"]
    return next(row for row in rows if (row["part"], row["rows"]) == ("test", "network"))


def spell(name: str, ours: Sequence[Mapping[str, float]], plain: Sequence[Mapping[str, float]]) -> str:
    """Write a mean over seeds, and how far it is above what nothing made up came to."""
    values = np.array([one[name] for one in ours])
    if ours is plain:
        return f"{values.mean():.3f}"
    gain = estimate_mean(values - np.array([one[name] for one in plain]))
    return f"{values.mean():.3f} ({gain.value:+.3f}, {gain.low:+.3f} to {gain.high:+.3f})"


def main(data: str, runs: str) -> None:
    """Write a row for each way."""
    root, folder = str(Path(data) / "grocery" / "photos"), Path(runs)
    table = read_table(Path(data) / "grocery" / "photos.csv")
    folder.mkdir(parents=True, exist_ok=True)
    done: dict[str, list[dict[str, float]]] = {NONE: [], MEAN: [], ORIGINAL: []}
    for seed in SEEDS:
        parts = make_rare(table, seed)
        split = collect(table.paths, table.names, table.codes, parts, np.arange(len(parts)))
        (folder / f"splits-{seed}.csv").write_bytes(spell_splits(split))
        used = Table(split.paths, split.names, split.labels.astype(np.intp))
        decoder = Decoder()
        for augment, outcomes in done.items():
            means = Means("cpu", 1, 2 * 10**9, LIMITS, decoder, lambda line: print(line, file=sys.stderr))
            outcomes.append(run(folder, root, used, seed, augment, means))
    print(f"| --augment | {' | '.join(NAMES)} |")
    print("|---|---|---|---|---|")
    for augment, outcomes in done.items():
        print(f"| {augment} | {' | '.join(spell(name, outcomes, done[NONE]) for name in NAMES)} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
