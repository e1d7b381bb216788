"""Queries by many photos that are indexed and unchanged, against those by copies of them, which are measured."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.measuring import IMGSIM, interleave, process_seconds, slowdown
from benchmarks.pictures import SMALL, photo_folder
from imgsim.core import ImageRecord
from imgsim.features import DEFAULT_EXTRACTOR
from imgsim.index.index_writer import IndexWriter
from imgsim.index.store.photo_store import MeasuredPhoto

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.measuring import Figure, Setting

PHOTOS, ROWS = 1_000, 20_000
EXTRACTORS = (DEFAULT_EXTRACTOR, "histogram")


def query_stored(setting: Setting) -> list[Figure]:
    """Query 20,000 photos by 1,000 of them, and by files of the same content that the index does not know."""
    count = min(PHOTOS, 2 * setting.small)
    photos, copies = photo_folder(setting.photos, SMALL, count), setting.scratch / "copies"
    shutil.copytree(photos, copies)
    figures = []
    for extractor in EXTRACTORS:
        index = setting.scratch / f"asked-{extractor}"
        _index(photos, index, extractor, ROWS - count)

        def ask(folder: Path, index: Path = index) -> float:
            return process_seconds(IMGSIM, "query", str(folder), "--index", str(index))

        times = interleave(
            {"ours": lambda ask=ask: ask(photos), "theirs": lambda ask=ask: ask(copies)},  # type: ignore[misc]
            max(2, setting.repeats // 2),
            warm_up=False,
        )
        name = f"query {ROWS:,} photos by {count:,} of them, by {extractor}"
        figures.append(slowdown(name, "by copies of these", times, 1 / 3))
    return figures


def _index(photos: Path, index: Path, extractor: str, others: int) -> None:
    """Index a folder, and add rows of photos that are made up."""
    process_seconds(IMGSIM, "index", str(photos), "--index", str(index), "-x", extractor)
    rng = np.random.default_rng(0)
    with IndexWriter(str(index)) as writer:
        stored = writer.find_extractor(extractor)
        with writer.transaction():
            for number in range(others):
                record = ImageRecord(f"made up/{number:06d}.jpg", 1, 1, number.to_bytes(16, "big"), 1024, 768)
                writer.put(MeasuredPhoto(record, {stored.id: rng.random((1, stored.dim), np.float32)}))
        writer.update_of(str(photos)).finish([stored])
