"""What a model was learned from, as its file names it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.training.split_file import SplitPhotos


def photos_digest(digests: Sequence[bytes], classes: Sequence[str]) -> str:
    """Compute the SHA-256 of what was learned from: the contents of photos and their classes, whatever their order."""
    lines = sorted(digest.hex() + " " + name for digest, name in zip(digests, classes, strict=True))
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def digest_of_part(split: SplitPhotos, digests: Sequence[bytes], part: str) -> str:
    """Compute the SHA-256 of a part of photos, which have these digests."""
    places = split.places(part)
    return photos_digest([digests[place] for place in places], [split.names[split.labels[place]] for place in places])
