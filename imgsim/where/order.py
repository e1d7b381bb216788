"""Putting photos in the order of what is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import ParameterError
from imgsim.where.name_list import split_names, subject_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.core import Keys
    from imgsim.where.facts import FactTable

PLAIN = ("boolean", "number", "date", "text")  # types whose values have an order, in which they come themselves
_LAST = np.iinfo(np.int64).max


def order_photos(facts: FactTable, names: Sequence[str], photos: Keys) -> NDArray[np.intp]:
    """Give the places of photos (N,) in the order of some names, such as ``price,-found_on``; ties stay as they are.

    What a photo lacks comes last either way; of a list counts what comes first.
    """
    catalogue = facts.types()
    wanted = [name for text in names for name in split_names(text)]
    if not wanted:
        raise ParameterError("nothing to sort by: name an attribute, or several with commas between")
    columns = []
    for name in wanted:
        subject = subject_of(name.removeprefix("-").lstrip(), catalogue)
        if subject.types and not any(type_ in PLAIN for type_ in subject.types):
            held = " and ".join(f"{type_}s" for type_ in sorted(subject.types))
            raise ParameterError(f"{subject.name} holds {held}, which have no order")
        keys, ranks = facts.ranks(subject.name, field=subject.field)
        columns.append(_of_photos(photos, keys, -ranks if name[0] == "-" else ranks))
    return np.lexsort(columns[::-1])


def _of_photos(photos: Keys, keys: Keys, ranks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the smallest rank of each photo (N,)."""
    smallest = np.full(len(photos), _LAST)
    if len(photos) and len(keys):
        by_key = np.argsort(photos, kind="stable")
        places = np.minimum(np.searchsorted(photos, keys, sorter=by_key), len(photos) - 1)
        places = by_key[places]
        there = photos[places] == keys
        np.minimum.at(smallest, places[there], ranks[there])
    return smallest
