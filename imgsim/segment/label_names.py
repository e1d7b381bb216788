"""What the labels of maps are called, as they are typed; no NumPy is imported to complete them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BACKGROUND, THING = "background", "thing"  # of what has no other names
BACKGROUNDS = (BACKGROUND, "null", "none", "unlabeled", "unlabelled", "void")  # as models and lists of labels call it


def with_background(classes: Sequence[str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Name a label map's places, the background first, and tell the place of each class of a model.

    Examples
    --------
    >>> with_background(["Background", "Hat", "Bag"])
    (('background', 'hat', 'bag'), (0, 1, 2))
    >>> with_background(["sky", "road"])
    (('background', 'sky', 'road'), (1, 2))
    """
    keys = [label_key(name) for name in classes]
    things = list(dict.fromkeys(key for key in keys if key not in BACKGROUNDS))
    return (BACKGROUND, *things), tuple(0 if key in BACKGROUNDS else 1 + things.index(key) for key in keys)


def label_key(name: str) -> str:
    """Write a label as it is typed.

    Examples
    --------
    >>> label_key("Upper clothes")
    'upper-clothes'
    """
    return "-".join(name.lower().replace("_", " ").replace(",", " ").replace("+", " ").split())
