"""What each further photo costs in memory, while indexing and in a query (Linux: /proc tells)."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.indexes import make_index
from benchmarks.measuring import IMGSIM, Figure, interleave
from benchmarks.pictures import SMALL, TINY, photo_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.measuring import Setting

A_FEW_HUNDRED = 500  # bytes, where the features of a photo have 2,048
POLL_SECONDS = 0.002
FEW = 10_000  # enough for buffers to have reached their full size


def index_memory(setting: Setting) -> list[Figure]:
    """Index two folders: the peaks of all processes, added up."""
    index = setting.scratch / "memory"

    def peak(count: int) -> float:
        folder = str(photo_folder(setting.photos, TINY, count))
        shutil.rmtree(index, ignore_errors=True)
        return peak_memory([IMGSIM, "index", folder, "--index", str(index), "-x", "histogram"], "VmHWM")

    return [growth(setting, "index: peak memory", FEW, setting.tiny, peak)]


def query_memory(setting: Setting) -> list[Figure]:
    """Query two indexes: the peaks of private memory, to which mapped files do not count."""
    photo = str(photo_folder(setting.photos, SMALL, 1) / "000000.jpg")

    def peak(count: int) -> float:
        index = str(make_index(setting.scratch, "histogram", count))
        return peak_memory([IMGSIM, "query", photo, "--index", index], "RssAnon")

    return [growth(setting, "query: peak private memory", setting.rows // 10, setting.rows, peak)]


def peak_memory(command: list[str], field: str) -> float:
    """Run a command; add up the largest values of a field of /proc/PID/status over it and its children, in bytes."""
    peaks: dict[int, int] = {}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            for pid in (process.pid, *_children(process.pid)):
                peaks[pid] = max(peaks.get(pid, 0), _status(pid, field))
            time.sleep(POLL_SECONDS)
    assert process.returncode == 0
    return sum(peaks.values())


def _children(pid: int) -> list[int]:
    """List a process's children, without those that are still a copy of it, about to become another program."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        own = Path(f"/proc/{pid}/cmdline").read_bytes()
        return [int(child) for child in children if Path(f"/proc/{child}/cmdline").read_bytes() != own]
    except OSError:  # one has just ended
        return []


def _status(pid: int, field: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")), 0)


def growth(
    setting: Setting, name: str, few: int, many: int, peak: Callable[[int], float], what: str = "photo"
) -> Figure:
    """Measure peaks of a few and of many, round after round, and say what each further one takes."""
    repeats = max(2, setting.repeats // 2)
    peaks = interleave({"few": lambda: peak(few), "many": lambda: peak(many)}, repeats, warm_up=False)
    growths = [(above - below) / (many - few) for above, below in zip(peaks["many"], peaks["few"], strict=True)]
    return Figure(
        f"{name}, {many:,} {what}s",
        _megabytes(peaks["many"]),
        f"{few:,} {what}s",
        _megabytes(peaks["few"]),
        statistics.median(growths),
        f"bytes a {what}",
        target=A_FEW_HUNDRED,
        samples=growths,
    )


def _megabytes(values: list[float]) -> str:
    return f"{statistics.median(values) / 1e6:.1f} MB"
