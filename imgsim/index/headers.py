"""Reading what cameras wrote into photos that an index has already, batch by batch."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from imgsim.errors import ImageReadError
from imgsim.images.exif import read_exif
from imgsim.images.formats import HEADERS
from imgsim.images.read import open_photo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.images.limits import Limits
    from imgsim.index.store.store import Store

BATCH = 256  # photos, some tenths of a second


def read_headers(root: str, store: Store, paths: Sequence[str], limits: Limits) -> int:
    """Read the headers of photos, note what they tell, and count those that could be opened."""
    count = 0
    for start in range(0, len(paths), BATCH):
        batch = paths[start : start + BATCH]
        read = {path: told for path in batch if (told := _read(root, path, limits)) is not None}
        with store.transaction():
            for path, told in read.items():
                store.note_headers(path, told, HEADERS)
        count += len(read)
    return count


def _read(root: str, path: str, limits: Limits) -> dict[str, Any] | None:
    """Read a photo's headers; None where its file cannot be read now, and so is tried again in a later run."""
    try:
        with open_photo(os.path.join(root, path)) as stream:
            return read_exif(stream, path, limits)
    except ImageReadError:
        return None
