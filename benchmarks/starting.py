"""Whole processes, against bare Python processes that import the libraries: what a shell feels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.indexes import make_index
from benchmarks.measuring import IMGSIM, PYTHON, interleave, process_seconds, slowdown
from benchmarks.pictures import LARGE, SMALL, TINY, photo_folder

if TYPE_CHECKING:
    from benchmarks.measuring import Figure, Setting

STAT_EACH = "import os, sys, numpy\nfor entry in os.scandir(sys.argv[1]): os.stat(entry.path)"


def query(setting: Setting) -> list[Figure]:
    """Query an index of 10,000 photos."""
    index = str(make_index(setting.scratch, "classic", 10_000))
    figures = []
    for size, shown_size in (SMALL, "1024x768"), (LARGE, "12-megapixel"):
        photo = str(photo_folder(setting.photos, size, 1) / "000000.jpg")
        figures.append(
            _compare(
                setting,
                f"query 10,000 photos by a {shown_size} one",
                [IMGSIM, "query", photo, "--index", index],
                "import numpy, cv2, mahotas",
                [PYTHON, "-c", "import numpy, cv2, mahotas"],
                target=2.5,
            )
        )
    return figures


def show_help(setting: Setting) -> list[Figure]:
    """Run `imgsim --help`."""
    bare = [PYTHON, "-c", "import click"]
    return [_compare(setting, "imgsim --help", [IMGSIM, "--help"], "import click", bare, target=2.5)]


def reindex(setting: Setting) -> list[Figure]:
    """Index a folder that has not changed."""
    folder = str(photo_folder(setting.photos, TINY, 10_000))
    ours = [IMGSIM, "index", folder, "--index", str(setting.scratch / "unchanged"), "-x", "histogram"]
    process_seconds(*ours)
    bare = [PYTHON, "-c", STAT_EACH, folder]
    name = "re-index 10,000 unchanged photos"
    return [_compare(setting, name, ours, "import numpy, stat each file", bare, target=3)]


def _compare(setting: Setting, name: str, ours: list[str], against: str, theirs: list[str], *, target: float) -> Figure:
    runs = {"ours": lambda: process_seconds(*ours), "theirs": lambda: process_seconds(*theirs)}
    return slowdown(name, against, interleave(runs, 3 * setting.repeats), target)
