"""Which index a command means."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imgsim.cli import stderr
from imgsim.errors import IndexNotFoundError
from imgsim.paths import seen_from_here

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.index.index import Index


def open_for(index_path: str | None, photos: Sequence[str] = ()) -> Index:
    """Open the index that is named, or else the one that must be meant.

    That is the nearest upward from here, or else upward from the first photo, or else the only one right below here.
    """
    from imgsim.index.index import open_index

    index = open_index(find_meant(index_path, photos))
    stderr.detail(f"index: {index.directory}")
    return index


def find_meant(index_path: str | None, photos: Sequence[str] = ()) -> str | None:
    """Give the place of the index that is named or must be meant, if there is one."""
    from imgsim.index.location import find_index

    index_path = index_path or find_index(os.curdir)
    index_path = index_path or next((found for photo in photos[:1] if (found := find_index(photo))), None)
    return index_path or _only_one_below()


def _only_one_below() -> str | None:
    from imgsim.index.location import find_indexes_below

    below = find_indexes_below(os.curdir)
    if len(below) > 1:
        names = ", ".join(map(seen_from_here, below))
        raise IndexNotFoundError(f"several folders here are indexed ({names}): choose one with --index")
    return below[0] if below else None
