"""Indexing photos with haralick and histogram, with and without their colours."""

from __future__ import annotations

import functools
import shutil
from typing import TYPE_CHECKING

from benchmarks.measuring import IMGSIM, interleave, process_seconds, slowdown
from benchmarks.pictures import SMALL, photo_folder

if TYPE_CHECKING:
    from benchmarks.measuring import Figure, Setting


def index_colors(setting: Setting) -> list[Figure]:
    """Index photos of 1024 x 768, of which the decoder makes 512 x 384."""
    folder = photo_folder(setting.photos, SMALL, setting.small)
    count = sum(len(path.read_bytes()) > 0 for path in folder.glob("*.jpg"))  # and now all are in the disk's cache
    index = setting.scratch / "colors-index"
    command = [IMGSIM, "index", str(folder), "--index", str(index), "-x", "haralick", "-x", "histogram"]

    def run(*options: str) -> float:
        shutil.rmtree(index, ignore_errors=True)
        return process_seconds(*command, *options)

    times = interleave({"ours": functools.partial(run, "--colors"), "theirs": run}, setting.repeats)
    return [slowdown(f"index {count} 1024x768 photos with --colors", "without", times, 1.2)]
