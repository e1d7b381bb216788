"""Photos of the same content: each finds its copy, which tells nothing of how the others would be found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Features

TELLING = 32  # different values in a row: two photos that agree in so many to the last bit have the same pixels


def mark_copies(keys: Iterable[Sequence[bytes]], among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark those of some photos (N,) that have, in any of the lists, the key of an earlier one; b"" is none.

    Examples
    --------
    >>> mark_copies([[b"a", b"b", b"a", b"", b""]], np.array([True] * 5)).tolist()
    [False, False, True, False, False]
    """
    marked = np.zeros(len(among), bool)
    for listed in keys:
        seen: set[bytes] = set()
        for place, (key, counts) in enumerate(zip(listed, among.tolist(), strict=True)):
            if counts:
                marked[place] |= bool(key) and key in seen
                seen.add(key)
    return marked


def keys_of_rows(rows: Features) -> list[bytes]:
    """Give a key to each of those rows (N, D) that others equal, if they are telling; b"" to the rest."""
    keys = [b""] * len(rows)
    if not rows.shape[1]:
        return keys
    whole = np.ascontiguousarray(rows).view(f"V{rows.shape[1] * rows.itemsize}").ravel()
    _, place, counts = np.unique(whole, return_inverse=True, return_counts=True)
    for row in np.flatnonzero(counts[place] > 1).tolist():
        if len(np.unique(rows[row])) >= TELLING:
            keys[row] = rows[row].tobytes()
    return keys


def describe_copies(copies: NDArray[np.bool_]) -> str:
    """Say how many photos are left out, and why; nothing if none is."""
    count = int(copies.sum())
    if not count:
        return ""
    are = "photo is a copy" if count == 1 else "photos are copies"
    return f"{count} {are} of others and left out: every photo would find its copy, whatever it is judged by"
