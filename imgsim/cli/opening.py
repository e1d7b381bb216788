"""Which index a command means."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imgsim.cli import stderr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.index.opening import Index


def open_for(index_path: str | None, photos: Sequence[str] = ()) -> Index:
    """Open the index that is named, or the nearest upward from here, or else upward from the first photo.

    Parameters
    ----------
    index_path : str or None
        As `--index` gave it.
    photos : sequence of str, optional
        The photos that a query names.

    Returns
    -------
    Index
        A context manager.

    Raises
    ------
    IndexNotFoundError
        If there is none.
    """
    from imgsim.index.opening import find_index, open_index

    if index_path is None and find_index(os.curdir) is None:
        index_path = next((found for photo in photos[:1] if (found := find_index(photo))), None)
    index = open_index(index_path)
    stderr.detail(f"index: {index.directory}")
    return index
