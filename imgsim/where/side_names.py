"""Names of attributes of two sides: ``lost.place``, ``found.place``."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from imgsim.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDES = ("lost", "found")


def split_side(name: str) -> tuple[str, str]:
    """Tell whose attribute is meant, and which.

    Examples
    --------
    >>> split_side("lost.photo.width")
    ('lost', 'photo.width')
    """
    side, _, rest = name.partition(".")
    return side, rest


@contextmanager
def of_side(side: str) -> Iterator[None]:
    """Say of a name that is not known whose it is."""
    try:
        yield
    except UnknownNameError as error:
        choices = [f"{side}.{name}" for name in error.choices]
        raise UnknownNameError(error.kind, f"{side}.{error.name}", choices) from error
