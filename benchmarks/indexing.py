"""Indexing photos with haralick and histogram, against the plain loop."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import IMGSIM, PYTHON, interleave, process_seconds, slowdown, speedup
from benchmarks.pictures import LARGE, SMALL, photo_folder, with_adobe_rgb

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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


def index_profiles(setting: Setting) -> list[Figure]:
    """Index photos with a profile of another colour space than sRGB, against the same photos without."""
    figures = []
    for extractors in (("haralick", "histogram"), ("classic",)):
        plain = photo_folder(setting.photos, SMALL, setting.small)
        folders = {"theirs": plain, "ours": with_adobe_rgb(plain)}
        runs = {name: _index(setting, folder, extractors) for name, folder in folders.items()}
        name = f"index {setting.small} 1024x768 photos in Adobe RGB, {' + '.join(extractors)}"
        figures.append(slowdown(name, "the same photos without a profile", interleave(runs, setting.repeats), 1.1))
    return figures


def _index(setting: Setting, folder: Path, extractors: Sequence[str]) -> Callable[[], float]:
    index = setting.scratch / "index"
    chosen = [part for name in extractors for part in ("-x", name)]

    def run() -> float:
        shutil.rmtree(index, ignore_errors=True)
        return process_seconds(IMGSIM, "index", str(folder), "--index", str(index), *chosen)

    return run


def _compare(setting: Setting, folder: Path, size: str, reduced: int, *, target: float, repeats: int) -> list[Figure]:
    features = str(setting.scratch / "features.npy")
    count = sum(len(path.read_bytes()) > 0 for path in folder.glob("*.jpg"))  # and now all are in the disk's cache

    plain = [PYTHON, PLAIN, str(folder), features]
    scaled = [*plain, "--reduced", str(reduced), "--shorter-side", SHORTER_SIDE]
    # mahotas multiplies small matrices: a second thread gains nothing, and stalls the loop when the machine is busy.
    runs = {
        "ours": _index(setting, folder, ("haralick", "histogram")),
        "plain": lambda: process_seconds(*plain, OPENBLAS_NUM_THREADS="1"),
        "scaled": lambda: process_seconds(*scaled, OPENBLAS_NUM_THREADS="1"),
    }
    times = interleave(runs, repeats, warm_up=False)
    name = f"index {count} {size} photos"
    return [
        speedup(name, "the plain loop", times["ours"], times["plain"], target),
        speedup(name, "the plain loop at imgsim's scale", times["ours"], times["scaled"], None),
    ]
