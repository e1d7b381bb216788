"""What a model was learned from, as its file names it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def photos_digest(digests: Sequence[bytes], classes: Sequence[str]) -> str:
    """Compute the SHA-256 of what was learned from: the contents of photos and their classes, whatever their order."""
    lines = sorted(digest.hex() + " " + name for digest, name in zip(digests, classes, strict=True))
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
