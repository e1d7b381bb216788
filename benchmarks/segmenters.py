"""What segmenters find on photos whose pixels are labelled, and what cutting out does for finding look-alikes.

``python -m benchmarks.segmenters ../shared/data`` prints tables in Markdown: the overlap (intersection over
union) of each segmenter with the masks of data/outfits, of the whole person and of what is worn; that of GrabCut by
size and rounds; recall@1 on data/clothing, leave one out, with what is behind each thing left and replaced; and how
often a garment of data/outfits, by its mask, finds one of its kind there. Intervals are of 95 %; differences from the
photos as they are have one too, of the same queries. ``--only`` prints one of them.
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.evaluation.comparison import compare
from imgsim.evaluation.intervals import bootstrap, weighted_mean, wilson
from imgsim.features import DEFAULT_EXTRACTOR, load_extractor
from imgsim.images.opencv import cv2
from imgsim.images.read import FULL_SCALE, read_scales
from imgsim.metrics import load_metric
from imgsim.segment.base_segmenter import PhotoFile
from imgsim.segment.cut_parts import BACKGROUNDS, cut_out, find_parts
from imgsim.segment.dnn import DnnSegmenter
from imgsim.segment.grabcut import GrabCut
from imgsim.segment.label_maps import enlarge
from imgsim.segment.mask_files import MaskFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from imgsim.core import Features, Image, Scale
    from imgsim.segment.base_segmenter import Segmenter

BODY = ("skin", "hair")  # of a person, what is not worn
SIZES, ITERATIONS = (96, 128, 160, 192, 224, 256, 320), (1, 2, 3, 5)
RECTANGLES = {"rectangle, 5 % inside the border": (0.05, 0.05), "upright rectangle, the middle 60 %": (0.2, 0.0)}
# The kind of data/clothing that a garment of data/outfits is of.
KINDS = {
    **dict.fromkeys(("coat", "jacket", "blazer"), "outwear"),
    **dict.fromkeys(("pants", "jeans", "leggings"), "pants"),
    **dict.fromkeys(("shoes", "boots", "heels", "sneakers", "sandals"), "shoes"),
    **dict.fromkeys(("shirt", "blouse"), "shirt"),
    **{kind: kind for kind in ("dress", "hat", "skirt", "t-shirt", "shorts")},
}
PERSON = Path("weights", "segmentation", "selfie_segmentation.tflite")


class Labelled(NamedTuple):
    """A photo at the scales of segmenters, and which of its pixels show the person, and what is worn."""

    images: Mapping[Scale, Image]
    person: NDArray[np.bool_]
    worn: NDArray[np.bool_]


def outfits(data: Path, scales: set[Scale]) -> list[Labelled]:
    """Read the photos whose pixels are labelled."""
    folder = data / "outfits"
    masks = MaskFiles(str(folder / "masks"))
    body = [masks.names.index(name) for name in BODY]
    read = []
    for path in sorted((folder / "photos").glob("*.jpg")):
        images = dict(read_scales(path, {FULL_SCALE, *scales}))
        labels = masks.segment(images.pop(FULL_SCALE), PhotoFile(str(path)))
        read.append(Labelled(images, labels > 0, (labels > 0) & ~np.isin(labels, body)))
    return read


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Intersection over union of two masks (H, W)."""
    return float((one & other).sum() / max(int((one | other).sum()), 1))


