"""What extractors cost: time and room for a photo."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import ImageReadError
from imgsim.features import load_extractor
from imgsim.images.read import read_scales

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

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
    clock: Callable[[], float] = time.perf_counter,
) -> Footprints:
    """Find out what extractors cost on photos of a folder."""
    loaded = {text: load_extractor(text) for text in extractors}
    began = clock()
    images = list(_decode(folder, paths, {one.scale for one in loaded.values()}))
    decoding = (clock() - began) / max(1, len(images))
    share = seconds / max(1, len(loaded))
    return Footprints({text: _measure(one, images, share, clock) for text, one in loaded.items()}, decoding)


def _decode(folder: str, paths: Sequence[str], scales: Collection[Scale]) -> Iterator[Mapping[Scale, Image]]:
    for path in paths[: TIMED + 1]:
        try:
            yield read_scales(os.path.join(folder, path), scales)
        except ImageReadError:
            continue


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
