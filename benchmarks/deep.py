"""Networks: indexing against the plain torch script, inference against the bare matrix product, a query's start."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.indexes import make_index
from benchmarks.measuring import (
    IMGSIM,
    PYTHON,
    Figure,
    interleave,
    median_ratio,
    process_seconds,
    seconds,
    slowdown,
    speedup,
)
from benchmarks.pictures import LARGE, SMALL, photo_folder

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.measuring import Setting

PLAIN = ("-m", "benchmarks.plain_deep")
RESNET50_OPERATIONS = 2 * 4.087e9  # multiplications and additions at 224 x 224, less the classifier (torchvision)
SIDE = 2048  # of the matrices whose product is the yardstick


@functools.cache
def _use_models(scratch: Path) -> None:
    """Export the networks that are measured, with random weights, in a process of its own: this one needs no torch."""
    os.environ["IMGSIM_MODELS"] = str(scratch / "models")
    code = "import sys; from imgsim.models.testing import store_random_model as s; [s(n, 0) for n in sys.argv[1:]]"
    subprocess.run([PYTHON, "-c", code, "resnet50", "mobilenet_v3_large"], check=True)


def index_resnet(setting: Setting) -> list[Figure]:
    """Index with ResNet50."""
    return _index(setting, "resnet50", max(16, setting.small // 4), 2)


def index_mobilenet(setting: Setting) -> list[Figure]:
    """Index with MobileNetV3-large."""
    return _index(setting, "mobilenet_v3_large", max(64, setting.small), 4)


def _index(setting: Setting, architecture: str, count: int, target: float) -> list[Figure]:
    _use_models(setting.scratch)
    folder = photo_folder(setting.photos, SMALL, count)
    features = str(setting.scratch / "features.npy")

    loops: list[float] = []  # what the script's loop takes of each process, the better of its two settings

    def plain() -> float:
        # torch's threads wait for one another: on a busy machine one of them is quicker than two. The better counts.
        command = [PYTHON, *PLAIN, str(folder), architecture, features]
        runs = [_timed_output(command, threads) for threads in ({}, {"OMP_NUM_THREADS": "1"})]
        loops.append(min(float(printed) for _, printed in runs))
        return min(took for took, _ in runs)

    def ours(crop: str) -> float:
        index = setting.scratch / "deep-index"
        shutil.rmtree(index, ignore_errors=True)
        return process_seconds(IMGSIM, "index", str(folder), "--index", str(index), "-x", architecture + crop)

    runs = {"same": lambda: ours(":crop=squash"), "whole": lambda: ours(""), "plain": plain}
    times = interleave(runs, max(3, setting.repeats // 2), warm_up=False)
    name, script = f"index {count} 1024x768 photos by {architecture}", "the plain torch script"
    return [
        speedup(f"{name}, 224 x 224", script, times["same"], times["plain"], target),
        speedup("the same", f"{script}, less its start", times["same"], loops, None),
        speedup(f"{name}, 341 x 256 as by default", script, times["whole"], times["plain"], None),
    ]


def _timed_output(command: list[str], environment: dict[str, str]) -> tuple[float, str]:
    """Run a process: the seconds from its start to its exit, and what it printed."""
    began = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | environment)
    return time.perf_counter() - began, done.stdout


def index_default(setting: Setting) -> list[Figure]:
    """Index by what is used where no extractor is named: against the plain script, and of large photos."""
    from imgsim.features import DEFAULT_EXTRACTOR

    figures = _index(setting, DEFAULT_EXTRACTOR, max(64, setting.small // 2), 4)
    folder = photo_folder(setting.photos, LARGE, setting.large)
    index = setting.scratch / "deep-index"

    def ours(extractor: str) -> float:
        shutil.rmtree(index, ignore_errors=True)
        return process_seconds(IMGSIM, "index", str(folder), "--index", str(index), "-x", extractor)

    runs = {"ours": lambda: ours(DEFAULT_EXTRACTOR), "theirs": lambda: ours("classic")}
    times = interleave(runs, max(3, setting.repeats // 2))
    name = f"index {setting.large} 12-megapixel photos by {DEFAULT_EXTRACTOR}"
    return [*figures, slowdown(name, "the same by classic", times, 1.5)]


def inference(setting: Setting) -> list[Figure]:
    """Run ResNet50 alone, one photo at a time, as imgsim does."""
    from imgsim.models.cache import find_models
    from imgsim.models.session import Session

    _use_models(setting.scratch)
    engine = Session(find_models("resnet50")[0].read())
    rng = np.random.default_rng(0)
    photo, matrix = rng.random((1, 3, 224, 224), np.float32), rng.random((SIDE, SIDE), np.float32)
    runs = {
        "ours": lambda: seconds(lambda: [engine.run(photo) for _ in range(5)]) / 5 / RESNET50_OPERATIONS,
        "theirs": lambda: seconds(lambda: matrix @ matrix) / (2 * SIDE**3),
    }
    times = interleave(runs, 3 * setting.repeats)
    share, shares = median_ratio(times["theirs"], times["ours"])
    ours, theirs = (f"{1e-9 / float(np.median(times[side])):.0f} GFLOP/s" for side in ("ours", "theirs"))
    name, against = "ResNet50 inference alone", "a float32 matrix product"
    return [Figure(name, ours, against, theirs, share, "of it", target=0.75, at_least=True, samples=shares)]


def query_deep(setting: Setting) -> list[Figure]:
    """Query 10,000 photos by a cached network."""
    _use_models(setting.scratch)
    return _query(setting, "mobilenet_v3_large")


def query_default(setting: Setting) -> list[Figure]:
    """Query 10,000 photos by what is used where no extractor is named."""
    from imgsim.features import DEFAULT_EXTRACTOR

    return _query(setting, DEFAULT_EXTRACTOR)


def _query(setting: Setting, extractor: str) -> list[Figure]:
    index = str(make_index(setting.scratch, extractor, 10_000))
    photo = str(photo_folder(setting.photos, SMALL, 1) / "000000.jpg")
    runs = {
        "ours": lambda: process_seconds(IMGSIM, "query", photo, "--index", index),
        "theirs": lambda: process_seconds(PYTHON, "-c", "import numpy, onnxruntime"),
    }
    times = interleave(runs, 3 * setting.repeats)
    return [slowdown(f"query 10,000 photos by {extractor}", "import numpy, onnxruntime", times, 3.5)]