def from_rectangle(inset: tuple[float, float]) -> Callable[[Labelled], NDArray[np.bool_]]:
    """Cut by GrabCut as it is mostly begun: from a rectangle, at 320 px, with five rounds."""

    def find(photo: Labelled) -> NDArray[np.bool_]:
        image = photo.images[GrabCut.scale]
        scale = 320 / max(image.shape)
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        height, width = small.shape[:2]
        across, down = inset
        left, top = int(across * width), int(down * height)
        marks = np.zeros((height, width), np.uint8)
        marks[top : height - top, left : width - left] = cv2.GC_PR_FGD
        cv2.setRNGSeed(0)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(small, marks, None, *models, 5, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
        return enlarge((marks & 1).astype(np.uint8), photo.person.shape) > 0

    return find


def by(segmenter: Segmenter) -> Callable[[Labelled], NDArray[np.bool_]]:
    """Take all that a segmenter finds."""

    def find(photo: Labelled) -> NDArray[np.bool_]:
        labels = segmenter.segment(photo.images[segmenter.scale])
        return enlarge(labels, photo.person.shape) > 0

    return find


def overlaps(data: Path) -> Iterator[str]:
    """Give a line a segmenter: its overlap with people, and with what they wear, and its time."""
    with TemporaryDirectory() as scratch:
        segmenters: dict[str, Segmenter] = {
            "`grabcut`": GrabCut(),
            "`grabcut:seed=saliency`": GrabCut(seed="saliency"),
        }
        if (model := data.parent / PERSON).exists():
            described = Path(scratch, "person.json")
            described.write_text(json.dumps({"model": str(model.resolve()), "size": 256, "labels": ["person"]}))
            segmenters["`dnn`, the person model at 256 px"] = DnnSegmenter(str(described))
        photos = outfits(data, {GrabCut.scale, *(one.scale for one in segmenters.values())})
        finders = {f"GrabCut from a {name}, 320 px, 5 rounds": from_rectangle(box) for name, box in RECTANGLES.items()}
        finders |= {name: by(segmenter) for name, segmenter in segmenters.items()}
        finders |= {"the whole photo": lambda photo: np.ones_like(photo.person)}
        yield f"| segmenter | person ({len(photos)} photos) | worn | ms |"
        yield "|---|---|---|---:|"
        for name, find in finders.items():
            found, milliseconds = timed(find, photos)
            person = [overlap(one, photo.person) for one, photo in zip(found, photos, strict=True)]
            worn = [overlap(one, photo.worn) for one, photo in zip(found, photos, strict=True)]
            yield f"| {name} | {with_interval(person)} | {with_interval(worn)} | {milliseconds:.0f} |"


def sizes(data: Path) -> Iterator[str]:
    """Give a line a size of GrabCut's, with a cell for each number of rounds."""
    photos = outfits(data, {GrabCut.scale})
    heads = [f"{rounds} round{'s' * (rounds > 1)}" for rounds in ITERATIONS]
    yield f"| px | {' | '.join(heads)} |"
    yield "|---:|" + "---|" * len(ITERATIONS)
    cells: dict[tuple[int, int], str] = {}
    for size, rounds in product(SIZES, ITERATIONS):
        found, milliseconds = timed(by(GrabCut(size=size, iterations=rounds)), photos)
        mean = np.mean([overlap(one, photo.person) for one, photo in zip(found, photos, strict=True)])
        cells[size, rounds] = f"{mean:.3f}, {milliseconds:.0f} ms"
        if rounds == ITERATIONS[-1]:
            yield f"| {size} | {' | '.join(cells[size, one] for one in ITERATIONS)} |"


def recalls(data: Path) -> Iterator[str]:
    """Give a line for each way to cut out: recall@1, and how much it is above that of whole photos."""
    paths = sorted((data / "clothing" / "photos").glob("*/*.jpg"))
    classes = np.array([path.parent.name for path in paths])
    extractor, segmenter = load_extractor(DEFAULT_EXTRACTOR), GrabCut()
    read = [read_scales(path, {extractor.scale, segmenter.scale}) for path in paths]
    masks = [segmenter.segment(images[segmenter.scale]) for images in read]
    photos = [images[extractor.scale] for images in read]
    metric = load_metric(extractor.metric).fit()

    def right(seen: list[Image]) -> NDArray[np.float64]:
        rows = np.concatenate([extractor.extract([image]) for image in seen])
        distances = metric(rows, rows)
        np.fill_diagonal(distances, np.inf)
        return np.array(classes[distances.argmin(axis=1)] == classes, np.float64)

    whole = right(photos)
    yield f"| what is seen of {len(paths)} photos | recall@1 | above the photos as they are |"
    yield "|---|---|---|"
    yield f"| the photos as they are | {with_share(whole)} | |"
    for crop, background in product((False, True), BACKGROUNDS):
        seen = [
            cut_out(photo, enlarge(mask, photo.shape[:2]) > 0, background, crop=crop)
            for photo, mask in zip(photos, masks, strict=True)
        ]
        told = compare(hits := right(seen), whole, seed=0)
        name = f"`--background {background} --{'' if crop else 'no-'}crop`"
        above = told.difference
        yield f"| {name} | {with_share(hits)} | {above.value:+.3f} ({above.low:+.3f} to {above.high:+.3f}) |"


def streets(data: Path) -> Iterator[str]:
    """Give a line for each way to cut out: how often a garment of a street photo finds one of its kind."""
    paths = sorted((data / "clothing" / "photos").glob("*/*.jpg"))
    classes = np.array([path.parent.name for path in paths])
    extractor, segmenter, masks = (
        load_extractor(DEFAULT_EXTRACTOR),
        GrabCut(),
        MaskFiles(str(data / "outfits" / "masks")),
    )
    metric = load_metric(extractor.metric).fit()
    worn, kinds = [], []
    for path in sorted((data / "outfits" / "photos").glob("*.jpg")):
        images = read_scales(path, {FULL_SCALE, extractor.scale})
        labels = masks.segment(images[FULL_SCALE], PhotoFile(str(path)))
        for part in find_parts(labels, masks.names, [(name,) for name in KINDS]):
            worn.append((images[extractor.scale], part.mask))
            kinds.append(KINDS[part.name])
    read = [read_scales(path, {extractor.scale, segmenter.scale}) for path in paths]
    shelf = [(images[extractor.scale], segmenter.segment(images[segmenter.scale]) > 0) for images in read]

    def rows(seen: list[Image]) -> Features:
        return np.concatenate([extractor.extract([image]) for image in seen])

    def right(asked: Features, found: Features) -> NDArray[np.float64]:
        return np.array(classes[metric(asked, found).argmin(axis=1)] == kinds, np.float64)

    plain = rows([image for image, _ in shelf])
    whole = right(rows([image for image, _ in worn]), plain)
    yield f"| what is seen of {len(worn)} garments in streets | against {len(shelf)} whole photos | cut out alike |"
    yield "|---|---|---|"
    yield f"| the whole photo | {with_share(whole)} | |"
    for crop, background in product((False, True), BACKGROUNDS):
        asked, found = (
            rows([cut_out(one, sized(mask, one), background, crop=crop) for one, mask in some])
            for some in (worn, shelf)
        )
        name = f"`--background {background} --{'' if crop else 'no-'}crop`"
        yield f"| {name} | {with_share(right(asked, plain))} | {with_share(right(asked, found))} |"


def sized(mask: NDArray[np.bool_], image: Image) -> NDArray[np.bool_]:
    """Bring a mask (H, W) to the size of an image."""
    return enlarge(mask.astype(np.uint8), image.shape[:2]) > 0


def timed(
    find: Callable[[Labelled], NDArray[np.bool_]], photos: list[Labelled]
) -> tuple[list[NDArray[np.bool_]], float]:
    """Find what each photo shows, and give the CPU milliseconds that one takes."""
    began = time.process_time()
    found = [find(photo) for photo in photos]
    return found, 1000 * (time.process_time() - began) / len(photos)


def with_interval(values: list[float]) -> str:
    """Write a mean with its interval."""
    told = bootstrap(np.array(values), weighted_mean, seed=0)
    return f"{told.value:.3f} ({told.low:.3f} to {told.high:.3f})"


def with_share(hits: NDArray[np.float64]) -> str:
    """Write a share with its interval."""
    told = wilson(int(hits.sum()), len(hits))
    return f"{told.value:.3f} ({told.low:.3f} to {told.high:.3f})"


TABLES = {"overlaps": overlaps, "sizes": sizes, "recalls": recalls, "streets": streets}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder that holds outfits and clothing")
    parser.add_argument("--only", choices=TABLES, help="print one of the tables")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    for name, table in TABLES.items():
        if options.only in (None, name):
            for line in table(options.data):
                print(line, flush=True)
            print()


if __name__ == "__main__":
    main()
