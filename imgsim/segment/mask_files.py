"""Label maps that lie in files: PNG pictures of labels, or MATLAB files as segmentation data sets have them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import PIL.Image

from imgsim.core import Scale
from imgsim.errors import ImageReadError, ParameterError
from imgsim.segment.base_segmenter import MOST_NAMES, NO_FILE, LabelMap, LoadedSegmenter, PhotoFile, SegmenterSpec
from imgsim.segment.label_lists import LISTS, find_list, read_list
from imgsim.segment.label_maps import enlarge
from imgsim.segment.label_names import BACKGROUND, THING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from imgsim.core import Image

ENDINGS = (".png", ".mat")
SUFFIX = "-mask"  # of what `imgsim segment` writes
VALUES = ("1", "L", "P", "I;16", "I")  # modes of PNGs whose values are labels
CALLED = ("groundtruth", "labels", "mask")  # maps, in MATLAB files
LARGEST = 1 << 28  # pixels of a map, and bytes of a MATLAB file


@dataclass(frozen=True)
class MaskFiles(LoadedSegmenter):
    """Take a photo's label map from a file of its name, a PNG or a MATLAB one, where 0 is the background.

    Parameters
    ----------
    folder : str
        Where the files lie, `NAME.png`, `NAME-mask.png` or `NAME.mat` for `NAME.jpg`: in it, or in folders in it that
        are called as the photo's are.
    sha256 : str
        Of the files' names, sizes and times.

    Notes
    -----
    What values mean is said by `labels.txt`, a name a line beginning with that of 0, after lines that begin with #, or
    by `label_list.mat`, in the folder or above it. Otherwise 1, and 255 in maps of that alone, is a thing, and other
    labels are called by their numbers.

    References
    ----------
    W. Yang, P. Luo, L. Lin, "Clothing Co-Parsing by Joint Image Segmentation and Labeling", CVPR 2014: whose masks are
    such MATLAB files.
    """

    folder: str
    sha256: str = ""

    paper: ClassVar[str] = "drawn by people, or by another program"

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", os.path.abspath(self.folder))
        if not os.path.isdir(self.folder):
            raise ParameterError(f"mask: no folder {self.folder}")
        if not self._files:
            raise ParameterError(f"mask: {self.folder} holds no .png and no .mat")
        object.__setattr__(self, "sha256", self._digest())  # that of an index may be another

    @property
    def spec(self) -> SegmenterSpec:
        """What rebuilds this segmenter: other maps in the folder are another."""
        return SegmenterSpec("mask", (("folder", self.folder), ("sha256", self.sha256)), 1)

    @property
    def scale(self) -> Scale:
        """How large the image is that it wants."""
        return Scale()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What the labels mean, the background first."""
        path = find_list(self.folder)
        return read_list(path) if path else (BACKGROUND, THING, *map(str, range(2, MOST_NAMES)))

    def segment(self, image: Image, photo: PhotoFile = NO_FILE) -> LabelMap:
        """Read the map of a photo, and bring it to the size of its image (H, W, 3): (H, W)."""
        labels = _read_labels(path := self._find(photo.path), photo.path)
        height, width = image.shape[:2]
        expected = (photo.height or height, photo.width or width)
        if labels.shape != expected:
            there, wanted = (f"{shape[1]} x {shape[0]}" for shape in (labels.shape, expected))
            raise ImageReadError(photo.path, f"its mask {path} is {there} pixels, the photo {wanted}")
        if len(self.names) == MOST_NAMES and {*np.unique(labels).tolist()} <= {0, 255}:
            labels = (labels > 0).astype(np.uint8)
        if (most := int(labels.max(initial=0))) >= len(self.names):
            told = f"its mask {path} has the label {most}, and only {len(self.names)} have names"
            raise ImageReadError(photo.path, told)
        return enlarge(labels, (height, width))

    @cached_property
    def _files(self) -> dict[str, list[str]]:
        """List the files by the name of the photo that they are of."""
        found: dict[str, list[str]] = {}
        for path in _walk(self.folder):
            stem, ending = os.path.splitext(os.path.basename(path))
            if ending.lower() in ENDINGS and os.path.basename(path) not in LISTS:
                found.setdefault(stem.removesuffix(SUFFIX), []).append(path)
        return found

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for path in sorted(path for paths in self._files.values() for path in paths):
            status = os.stat(path)
            told = f"{os.path.relpath(path, self.folder)}\0{status.st_size}\0{status.st_mtime_ns}\n"
            digest.update(os.fsencode(told))
        return digest.hexdigest()

    def _find(self, photo: str) -> str:
        """Find the file of a photo: of several, the one under most folders of the same names."""
        stem = os.path.splitext(os.path.basename(photo))[0]
        candidates = self._files.get(stem, []) if photo else []
        if not candidates:
            raise ImageReadError(photo or "-", f"no mask {stem or 'of it'}{SUFFIX}.png, .png or .mat in {self.folder}")
        above = _folders(os.path.abspath(photo))
        within = {path: _folders(os.path.relpath(path, self.folder)) for path in candidates}
        alike = [path for path in candidates if above[: len(within[path])] == within[path]] or candidates
        best = [path for path in alike if len(within[path]) == max(len(within[one]) for one in alike)]
        if len(best) > 1:
            raise ImageReadError(photo, f"{len(best)} masks may be of it: {best[0]}, {best[1]}")
        return best[0]


def _walk(folder: str) -> Iterator[str]:
    for place, _, files in os.walk(folder):
        yield from (os.path.join(place, name) for name in sorted(files))


def _folders(path: str) -> list[str]:
    """List the folders that a path leads through, the nearest first."""
    return [name for name in os.path.dirname(path).split(os.sep)[::-1] if name]


def _read_labels(path: str, photo: str) -> LabelMap:
    """Read a map of labels; ImageReadError, about its photo, where it is none."""
    try:
        values = _read_matlab(path) if path.lower().endswith(".mat") else _read_png(path)
    except Exception as error:  # damage surfaces as almost anything
        raise ImageReadError(photo, f"its mask {path} cannot be read") from error
    if values.ndim != 2 or values.dtype.kind not in "ubi" or values.min(initial=0) < 0:
        raise ImageReadError(photo, f"its mask {path} is no map (H, W) of labels from 0 on")
    if values.max(initial=0) >= MOST_NAMES:
        raise ImageReadError(photo, f"its mask {path} has labels above {MOST_NAMES - 1}")
    labels: LabelMap = values.astype(np.uint8)
    return labels


def _read_png(path: str) -> NDArray[Any]:
    """Give the values of a picture, of one with a palette their places in it."""
    with PIL.Image.open(path, formats=["PNG"]) as picture:
        if picture.width * picture.height > LARGEST:
            raise ValueError("too large")
        return np.asarray(picture if picture.mode in VALUES else picture.convert("L"))


def _read_matlab(path: str) -> NDArray[Any]:
    """Give a MATLAB file's one map, or the one that is called as those of data sets are."""
    if os.path.getsize(path) > LARGEST:
        raise ValueError("too large")
    from scipy.io import loadmat

    arrays = {name: value for name, value in loadmat(path).items() if not name.startswith("__")}
    called = next((name for name in CALLED if name in arrays), next(iter(arrays)))
    return np.asarray(arrays[called])
