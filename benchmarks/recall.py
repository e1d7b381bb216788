"""Recall@1 of every extractor with its default distance, on four data sets, as a Markdown table.

``python -m benchmarks.recall ../shared/data``, or ``-x NAME`` for those named only; ``-x NAME@WEIGHT+NAME@WEIGHT``
fuses several as a query does. ``--enlarged full`` and ``--enlarged reduced`` enlarge every photo four times first and
decode it in full, or at reduced scale as the index does.

Leave one out: every photo asks for its nearest other photo, and is right if that one is of the same class. Photos that
are alone in their class ask nothing, but may be found. Files of equal content are photos like any other: one may find
the other. With ``--weights`` it prints instead what `classic`
finds when one of its parts, which all weigh 1, gets another weight; 0 leaves it out.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import PIL.Image

from imgsim.core import Scale
from imgsim.errors import ImageReadError
from imgsim.features import EXTRACTORS, load_extractor
from imgsim.features.classic import PARTS, Part
from imgsim.features.measure import Step, measure
from imgsim.images.read import read_image
from imgsim.metrics import load_metric, measure_statistics, median_pair_distance
from imgsim.naming import parse_naming, without_weight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from imgsim.core import Features, Image
    from imgsim.features.measure import Source

Labelled = tuple[Path, str]


class Row(NamedTuple):
    """A line of the table: what is measured, by which distance, how, and with what weight beside others."""

    name: str
    metric: str
    extract: Callable[[list[Image]], Features]
    scale: Scale = Scale()
    weight: float = 1.0


@dataclass(frozen=True)
class DataSet:
    """Photos and their classes."""

    name: str
    photos: list[Mapping[Scale, Image]]
    classes: NDArray[np.str_]


def folders(root: Path) -> Iterator[Labelled]:
    """Take the class from the folder's name."""
    yield from ((path, path.parent.name) for path in sorted(root.rglob("*.jpg")))


def grocery(root: Path) -> Iterator[Labelled]:
    """Take the class from the column `fine`."""
    with (root / "photos.csv").open(newline="", encoding="utf-8") as table:
        yield from ((root / "photos" / row["path"], row["fine"]) for row in csv.DictReader(table))


def near_duplicates(root: Path) -> Iterator[Labelled]:
    """Take the scene from the UKBench number that a file's name starts with; any other file is a scene of its own."""
    for path in sorted(root.rglob("*.*")):
        scene = re.match(r"ukbench(\d{5})", path.name)
        yield path, scene[1] if scene else path.name


SETS: dict[str, Callable[[Path], Iterator[Labelled]]] = {
    "clothing/photos": folders,
    "grocery": grocery,
    "textures": folders,
    "neardup": near_duplicates,
}
SCALES = (Scale(), Scale(exact=False))
WEIGHTS = (0, 0.5, 0.7, 1, 1.4, 2)


def load(data: Path, folder: str, source: Callable[[Path], Source]) -> DataSet:
    """Read a data set, less the files that are no photos or damaged."""
    labelled = list(SETS[folder](data / folder))
    steps = {scale: Step(np.asarray, scale) for scale in SCALES}
    outcomes = measure((source(path) for path, _ in labelled), [], steps=steps)
    read = [
        (photo.told, label)
        for photo, (_, label) in zip(outcomes, labelled, strict=True)
        if not isinstance(photo, ImageReadError)
    ]
    return DataSet(folder.partition("/")[0], [images for images, _ in read], np.array([label for _, label in read]))


def as_indexed(path: Path) -> Source:
    """Read a photo as the index does."""
    return path


