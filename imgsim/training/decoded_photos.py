"""Photos in the size that a network sees them in, decoded once and kept in memory as far as it reaches."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.core import WORKING_SIZE, Scale
from imgsim.errors import ImageReadError
from imgsim.features import load_extractor
from imgsim.features.deep import resample, wanted_side
from imgsim.features.measure import Step, Task, measure
from imgsim.naming import HASH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Features, Image
    from imgsim.images.limits import Limits
    from imgsim.models.architectures import Preprocessing


class PixelForm(NamedTuple):
    """How photos are decoded, and brought to a network's size."""

    preprocessing: Preprocessing
    crop: str
    limits: Limits

    @property
    def step(self) -> Step:
        """What makes pixels of a photo, just as the extractor of the trained network does."""
        work = partial(resample, preprocessing=self.preprocessing, crop=self.crop, size=0, rounded=True)
        return Step(work, Scale(max(WORKING_SIZE, wanted_side(self.preprocessing, self.crop)), exact=False))


class DecodedPhotos:
    """The pixels of photos, (h, w, 3) each; those for which memory does not reach are decoded when asked for."""

    def __init__(self, files: Sequence[str], form: PixelForm, most_bytes: int) -> None:
        self._files = files
        self._form = form
        self._left = most_bytes
        self._pixels: dict[int, Image] = {}
        self.sizes: list[tuple[int, int]] = [(0, 0)] * len(files)

    def keep(self, place: int, pixels: Image) -> None:
        """Keep a photo's size and, if memory reaches, its pixels."""
        self.sizes[place] = pixels.shape[0], pixels.shape[1]
        if pixels.nbytes <= self._left:
            self._left -= pixels.nbytes
            self._pixels[place] = np.array(pixels)  # a writable copy, as torch wants

    def __getitem__(self, place: int) -> Image:
        """Give a photo's pixels."""
        kept = self._pixels.get(place)
        if kept is not None:
            return kept
        (outcome,) = measure([self._files[place]], [], steps=[self._form.step], limits=self._form.limits)
        if isinstance(outcome, ImageReadError):
            raise outcome
        return np.array(outcome.told[0])

    def __len__(self) -> int:
        return len(self._files)

    @property
    def kept(self) -> int:
        """How many are in memory."""
        return len(self._pixels)

    def take(self, places: NDArray[np.intp]) -> DecodedPhotos:
        """Give some of them, which share what is kept."""
        taken = DecodedPhotos([self._files[place] for place in places], self._form, 0)
        taken._pixels = {new: self._pixels[old] for new, old in enumerate(places.tolist()) if old in self._pixels}
        taken.sizes = [self.sizes[place] for place in places]
        return taken


class DecodingOutcome(NamedTuple):
    """What came of decoding: pixels, and where it was asked for, content digests (b"" of none) and hashes (N, 64)."""

    photos: DecodedPhotos
    digests: list[bytes]
    hashes: Features
    unreadable: list[ImageReadError]

    @property
    def readable(self) -> NDArray[np.bool_]:
        """Mark the photos that could be read, (N,), of which digests were asked for."""
        return np.array([bool(digest) for digest in self.digests], bool)

    def take(self, places: NDArray[np.intp]) -> DecodingOutcome:
        """Give what came of some of the photos."""
        digests = [self.digests[place] for place in places]
        return DecodingOutcome(self.photos.take(places), digests, self.hashes[places], self.unreadable)


def decode_photos(
    root: str,
    paths: Sequence[str],
    form: PixelForm,
    *,
    most_bytes: int,
    jobs: int = 1,
    hashed: bool = False,
    advanced: Callable[[float], None] = lambda _: None,
) -> DecodingOutcome:
    """Decode the photos at paths below a folder, each once; those that cannot be read are told, and have no digest."""
    files = [os.path.join(root, path) for path in paths]
    photos = DecodedPhotos(files, form, most_bytes)
    digests, hashes = [b""] * len(files), np.zeros((len(files), 64), np.float32)
    unreadable = []
    extractors = [load_extractor(HASH)] if hashed else []
    tasks = [Task(file, path) for file, path in zip(files, paths, strict=True)]
    measured = measure(tasks, extractors, steps=[form.step], digest=hashed, limits=form.limits, jobs=jobs)
    for place, outcome in enumerate(measured):
        advanced((place + 1) / len(files))
        if isinstance(outcome, ImageReadError):
            unreadable.append(outcome)
            continue
        photos.keep(place, outcome.told[0])
        if hashed:
            digests[place], hashes[place] = outcome.record.digest, outcome.features[0][0]
    return DecodingOutcome(photos, digests, hashes, unreadable)
