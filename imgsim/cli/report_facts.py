"""What reports say beside answers: what was asked of which index, and what is known of its photos."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from imgsim.cli.attributes import AttributeColumns
from imgsim.index.store.measurement_store import COLORS, HEADERS
from imgsim.paths import seen_from_here
from imgsim.reports.page_content import Fact, ShownPhoto, Swatch, facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgsim.core import ImageRecord, Match
    from imgsim.images.limits import Limits
    from imgsim.index.index import Index

PALETTE = COLORS[2]
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_ASKED = {
    "k": "Candidates for each, at most",
    "where": "Only photos for which",
    "color": "Only photos of the colour",
    "lost": "Lost are those for which",
    "found": "Found are those for which",
    "on": "Only pairs for which",
    "near": "Places that are neighbours",
    "thing": "Photos of one thing share their",
    "max_distance": "No farther than",
    "min_probability": "At least as probable as",
    "rerank": "Put in order again by",
    "new": "Only pairs that were not said before",
    "out_of_sight": "Photos that are out of sight, too",
}


class PhotoNotes:
    """What a page says of an index's photos: their colours, and the attributes named, or all but those of the file."""

    def __init__(self, index: Index, names: Sequence[str] | None, limits: Limits | None = None) -> None:
        if names is None:
            names = sorted(index.facts.types().keys() - {*COLORS, *HEADERS})
        self._root, self._limits = index.root, limits or index.options.limits
        self._columns = AttributeColumns(index, names, "tsv", ())

    def of(self, photo: ImageRecord | Match, facts: Mapping[str, Any] | None = None) -> ShownPhoto:
        """Give a photo with what is known of it."""
        told = facts_of({**(facts or {}), **self._columns.of(photo)})
        source = os.path.join(self._root, photo.path)
        return ShownPhoto(photo.path, source, self._limits, told, _swatches(photo.attributes.get(PALETTE)))


def _swatches(palette: object) -> list[Swatch]:
    """Read measured colours; what somebody typed under that name may be anything."""
    swatches = []
    for one in palette if isinstance(palette, list) else ():
        match one:
            case {"hex": str(code), "name": str(name), "share": int() | float() as share} if _HEX.fullmatch(code):
                swatches.append(Swatch(code, name, share))
    return swatches


def probability_of(match: Match) -> list[Fact]:
    """Give how probable a match is, where that is known."""
    return [] if match.probability is None else [Fact("probability", f"{match.probability:.3f}")]


def compared_by(index: Index, extractors: Sequence[str], metric: str | None) -> list[Fact]:
    """Say by what extractors, models among them, and metrics photos were compared."""
    distance = index.distance(extractors, metric)
    weighted = len(distance.extractors) > 1
    lines = [
        f"{one.stored.spec} (version {one.stored.spec.version}) by {name}" + f", weight {one.weight:g}" * weighted
        for one, name in zip(distance.extractors, distance.metrics, strict=True)
    ]
    return [Fact("Compared by", "\n".join(lines))]


def asked(choices: Mapping[str, Any], *, by_photo: bool = True) -> list[Fact]:
    """Say what was asked for, of what is not as usual; `color` without a photo is the query itself."""
    given = {said: choices.get(name) for name, said in _ASKED.items() if by_photo or name != "color"}
    texts = {said: "\n".join(one) if isinstance(one, tuple) else one for said, one in given.items()}
    return facts_of({said: text for said, text in texts.items() if text is not False})


def kept_out(indexes: Sequence[Index], *, out_of_sight: bool) -> list[Fact]:
    """Say what was not looked at, since rules of the indexes keep it out of sight."""
    different = [] if out_of_sight else list(dict.fromkeys(indexes))
    told = [(f"{place(index)}: " * (len(different) > 1), rule) for index in different for rule in index.sight.asked]
    return facts_of({"Out of sight are those for which": "\n".join(map("".join, told))})


def place(index: Index) -> str:
    """Name an indexed folder without saying where on this machine it lies."""
    seen = seen_from_here(index.root)
    hidden = os.path.isabs(seen) or seen.startswith(os.pardir) or seen == os.curdir
    return os.path.basename(os.path.abspath(index.root)) if hidden else seen


def count(number: int, one: str, many: str = "") -> str:
    """Write how many there are of something."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
