"""Starting values of --max-distance for each extractor that is ready here: the tables of docs/thresholds.md.

``python -m benchmarks.thresholds ../shared/data``, or ``-x NAME`` for those named only.

Near-duplicates are copies of one photo, edited as those in neardup are: made smaller and saved at quality 50, in grey,
mirrored, squeezed to a square, turned by 25 degrees. The ten scenes of neardup, edited so, give the thresholds; 100
photos of clothing, edited likewise, judge them. The distance is each extractor's own; what knows a gallery is fitted to
the photos that are compared.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import math
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import PIL.Image

from benchmarks.recall import folders, near_duplicates
from imgsim.errors import ImageReadError
from imgsim.features import EXTRACTORS, FUSIONS, load_extractor, write_out
from imgsim.features.measure import measure
from imgsim.images.read import read_image
from imgsim.metrics.fusion import fused_distances
from imgsim.models.packaged import ready_networks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Extractor
    from imgsim.features.measure import Source

WANTED = 0.95  # of the near-duplicates
WRONG = 0.01  # of the pairs of different scenes
ROUNDING = 1e-6
JUDGES = 100  # photos of clothing
ANOTHER_NAME = {"alpha_channel_image.png": "00120"}  # of a scene of neardup

EDITS: dict[str, Callable[[PIL.Image.Image], PIL.Image.Image]] = {
    "smaller": lambda photo: photo.resize((photo.width // 2, photo.height // 2)),
    "grey": lambda photo: photo.convert("L"),
    "mirrored": lambda photo: photo.transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT),
    "squeezed": lambda photo: photo.resize((512, 512)),
    "turned": lambda photo: photo.rotate(25),
}
QUALITY = {"smaller": 50}  # of JPEG; 90 otherwise


class Copies(NamedTuple):
    """Photos, the scene that each shows, and what was done to it; nothing where that is not known."""

    photos: list[Source]
    scenes: NDArray[np.str_]
    edits: NDArray[np.str_]


class Pairs(NamedTuple):
    """Distances of photos of one scene, those of copies that are merely smaller, and those of different scenes."""

    same: NDArray[np.float64]
    smaller: NDArray[np.float64]
    different: NDArray[np.float64]


def distinct(labelled: Iterable[tuple[Path, str]]) -> Iterator[tuple[Path, str]]:
    """Leave out what cannot be read, and files of a content that came before."""
    seen: set[bytes] = set()
    for path, scene in labelled:
        digest = hashlib.sha256(path.read_bytes()).digest()
        try:
            read_image(path)
        except ImageReadError:
            continue
        if digest not in seen:
            yield path, ANOTHER_NAME.get(path.name, scene)
        seen.add(digest)


def as_they_are(labelled: Iterable[tuple[Path, str]]) -> Copies:
    """Take files as the copies that they are."""
    paths, scenes = zip(*distinct(labelled), strict=True)
    return Copies(list(paths), np.array(scenes), np.array([""] * len(paths)))


def edited(paths: Iterable[Path]) -> Copies:
    """Take each photo as a scene, and make its copies."""
    photos: list[Source] = []
    scenes, edits = [], []
    for path in paths:
        original = PIL.Image.fromarray(read_image(path))
        photos += [path, *(_saved(edit(original), QUALITY.get(name, 90)) for name, edit in EDITS.items())]
        scenes += [path.name] * (1 + len(EDITS))
        edits += ["original", *EDITS]
    return Copies(photos, np.array(scenes), np.array(edits))


def _saved(photo: PIL.Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def compare(extractors: list[Extractor], copies: Copies) -> Pairs:
    """Measure all pairs."""
    measured = list(measure(copies.photos, extractors))
    rows = [
        [one.features[place] for one in measured if not isinstance(one, ImageReadError)]
        for place, _ in enumerate(extractors)
    ]
    features = [np.concatenate(one) for one in rows]
    matrix = fused_distances(extractors, features, features, weights=[1.0] * len(extractors))
    first, second = np.triu_indices(len(copies.photos), 1)
    distances, same = matrix[first, second], copies.scenes[first] == copies.scenes[second]
    smaller = same & (copies.edits[first] == "original") & (copies.edits[second] == "smaller")
    return Pairs(distances[same], distances[smaller], distances[~same])


def reach(distances: NDArray[np.float64], share: float) -> float:
    """Give the least distance within which that share of pairs lies, rounded up to two digits."""
    value = float(np.sort(distances)[math.ceil(share * len(distances)) - 1])
    unit = _unit(value)
    return round(math.ceil(value / unit - ROUNDING) * unit, 12)


def stop_before(distances: NDArray[np.float64], share: float) -> float:
    """Give a distance of two digits within which no more than that share of pairs lies."""
    value = float(np.sort(distances)[math.floor(share * len(distances))])
    unit = _unit(value)
    return round((math.ceil(value / unit - ROUNDING) - 1) * unit, 12)


def _unit(value: float) -> float:
    return 10.0 ** (math.floor(math.log10(value)) - 1) if value > 0 else 1.0


def within(distances: NDArray[np.float64], threshold: float) -> str:
    """Write the share of pairs within a threshold."""
    share = float((distances <= threshold + 1e-9).mean())
    return f"{100 * share:.{0 if share in (0, 1) else 1}f} %"


def tables(names: Iterable[str], found: Copies, made: Copies, judges: Copies) -> Iterator[str]:
    """Format two tables, of starting values and of what finds all: a line an extractor in each."""
    starts = [["extractor", "distance", "smaller copies", "found", "false", "1 % false", "found", "false"]]
    reaches = [["extractor", "all of neardup", "false", "95 % of edits", "false", "found", "false"]]
    for name in names:
        extractors = [load_extractor(one) for one in write_out([name])]
        files, edits, others = (compare(extractors, copies) for copies in (found, made, judges))
        near, loose = reach(edits.smaller, WANTED), stop_before(edits.different, WRONG)
        metric = extractors[0].metric if len(extractors) == 1 else f"{extractors[0].metric}, over their medians"
        starts.append([f"`{name}`", metric])
        for threshold, wanted in ((near, others.smaller), (loose, others.same)):
            starts[-1] += [f"**{threshold:g}**", within(wanted, threshold), within(others.different, threshold)]
        everything, most = reach(files.same, 1), reach(edits.same, WANTED)
        reaches.append([f"`{name}`", f"{everything:g}", within(files.different, everything)])
        reaches[-1] += [f"{most:g}", within(edits.different, most)]
        reaches[-1] += [within(others.same, most), within(others.different, most)]
    yield from (*_table(starts), "", *_table(reaches))


def _table(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    header, *rows = [f"| {' | '.join(cells)} |" for cells in lines]
    yield from (header, f"|{'---|' * len(lines[0])}", *rows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder that holds neardup and clothing")
    parser.add_argument("-x", action="append", help="only this extractor; repeatable")
    options = parser.parse_args()
    names = options.x or [*EXTRACTORS, *sorted(ready_networks()), *FUSIONS]
    clothing = [path for path, _ in folders(options.data / "clothing/photos")]
    sets = (
        as_they_are(near_duplicates(options.data / "neardup")),
        edited(sorted((options.data / "neardup/base_images").iterdir())),
        edited(clothing[:: len(clothing) // JUDGES][:JUDGES]),
    )
    told = ((len(one.photos), len(set(one.scenes.tolist()))) for one in sets)
    print("photos and scenes: {} and {}; {} and {}; {} and {}".format(*chain.from_iterable(told)))
    for line in tables(names, *sets):
        print(line, flush=True)


if __name__ == "__main__":
    main()
