"""One side of a match: which of an index's photos are meant, and their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import ImgsimError, OutOfSightError
from imgsim.where.pair_conditions import SidePhotos
from imgsim.where.select import explain_nothing
from imgsim.where.sight import Sight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.core import Keys
    from imgsim.index.distance import ChosenDistance
    from imgsim.index.store.store import Store
    from imgsim.search.ranking import Term


from imgsim.index.counterpart import row_places


class Pile(NamedTuple):
    """One side: its photos' keys (P,) by path, which of them are meant, and its rows as the found side sees them.

    `places` (N,) tells each row's photo; all extractors have `rows` (n,); `unseen` says that all is out of sight.
    """

    name: str
    distance: ChosenDistance
    terms: Sequence[Term]
    photos: Keys
    wanted: NDArray[np.bool_]
    places: NDArray[np.intp]
    rows: NDArray[np.intp]
    unseen: OutOfSightError | None = None  # why none is meant, where all that fit are out of sight

    @property
    def store(self) -> Store:
        """What its index holds."""
        return self.distance.store


def make_pile(
    name: str, distance: ChosenDistance, terms: Sequence[Term], where: Sequence[str], *, out_of_sight: bool
) -> Pile:
    """Choose the photos of a side for which expressions hold and that are in sight, and lay out their rows."""
    store = distance.store
    photos = store.photo_keys()
    sight = Sight(store.facts, () if out_of_sight else store.sight_rules)
    wanted = sight.select(where, photos)
    wanted = np.ones(len(photos), bool) if wanted is None else wanted
    unseen = None if wanted.any() else sight.explain_nothing(where, photos)
    if unseen:
        unseen = OutOfSightError(f"{store.root}: nothing is {name}, {unseen}", remedy=unseen.remedy)
    elif not wanted.any():
        reason = explain_nothing(store.facts, where) if len(photos) else "there are no photos"
        raise ImgsimError(f"{store.root}: nothing is {name}, {reason}")
    none = np.zeros(0, np.intp)
    return lay(Pile(name, distance, terms, photos, wanted, none, none, unseen), terms)


def lay(pile: Pile, terms: Sequence[Term]) -> Pile:
    """Give a side with the rows of galleries, perhaps in place of others."""
    places = row_places(pile.store, terms)
    there = np.logical_and.reduce([term.gallery.present for term in terms])
    return pile._replace(terms=terms, places=places, rows=np.flatnonzero(there & pile.wanted[places]))


def photos_of(pile: Pile) -> SidePhotos:
    """Give a side's photos as conditions ask for them."""
    keys = pile.photos.tolist()
    return SidePhotos(pile.store.facts, pile.photos, lambda: pile.store.records(keys))