def enlarged(path: Path, *, reduced: bool) -> Source:
    """Read a photo as if it were four times as large: in full and then brought down, or at reduced scale."""
    try:
        photo = PIL.Image.fromarray(read_image(path))
    except ImageReadError:
        return path  # where it cannot be read again
    buffer = io.BytesIO()
    photo.resize((4 * photo.width, 4 * photo.height), PIL.Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    return buffer.getvalue() if reduced else read_image(buffer.getvalue())


def recall_at_1(distances: NDArray[np.float64], classes: NDArray[np.str_]) -> float:
    """Share of the photos not alone in their class whose nearest other photo is of that class."""
    np.fill_diagonal(distances, np.inf)
    found = classes[distances.argmin(axis=1)] == classes
    accompanied = (classes == classes[:, None]).sum(axis=1) > 1
    return float(found[accompanied].mean())


def rows() -> Iterator[Row]:
    """List the registered extractors as they are, then the parts of classic as they enter it."""
    for name in EXTRACTORS:
        extractor = load_extractor(name)
        yield Row(f"`{name}`", extractor.metric, extractor.extract, extractor.scale)
    for part in PARTS:

        def extract(photos: list[Image], describe: Callable[[Image], NDArray[np.floating]] = part.describe) -> Features:
            return np.array([describe(photo) for photo in photos], np.float32)

        yield Row(f"part `{part.extractor.spec}`", "euclidean", extract)


def named_rows(texts: Iterable[str]) -> Iterator[list[Row]]:
    """List what is asked for by name; extractors joined by + are fused."""
    for text in texts:
        joined = []
        for one in text.split("+"):
            weight, bare = parse_naming(one).weight, without_weight(one)
            extractor = load_extractor(bare)
            joined.append(Row(f"`{one}`", extractor.metric, extractor.extract, extractor.scale, weight or 1.0))
        yield joined


def table(sets: list[DataSet], lines: Iterable[list[Row]]) -> Iterator[str]:
    """Format one line a row: recalls, their mean, values a photo, CPU milliseconds a photo."""
    yield from _lines(
        ["extractor", "distance", *(f"{s.name} ({len(s.photos)})" for s in sets), "mean", "values", "CPU ms"]
    )
    yield "|---|---" + "|---:" * (len(sets) + 3) + "|"
    for fused in lines:
        recalls, seconds, values = [], 0.0, 0
        for each in sets:
            start = time.process_time()
            features = [row.extract([photo[row.scale] for photo in each.photos]) for row in fused]
            seconds += time.process_time() - start
            values = sum(one.shape[1] for one in features)
            recalls.append(recall_at_1(_distances(fused, features), each.classes))
        milliseconds = 1000 * seconds / sum(len(each.photos) for each in sets)
        numbers = [f"{recall:.3f}" for recall in [*recalls, float(np.mean(recalls))]]
        names, metrics = " + ".join(row.name for row in fused), ", ".join(dict.fromkeys(row.metric for row in fused))
        yield from _lines([names, metrics, *numbers, str(values), f"{milliseconds:.1f}"])


def _distances(fused: list[Row], features: list[Features]) -> NDArray[np.float64]:
    """Measure all pairs; several extractors give the weighted mean, each in units of its median pair distance."""
    matrices = []
    for row, one in zip(fused, features, strict=True):
        statistics = measure_statistics(one)
        metric = load_metric(row.metric).fit(statistics)
        matrices.append(metric(one, one) / (median_pair_distance(metric, statistics) if len(fused) > 1 else 1))
    return np.average(matrices, axis=0, weights=[row.weight for row in fused])


def weights(sets: list[DataSet]) -> Iterator[str]:
    """Format one line a part: the mean recall of classic with the part at other weights."""
    squares = [[_squares(part, each) for each in sets] for part in PARTS]
    yield from _lines(["part", *map(str, WEIGHTS)])
    yield "|---" + "|---:" * len(WEIGHTS) + "|"
    for position, part in enumerate(PARTS):
        means = []
        for weight in WEIGHTS:
            factors = [weight**2 if other == position else 1.0 for other in range(len(PARTS))]
            means.append(
                np.mean([_weighted(factors, terms, each) for *terms, each in zip(*squares, sets, strict=True)])
            )
        yield from _lines([f"`{part.extractor.name}`", *(f"{mean:.3f}" for mean in means)])


def _squares(part: Part, data: DataSet) -> NDArray[np.float64]:
    features = np.array([part.describe(photo[Scale()]) for photo in data.photos], np.float32)
    return load_metric("sqeuclidean").fit()(features, features)


def _weighted(factors: list[float], squares: Iterable[NDArray[np.float64]], data: DataSet) -> float:
    total = sum((factor * term for factor, term in zip(factors, squares, strict=True)), np.zeros(()))
    return recall_at_1(total, data.classes)


def _lines(cells: Iterable[str]) -> Iterator[str]:
    yield f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder that holds clothing, grocery, textures and neardup")
    parser.add_argument("--weights", action="store_true", help="how much the weights of classic's parts matter")
    parser.add_argument("-x", action="append", help="only this extractor, or several fused: NAME@WEIGHT+NAME@WEIGHT")
    parser.add_argument("--enlarged", choices=("full", "reduced"), help="enlarge the photos, and decode them so")
    options = parser.parse_args()
    source = partial(enlarged, reduced=options.enlarged == "reduced") if options.enlarged else as_indexed
    sets = [load(options.data, folder, source) for folder in SETS]
    lines = named_rows(options.x) if options.x else ([row] for row in rows())
    for line in weights(sets) if options.weights else table(sets, lines):
        print(line, flush=True)


if __name__ == "__main__":
    main()
