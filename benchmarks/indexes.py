"""Large indexes without their photos: random features, written through imgsim's own store."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

import numpy as np

from imgsim.core import ImageRecord
from imgsim.features import load_extractor
from imgsim.index.fitting import lay_out_galleries, pin_statistics
from imgsim.index.sqlite import SqliteStore
from imgsim.index.store import MeasuredPhoto

if TYPE_CHECKING:
    from pathlib import Path


@functools.cache
def make_index(parent: Path, extractor_name: str, rows: int) -> Path:
    """Make an index of so many photos, left as `imgsim index` leaves one; give its own folder."""
    directory = parent / f"index-{extractor_name}-{rows}"
    directory.mkdir()
    store = SqliteStore.open_writer(str(directory), str(parent))
    extractor = load_extractor(extractor_name)
    rng = np.random.default_rng(0)
    with store.transaction():
        stored = store.add_extractor(extractor.spec, extractor.dim, binary=extractor.binary)
        for number in range(rows):
            record = ImageRecord(f"{number:06d}.jpg", 1, 1, number.to_bytes(16, "big"), 1024, 768)
            store.put(MeasuredPhoto(record, {stored.id: rng.random((1, extractor.dim), np.float32)}))
        pin_statistics(store, stored)
    lay_out_galleries(str(directory), store, [stored])
    store.close()
    os.sync()  # so that the disk is not still busy when something is timed
    return directory
