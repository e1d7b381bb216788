"""The parts that photos were given, as a file of the run: what a run that goes on, and whoever checks it, reads."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import TableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

PARTS = ("train", "validation", "test")
UNUSED = -1  # in no part
COLUMNS = ["path", "label", "split", "copies"]
QUERY = "query"  # a test photo that asks those that are none
WRITTEN = (*PARTS, QUERY)


@dataclass(frozen=True)
class SplitPhotos:
    """Photos that are of use, by path, with their classes, parts and groups of copies, (N,) each."""

    paths: list[str]
    names: list[str]  # of classes, by their numbers in `labels`
    labels: NDArray[np.int64]
    parts: NDArray[np.int8]
    groups: NDArray[np.intp]

    @property
    def scores(self) -> NDArray[np.float64]:
        """The labels as numbers, (N,), where that is what they are."""
        return np.array([float(name) for name in self.names], np.float64)[self.labels]

    def places(self, part: str) -> NDArray[np.intp]:
        """Give the places of a part's photos; queries are test photos too."""
        of_part = self.parts == PARTS.index(part)
        return np.flatnonzero(of_part | (self.parts == WRITTEN.index(QUERY)) if part == "test" else of_part)

    def asked(self, part: str) -> NDArray[np.intp]:
        """Give the places of a part's photos but for those that are copies of an earlier one."""
        places = self.places(part)
        return np.sort(places[np.unique(self.groups[places], return_index=True)[1]])

    def paths_of(self, places: NDArray[np.intp]) -> tuple[str, ...]:
        """Give the paths of photos at places."""
        return tuple(self.paths[place] for place in places)

    def queries(self, part: str) -> NDArray[np.bool_] | None:
        """Mark which of those photos ask the rest; None where each asks all others."""
        marked = self.parts[self.asked(part)] == WRITTEN.index(QUERY)
        return marked if marked.any() else None


def collect(
    paths: list[str], names: list[str], codes: NDArray[np.intp], parts: NDArray[np.int8], groups: NDArray[np.intp]
) -> SplitPhotos:
    """Keep the photos that have a part, their classes and groups numbered anew."""
    used = np.flatnonzero(parts >= 0)
    kept, labels = np.unique(codes[used], return_inverse=True)
    numbered = np.unique(groups[used], return_inverse=True)[1]
    return SplitPhotos(
        [paths[place] for place in used], [names[code] for code in kept], labels.astype(np.int64), parts[used], numbered
    )


def spell_splits(photos: SplitPhotos) -> bytes:
    """Write parts as CSV; `copies` numbers photos that are copies of each other alike."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for path, label, part, group in zip(photos.paths, photos.labels, photos.parts, photos.groups, strict=True):
        writer.writerow([path, photos.names[label], WRITTEN[part], int(group)])
    return text.getvalue().encode("utf-8", "surrogateescape")


def read_splits(path: str) -> SplitPhotos:
    """Read parts back; TableError where the file is not what was written."""
    try:
        text = Path(path).read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise TableError(path, str(error.strerror)) from error
    header, *rows = list(csv.reader(io.StringIO(text, newline=""))) or [[]]
    if header != COLUMNS or not rows:
        raise TableError(path, f"not the parts of a run: its columns are not {', '.join(COLUMNS)}")
    for number, row in enumerate(rows, 2):
        if len(row) != len(COLUMNS) or row[2] not in WRITTEN or not row[3].isdecimal():
            raise TableError(path, f"row {number}: not a path, a label, one of {', '.join(WRITTEN)}, and a number")
    paths, labels, parts, groups = map(list, zip(*rows, strict=True))
    if len(set(paths)) < len(paths):
        raise TableError(path, "a photo stands in it twice")
    names, codes = np.unique(np.array(labels, object), return_inverse=True)
    numbers = np.array([WRITTEN.index(part) for part in parts], np.int8)
    return SplitPhotos(paths, names.tolist(), codes.astype(np.int64), numbers, np.array(groups, np.intp))
