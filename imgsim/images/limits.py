"""How large a photo may be, and what decoding it may take."""

from __future__ import annotations

from typing import NamedTuple

MAX_MEGAPIXELS = 100.0
MAX_SECONDS = 60.0
MAX_MEMORY = 4000.0


class Limits(NamedTuple):
    """The largest photo, in millions of pixels; the longest that decoding it may take, and the most memory, in MB."""

    max_megapixels: float = MAX_MEGAPIXELS
    max_seconds: float = MAX_SECONDS
    max_memory: float = MAX_MEMORY


LIMITS = Limits()
