"""Indexing photos as they are, and with what they show cut out by GrabCut beside it."""

from __future__ import annotations

import functools
import shutil
from typing import TYPE_CHECKING

from benchmarks.measuring import IMGSIM, interleave, process_seconds, slowdown
from benchmarks.pictures import SMALL, photo_folder
from imgsim.features import DEFAULT_EXTRACTOR

if TYPE_CHECKING:
    from benchmarks.measuring import Figure, Setting


def index_parts(setting: Setting) -> list[Figure]:
    """Index photos of 1024 x 768 by the network that is the default, which then sees each photo and each part."""
    folder = photo_folder(setting.photos, SMALL, setting.small)
    count = sum(len(path.read_bytes()) > 0 for path in folder.glob("*.jpg"))  # and now all are in the disk's cache
    index = setting.scratch / "parts-index"
    command = [IMGSIM, "index", str(folder), "--index", str(index), "-x", DEFAULT_EXTRACTOR]

    def run(*options: str) -> float:
        shutil.rmtree(index, ignore_errors=True)
        return process_seconds(*command, *options)

    times = interleave({"ours": functools.partial(run, "--segment", "grabcut"), "theirs": run}, setting.repeats)
    return [slowdown(f"index {count} 1024x768 photos with --segment grabcut", "without", times, 4.5)]
