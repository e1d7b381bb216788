"""How far a match may be and how probable it must be, held against what the distance can be at all."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import ParameterError
from imgsim.metrics import load_metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.core import Match
    from imgsim.index.distance import ChosenDistance
    from imgsim.search.ranking import Term

BITS = re.compile(r"([0-9]+)b")  # how a number of bits is written
_REMEDY = "distance-in-range"


class DistanceRange(NamedTuple):
    """From where to where a distance goes: its name, the least, the most, and of how many bits it is a share."""

    name: str
    least: float
    most: float
    bits: int = 0

    @classmethod
    def of(cls, distance: ChosenDistance, terms: Sequence[Term]) -> DistanceRange:
        """Tell where a distance between photos lies; one that lacks extractors is ranked by the others alone."""
        single = len(terms) == 1
        ranges = [
            (low * term.factor / term.weight, high * term.factor / term.weight)
            for term, metric in zip(terms, distance.metrics, strict=True)
            for low, high in [load_metric(metric).range]
        ]
        least, most = (choose(ends) for choose, ends in zip((min, max), zip(*ranges, strict=True), strict=True))
        stored = distance.extractors[0].stored
        counted = single and stored.binary and distance.metrics[0] == "hamming"
        name = distance.metrics[0] if single else f"{len(terms)} extractors fused"
        return cls(name, least, most, stored.dim if counted else 0)

    def __str__(self) -> str:
        if math.isinf(self.least):
            return "any number"
        if math.isinf(self.most):
            return f"{self.least:g} or more"
        return f"{self.least:g} to {self.most:.4g}" + (f", the share of {self.bits} bits that differ" * bool(self.bits))


COLOR_RANGE = DistanceRange("a colour's probability", 0.0, 1.0)


@dataclass(frozen=True)
class Threshold:
    """What a match must keep to; `bits` is what distances are shares of where the most was given in bits, or 0."""

    max_distance: float | None = None
    min_probability: float | None = None
    bits: int = 0

    @classmethod
    def within(
        cls, range_: DistanceRange, max_distance: float | str | None, min_probability: float | None
    ) -> Threshold:
        """Hold thresholds against a range; ParameterError where one lies outside."""
        if min_probability is not None and not 0 <= min_probability <= 1:
            raise ParameterError(f"{min_probability:g}: probabilities are 0 to 1", remedy="probability-in-range")
        if isinstance(max_distance, str):
            most = _count_bits(max_distance, range_) / range_.bits
            return cls(most, min_probability, range_.bits)
        if max_distance is not None and not range_.least <= max_distance <= range_.most:
            advice = f"; {max_distance:g} bits are written {max_distance:g}b"
            meant_bits = range_.bits and 1 < max_distance <= range_.bits and max_distance == int(max_distance)
            raise ParameterError(
                f"{max_distance:g}: distances by {range_.name} are {range_}{advice if meant_bits else ''}",
                remedy=_REMEDY,
            )
        return cls(max_distance, min_probability)

    def admits(self, match: Match) -> bool:
        """Tell whether a match is near enough, and probable enough."""
        near = self.max_distance is None or match.distance <= self.max_distance
        likely = self.min_probability is None or (
            match.probability is not None and match.probability >= self.min_probability
        )
        return near and likely


def _count_bits(text: str, range_: DistanceRange) -> int:
    """Read a number of bits, which must be among those of the distance."""
    written = BITS.fullmatch(text)
    if written is None:
        raise ParameterError(f"{text}: neither a distance nor a number of bits, such as 6b", remedy=_REMEDY)
    if not range_.bits:
        raise ParameterError(
            f"{text}: bits are counted by hamming between binary features of one extractor, and distances by "
            f"{range_.name} are {range_}",
            remedy=_REMEDY,
        )
    count = int(written[1])
    if count > range_.bits:
        raise ParameterError(f"{text}: there are {range_.bits} bits", remedy=_REMEDY)
    return count
