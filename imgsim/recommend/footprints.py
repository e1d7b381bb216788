"""What extractors cost: time and room for a photo."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import ImageReadError
from imgsim.features import load_extractor
from imgsim.features.measure import Step, measure
from imgsim.images.limits import LIMITS, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from imgsim.core import Extractor, Image, Scale

TIMED = 8  # photos that an extractor's speed is measured on


@dataclass(frozen=True)
class Footprint:
    """What an extractor costs."""

    seconds: float
    bytes: int


class Footprints(NamedTuple):
    """What extractors cost, by name, and what decoding a photo for all of them takes, in seconds."""

    of: dict[str, Footprint]
    decoding: float


def measure_footprints(
    folder: str,
    paths: Sequence[str],
    extractors: Collection[str],
    *,
    seconds: float = float("inf"),
    limits: Limits = LIMITS,
    clock: Callable[[], float] = time.perf_counter,
) -> Footprints:
    """Find out what extractors cost on photos of a folder."""
    loaded = {text: load_extractor(text) for text in extractors}
    began = clock()
    steps = {scale: Step(np.asarray, scale) for scale in {one.scale for one in loaded.values()}}
    photos = [os.path.join(folder, path) for path in paths[: TIMED + 1]]
    tried = measure(photos, [], steps=steps, limits=limits)
    images = [photo.told for photo in tried if not isinstance(photo, ImageReadError)]
    decoding = (clock() - began) / max(1, len(images))
    share = seconds / max(1, len(loaded))
    return Footprints({text: _measure(one, images, share, clock) for text, one in loaded.items()}, decoding)


def _measure(
    extractor: Extractor, images: Sequence[Mapping[Scale, Image]], seconds: float, clock: Callable[[], float]
) -> Footprint:
    taken: list[float] = []
    for image in images:
        if len(taken) > 1 and sum(taken) > seconds:
            break
        began = clock()
        extractor.extract([image[extractor.scale]])
        taken.append(clock() - began)
    width = -(-extractor.dim // 8) if extractor.binary else 4 * extractor.dim
    # The first photo pays for what is loaded once.
    return Footprint(float(np.median(taken[1:] or taken or [0.0])), width)
