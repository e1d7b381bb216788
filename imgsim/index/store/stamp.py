"""The name of a store's content."""

from __future__ import annotations

from typing import NamedTuple


class Stamp(NamedTuple):
    """Names a store's content: equal stamps, equal photos and features.

    Parameters
    ----------
    store : str
        The store, as no other is named: hexadecimal digits.
    generation : int
        Grows with every transaction that changed photos or features.
    """

    store: str
    generation: int
