"""Synthetic photos."""

from pathlib import Path

import numpy as np
import PIL.Image


def draw_photo(path: Path, seed: int, size: tuple[int, int] = (48, 36)) -> None:
    """Draw a photo of two-coloured noise that no other seed gives."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (4, 4, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(coarse).resize(size, PIL.Image.Resampling.BICUBIC).save(path)
