"""The photos of a store that expressions select, and why they select none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.errors import ImgsimError
from imgsim.where.order import order_photos
from imgsim.where.select import explain_nothing
from imgsim.where.sight import Sight

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imgsim.core import ImageRecord
    from imgsim.index.store.store import Store


def select_records(
    store: Store, where: Sequence[str], rules: Sequence[str] = (), *, sort: Sequence[str] = (), limit: int | None = None
) -> Iterator[ImageRecord]:
    """Give what is known of the photos for which expressions hold, but for those that rules keep out of sight.

    They are in the order of what `sort` lists, ties and all others by path.
    """
    keys = store.photo_keys()
    chosen = Sight(store.facts, rules).select(where, keys)
    keys = keys if chosen is None else keys[chosen]
    if sort:
        keys = keys[order_photos(store.facts, sort, keys)]
    yield from store.records(keys[:limit].tolist())


def explain_none(store: Store, where: Sequence[str], *, out_of_sight: bool) -> ImgsimError | None:
    """Say why no photo is selected: all that fit are out of sight, unless those are asked for too, or none fits."""
    unseen = None if out_of_sight else Sight(store.facts, store.sight_rules).explain_nothing(where, store.photo_keys())
    return unseen or (ImgsimError(explain_nothing(store.facts, where)) if where else None)
