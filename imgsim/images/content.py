"""What tells files of the same content, of those that may be the same: their sizes tell most apart, unread."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from imgsim.errors import ImageReadError
from imgsim.images.read import content_digest, open_photo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.images.find import FoundImage


def contents(root: str, images: Sequence[FoundImage]) -> list[bytes]:
    """Digest the files that have the size of another; b"" for the others, the empty ones, and what cannot be read."""
    sizes = Counter(image.size for image in images if image.size)
    return [_digest(os.path.join(root, image.path)) if sizes[image.size] > 1 else b"" for image in images]


def _digest(path: str) -> bytes:
    with suppress(ImageReadError), open_photo(path) as stream:
        return content_digest(stream)
    return b""
