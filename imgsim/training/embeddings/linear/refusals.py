"""What cannot be learned from the photos that there are."""

from __future__ import annotations

from imgsim.errors import ImgsimError


class LearningError(ImgsimError):
    """Photos, classes or settings that nothing can be learned from or by."""
