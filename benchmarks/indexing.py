"""Indexing photos with haralick and histogram, against the plain loop."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import IMGSIM, PYTHON, interleave, process_seconds, speedup
from benchmarks.pictures import LARGE, SMALL, photo_folder

if TYPE_CHECKING:
    from benchmarks.measuring import Figure, Setting

PLAIN = str(Path(__file__).with_name("plain.py"))
SHORTER_SIDE = "320"  # px, what imgsim decodes to


def index_large(setting: Setting) -> list[Figure]:
    """Index photos of 12 megapixels, of which the decoder makes 500 x 375."""
    folder = photo_folder(setting.photos, LARGE, setting.large)
    return _compare(setting, folder, "12-megapixel", 8, target=5, repeats=max(2, setting.repeats // 2))


def index_small(setting: Setting) -> list[Figure]:
    """Index photos of 1024 x 768, of which the decoder makes 512 x 384."""
    folder = photo_folder(setting.photos, SMALL, setting.small)
    return _compare(setting, folder, "1024x768", 2, target=3.5, repeats=max(2, setting.repeats // 2))


def _compare(setting: Setting, folder: Path, size: str, reduced: int, *, target: float, repeats: int) -> list[Figure]:
    index, features = setting.scratch / "index", str(setting.scratch / "features.npy")
    count = sum(len(path.read_bytes()) > 0 for path in folder.glob("*.jpg"))  # and now all are in the disk's cache

    def ours() -> float:
        shutil.rmtree(index, ignore_errors=True)
        return process_seconds(IMGSIM, "index", str(folder), "--index", str(index), "-x", "haralick", "-x", "histogram")

    plain = [PYTHON, PLAIN, str(folder), features]
    scaled = [*plain, "--reduced", str(reduced), "--shorter-side", SHORTER_SIDE]
    # mahotas multiplies small matrices: a second thread gains nothing, and stalls the loop when the machine is busy.
    runs = {
        "ours": ours,
        "plain": lambda: process_seconds(*plain, OPENBLAS_NUM_THREADS="1"),
        "scaled": lambda: process_seconds(*scaled, OPENBLAS_NUM_THREADS="1"),
    }
    times = interleave(runs, repeats, warm_up=False)
    name = f"index {count} {size} photos"
    return [
        speedup(name, "the plain loop", times["ours"], times["plain"], target),
        speedup(name, "the plain loop at imgsim's scale", times["ours"], times["scaled"], None),
    ]
