"""Large indexes without their photos: random features, written as imgsim writes them."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.core import ImageRecord
from imgsim.features import load_extractor
from imgsim.index.index_writer import IndexWriter
from imgsim.index.store.photo_store import MeasuredPhoto

if TYPE_CHECKING:
    from pathlib import Path

CATEGORIES = ("shirt", "bag", "umbrella", "coat", "hat")
COLORS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "grey", "black", "white")


@functools.cache
def make_index(parent: Path, extractor_name: str, rows: int, *, described: bool = False) -> Path:
    """Make an index of so many photos, left as `imgsim index` leaves one; give its own folder."""
    directory = parent / f"index-{extractor_name}-{rows}{'-described' * described}"
    directory.mkdir()
    extractor = load_extractor(extractor_name)
    rng = np.random.default_rng(0)
    with IndexWriter(str(directory), str(parent)) as writer:
        with writer.transaction():
            stored = writer.add_extractor(extractor)
            for number in range(rows):
                attributes = _attributes(rng) if described else {}
                record = ImageRecord(f"{number:06d}.jpg", 1, 1, number.to_bytes(16, "big"), 1024, 768, attributes)
                writer.put(MeasuredPhoto(record, {stored.id: rng.random((1, extractor.dim), np.float32)}))
        writer.update_of(str(parent)).finish([stored])
    os.sync()  # so that the disk is not still busy when something is timed
    return directory


def _attributes(rng: np.random.Generator) -> dict[str, Any]:
    """Make up what a lost-property office knows of a thing."""
    probabilities = dict(zip(COLORS, rng.dirichlet(np.full(len(COLORS), 0.3)).round(4).tolist(), strict=True))
    return {
        "brand": f"brand {rng.integers(200)}",
        "price": int(rng.integers(1_000, 100_000)),
        "category": CATEGORIES[rng.integers(len(CATEGORIES))],
        "found_on": f"2026-{rng.integers(1, 13):02}-{rng.integers(1, 29):02}",
        "place": f"Line {rng.integers(1, 10)}",
        "color": max(probabilities, key=probabilities.__getitem__),
        "color_probabilities": probabilities,
        "palette": [{"color": color, "share": 0.2, "hex": "#808080"} for color in COLORS[:5]],
    }
