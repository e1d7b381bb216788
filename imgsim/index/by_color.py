"""Finding photos by the name of a colour; indexing stored which colours each has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.colors.names import plain_name
from imgsim.core import Match
from imgsim.errors import ImgsimError, UnknownNameError
from imgsim.index.store.measurement_store import COLORS
from imgsim.where.sight import Sight

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from imgsim.index.store.store import Store

COLOR, PROBABILITIES, _ = COLORS  # a photo's most probable colour, and the probability of each


def rank_by_color(
    store: Store, color: str, k: int, where: Sequence[str] = (), rules: Sequence[str] = ()
) -> list[Match]:
    """Find the photos that most probably have a colour, but for those that rules keep out of sight."""
    having, probabilities = store.facts.numbers_within(PROBABILITIES, color)
    if not len(having):
        having, probabilities = store.facts.numbers_within(PROBABILITIES, plain_name(color))
    if not len(having):
        raise _unknown(store, color, store.facts.names_within(PROBABILITIES))
    photos, places, found = np.intersect1d(store.photo_keys(), having, assume_unique=True, return_indices=True)
    best = np.lexsort((places, -probabilities[found]))  # ties by path
    wanted = Sight(store.facts, rules).select(where, photos[best])
    best = (best if wanted is None else best[wanted])[:k]
    distances = (1 - probabilities[found[best]]).tolist()
    ranked = enumerate(zip(store.records(photos[best].tolist()), distances, strict=True), start=1)
    return [Match(rank, record.path, "", distance, record.attributes) for rank, (record, distance) in ranked]


def color_expression(store: Store, color: str) -> str:
    """Write the expression that holds for photos of a colour."""
    names = store.facts.texts(COLOR)
    color = color if color in names else plain_name(color)
    if color not in names:
        raise _unknown(store, color, names)
    quoted = color.replace("'", "''")
    return f"{COLOR} = '{quoted}'"


def _unknown(store: Store, color: str, names: Collection[str]) -> ImgsimError:
    if names:
        return UnknownNameError("colour", color, names)
    return ImgsimError(f"no photo of {store.root} has colours", remedy="name-colors", folder=store.root)
