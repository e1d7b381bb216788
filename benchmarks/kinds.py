"""What the kinds that need no training are worth: the tables of docs/kinds.md.

``python -m benchmarks.kinds ../shared/data``

Three tables: how the threshold of ``other`` was chosen, on clothing and grocery, and what it does elsewhere; the ten
classes of clothing, told by a mapping of ImageNet's kinds that goes by what the words mean; and things that people wear
or carry, cut out of the photos of outfits by their masks, among them what no kind covers.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks.recall import folders, grocery
from imgsim.errors import ImageReadError
from imgsim.evaluation.intervals import wilson
from imgsim.features.kinds import THRESHOLD, ImageNetKinds, OfficeKinds
from imgsim.features.measure import measure
from imgsim.images.read import content_digest, read_image
from imgsim.training.classifiers.stratified_split import stratified_split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Extractor, Image
    from imgsim.features.measure import Source

THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4)
SEEDS = range(5)
TEST = 2  # the part of `stratified_split`
# Clothing's classes, by the kinds that mean them; ImageNet has no shirt with buttons.
CLOTHING = {
    "dress": ("abaya", "gown", "kimono"),
    "hat": ("bathing cap", "bearskin", "bonnet", "cowboy hat", "mortarboard", "shower cap", "ski mask", "sombrero"),
    "longsleeve": ("sweatshirt",),
    "outwear": ("cardigan", "cloak", "fur coat", "lab coat", "poncho", "suit", "trench coat"),
    "pants": ("jean", "pajama"),
    "shirt": (),
    "shoes": ("Loafer", "clog", "cowboy boot", "running shoe", "sandal"),
    "shorts": ("swimming trunks",),
    "skirt": ("hoopskirt", "miniskirt", "overskirt", "sarong"),
    "t-shirt": ("jersey",),
}
CATEGORY_OF = {"hat": "hat", "shoes": "shoes"}  # of clothing's classes; the others are clothing
# What is cut out of outfits, by the names of its masks, and the category that is right.
WORN = {
    "bag, purse": (("bag", "purse"), "bag"),
    "wallet": (("wallet",), "wallet"),
    "hat": (("hat",), "hat"),
    "sunglasses, glasses": (("sunglasses", "glasses"), "glasses"),
    "shoes, boots, sandals": (("shoes", "boots", "sandals", "sneakers", "heels"), "shoes"),
    "bracelet, necklace, ring": (("bracelet", "necklace", "ring", "earrings"), "jewellery"),
    "belt": (("belt",), "clothing"),
    "scarf": (("scarf",), "clothing"),
    "coat, jacket, blazer": (("coat", "jacket", "blazer"), "clothing"),
    "dress, skirt": (("dress", "skirt"), "clothing"),
    "pants, jeans": (("pants", "jeans"), "clothing"),
}
LEAST = 24  # pixels of a cut-out's shorter side
MARGIN = 0.2  # of its sides, on each side


class Told(NamedTuple):
    """Photos by name, and their probabilities (N, C)."""

    names: list[str]
    rows: NDArray[np.float32]


class CutOut(NamedTuple):
    """A thing of an outfit: which of `WORN` it is, and its pixels."""

    worn: str
    image: Image


def tell(photos: Sequence[Source], names: Sequence[str], classifier: Extractor) -> Told:
    """Classify the photos that can be read."""
    measured = list(zip(names, measure(photos, [classifier]), strict=True))
    read = [(name, one.features[0]) for name, one in measured if not isinstance(one, ImageReadError)]
    return Told([name for name, _ in read], np.concatenate([row for _, row in read]))


def tell_files(files: Sequence[Path], names: Sequence[str] | None = None) -> Told:
    """Classify files by offices' categories; they are named by their folders unless told."""
    return tell([str(file) for file in files], names or [file.parent.name for file in files], OfficeKinds())


def answers_of(told: Told, threshold: float = THRESHOLD) -> list[str]:
    """Give the likeliest category of each photo, or `other`."""
    labels = OfficeKinds().labels
    best = told.rows[:, :-1].argmax(axis=1)
    unsure = told.rows[np.arange(len(best)), best] < threshold
    return [labels[-1 if no else place] for place, no in zip(best, unsure, strict=True)]


