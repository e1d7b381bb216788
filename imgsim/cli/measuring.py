"""Measuring photos that need no index, for `extract` and `distances`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imgsim.cli import stderr
from imgsim.cli.inputs import expand_photos
from imgsim.errors import ImageReadError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imgsim.core import Extractor, Features


class Measured(NamedTuple):
    """A photo and a row of features by each extractor, (1, D); None where it cannot be read."""

    name: str
    features: list[Features] | None


def measure_named(names: Iterable[str], extractors: Sequence[Extractor], max_megapixels: float) -> Iterator[Measured]:
    """Measure photos one after another, and say which cannot be read."""
    from imgsim.images.read import read_scales

    scales = {extractor.scale for extractor in extractors}
    for name, source in expand_photos(names):
        try:
            images = read_scales(source, scales, max_megapixels=max_megapixels)
        except ImageReadError as error:
            stderr.complain(f"imgsim: {error}")
            yield Measured(name, None)
            continue
        yield Measured(name, [extractor.extract([images[extractor.scale]]) for extractor in extractors])
