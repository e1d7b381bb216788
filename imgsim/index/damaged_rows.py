"""Rows whose features are not as they were stored: what is said of their photos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.errors import ImgsimError, first_few
from imgsim.index.sqlite.connection import outside

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from imgsim.index.distance import ChosenDistance
    from imgsim.search.ranking import Term


def damaged_photos(distance: ChosenDistance, terms: Sequence[Term]) -> dict[str, list[str]]:
    """Give the paths of photos whose rows are damaged, by extractor."""
    if not any(len(term.gallery.damaged) for term in terms):
        return {}
    stored = set(distance.store.part_keys().parts.tolist())
    return {
        spec: [label.path for label in distance.store.labels([key for key in keys if key in stored])]
        for spec, keys in zip(distance.specs, (term.gallery.damaged.tolist() for term in terms), strict=True)
        if keys
    }


def describe_damage(distance: ChosenDistance, paths: Mapping[str, Iterable[str]]) -> list[ImgsimError]:
    """Say what could not be compared, and what measures it again: a line an extractor."""
    root = distance.store.root
    facts = {"folder": root, "index": outside(distance.directory, root)}
    reason = "damaged in the index, features by"
    return [
        ImgsimError(f"{first_few(list(some))}: {reason} {spec}", remedy="measure-again", **facts)
        for spec, some in paths.items()
    ]
