"""Features of photos that are mirrored, or turned by quarters."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import ImageReadError
from imgsim.features.extractor_table import build_extractor
from imgsim.features.measure import Step, Task, measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imgsim.core import Extractor, ExtractorSpec, Features, Image


class Turn(NamedTuple):
    """So many quarter turns to the left, then perhaps mirrored left to right."""

    quarters: int
    mirrored: bool

    def of(self, image: Image) -> Image:
        """Turn an image (H, W, 3)."""
        turned = np.rot90(image, self.quarters)
        return np.ascontiguousarray(turned[:, ::-1] if self.mirrored else turned)


def choose_turns(*, flips: bool, turns: bool) -> tuple[Turn, ...]:
    """List what a photo is seen as, beside itself: mirrored either way, or turned by quarters, or both together."""
    quarters = (0, 1, 2, 3) if turns else (0, 2)
    mirrored = tuple(Turn(count, mirrored=True) for count in quarters) if flips else ()
    return (*(Turn(count, mirrored=False) for count in quarters[1:] if turns), *mirrored)


def measure_turned(
    tasks: Sequence[Task], extractors: Sequence[Extractor], turns: Sequence[Turn], *, jobs: int
) -> Iterator[list[Features] | ImageReadError]:
    """Measure photos as they are turned: of each, in order, rows (turns, D) by each extractor, or why not."""
    steps = [Step(partial(_rows, one.spec, turns), one.scale) for one in extractors]
    for measured in measure(tasks, [], steps=steps, jobs=jobs):
        yield (
            measured if isinstance(measured, ImageReadError) else [measured.told[place] for place in range(len(steps))]
        )


def _rows(spec: ExtractorSpec, turns: Sequence[Turn], image: Image) -> Features:
    return _built(spec).extract([turn.of(image) for turn in turns])


@lru_cache(maxsize=8)
def _built(spec: ExtractorSpec) -> Extractor:
    return build_extractor(spec)