def threshold_table(data: Path) -> Iterator[str]:
    """Write what each threshold does, a line each."""
    garments, wanted = zip(*folders(data / "clothing/photos"), strict=True)
    clothes = tell_files(garments, wanted)
    others = {"grocery": tell_files([path for path, _ in grocery(data / "grocery")])}
    for name in ("textures", "streets", "houses"):
        others[name] = tell_files(sorted((data / name).rglob("*.jpg")))
    yield "| threshold | clothing is named | rightly | " + " | ".join(f"{name} is other" for name in others) + " |"
    yield "|---|" + "---:|" * (2 + len(others))
    for threshold in THRESHOLDS:
        answers = answers_of(clothes, threshold)
        right = np.mean(
            [one == CATEGORY_OF.get(of, "clothing") for one, of in zip(answers, clothes.names, strict=True)]
        )
        named = 1 - answers.count("other") / len(answers)
        left = (answers_of(told, threshold).count("other") / len(told.names) for told in others.values())
        chosen = "**" * (threshold == THRESHOLD)
        yield (
            f"| {chosen}{threshold}{chosen} | {named:.3f} | {right:.3f} | "
            + " | ".join(f"{one:.3f}" for one in left)
            + " |"
        )


def clothing_table(data: Path) -> Iterator[str]:
    """Write how many of clothing's photos are told their class: all, each class, and the test parts of five seeds."""
    files, names = zip(*folders(data / "clothing/photos"), strict=True)
    kinds = ImageNetKinds()
    told = tell([str(file) for file in files], names, kinds)
    classes, codes = np.unique(told.names, return_inverse=True)
    filed = np.zeros((kinds.dim, len(classes)))
    for place, name in enumerate(classes):
        filed[[kinds.labels.index(kind) for kind in CLOTHING[name]], place] = 1
    order = np.argsort(-(told.rows @ filed), axis=1, kind="stable")
    first, third = order[:, 0] == codes, (order[:, :3] == codes[:, None]).any(axis=1)
    yield "| photos of | n | top 1 | 95 % | top 3 | 95 % |"
    yield "|---|---:|---:|---|---:|---|"
    for name, chosen in [("all classes", codes >= 0), *((name, codes == place) for place, name in enumerate(classes))]:
        yield _line(name, first[chosen], third[chosen])
    groups = np.unique([_digest(file) for file in files], return_inverse=True)[1]
    for seed in SEEDS:
        chosen = stratified_split(codes, groups, seed=seed) == TEST
        yield _line(f"the test part of seed {seed}", first[chosen], third[chosen])


def _line(name: str, first: NDArray[np.bool_], third: NDArray[np.bool_]) -> str:
    cells = []
    for right in (first, third):
        figure = wilson(int(right.sum()), len(right))
        cells += [f"{figure.value:.3f}", f"{figure.low:.3f} to {figure.high:.3f}"]
    return f"| {name} | {len(first)} | {' | '.join(cells)} |"


def _digest(file: Path) -> bytes:
    with file.open("rb") as stream:
        return content_digest(stream)


def cut_outs(data: Path) -> Iterator[CutOut]:
    """Cut what people wear out of the photos of outfits, each with a margin; what is small is left out."""
    from scipy.io import loadmat

    names = [str(one[0]) for one in loadmat(str(data / "outfits/label_list.mat"))["label_list"].ravel()]
    for file in sorted((data / "outfits/masks").glob("*.mat")):
        mask = loadmat(str(file))["groundtruth"]
        image = read_image(data / "outfits/photos" / f"{file.stem}.jpg")
        for worn, (parts, _) in WORN.items():
            rows, columns = np.nonzero(np.isin(mask, [names.index(part) for part in parts]))
            if len(rows) and min(np.ptp(rows), np.ptp(columns)) >= LEAST:
                yield CutOut(worn, image[_span(rows, mask.shape[0]), _span(columns, mask.shape[1])])


def _span(places: NDArray[np.intp], length: int) -> slice:
    """Give the stretch that places (n,) take, with a margin."""
    low, high = int(places.min()), int(places.max()) + 1
    margin = round(MARGIN * (high - low))
    return slice(max(0, low - margin), min(length, high + margin))


def cut_out_table(data: Path) -> Iterator[str]:
    """Write what cut-outs are told to be, a line for each kind of thing."""
    found = list(cut_outs(data))
    office = OfficeKinds()
    told = tell([one.image for one in found], [one.worn for one in found], office)
    answers = answers_of(told)
    yield "| thing | n | right is | told so | other | what else |"
    yield "|---|---:|---|---:|---:|---|"
    for worn, (_, right) in WORN.items():
        its = Counter(answer for answer, name in zip(answers, told.names, strict=True) if name == worn)
        wrong = ", ".join(f"{name} {count}" for name, count in its.most_common() if name not in (right, "other"))
        yield f"| {worn} | {its.total()} | {right} | {its[right]} | {its['other']} | {wrong} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    for table in (threshold_table, clothing_table, cut_out_table):
        for line in table(data):
            print(line)
        print()


if __name__ == "__main__":
    main()
