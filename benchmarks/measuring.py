"""Timing, interleaved so that both sides of a comparison meet the same weather, and what becomes of it."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PYTHON = sys.executable
IMGSIM = str(Path(sys.executable).with_name("imgsim"))


@dataclass(frozen=True)
class Setting:
    """How much is measured, and where.

    Parameters
    ----------
    photos : Path
        Made photos stay here between runs.
    scratch : Path
        For this run only.
    repeats : int
        Rounds of each comparison.
    large, small : int
        Photos of 12 megapixels and of 1024 x 768.
    rows : int
        Photos of a large index.
    tiny : int
        Files of the larger of two folders that are indexed for the number of their photos.
    judged : int
        Photos of a labelled gallery.
    """

    photos: Path
    scratch: Path
    repeats: int = 7
    large: int = 32
    small: int = 512
    rows: int = 100_000
    tiny: int = 40_000
    judged: int = 60_000


@dataclass(frozen=True)
class Figure:
    """A line of the table: a value, and the target that it is held against.

    Parameters
    ----------
    name, ours, against, theirs : str
        What was measured, what came out, what it is compared with, and what came out there.
    value : float
        What the target is about.
    unit : str
        Of the value.
    target : float, optional
        The largest value that will do; with `at_least` the smallest.
    samples : list of float
        The values of each round.
    """

    name: str
    ours: str
    against: str
    theirs: str
    value: float
    unit: str = "x"
    target: float | None = None
    at_least: bool = False
    samples: Sequence[float] = field(default=(), repr=False)

    @property
    def verdict(self) -> str:
        """Whether the target is met."""
        if self.target is None:
            return ""
        met = self.value >= self.target if self.at_least else self.value <= self.target
        return "pass" if met else "MISSED"


def interleave(
    runs: Mapping[str, Callable[[], float]], repeats: int, *, warm_up: bool = True
) -> dict[str, list[float]]:
    """Let each of several measurements have its turn, round after round, every other round in reverse."""
    values: dict[str, list[float]] = {name: [] for name in runs}
    for name in runs if warm_up else ():
        runs[name]()
    for turn in range(repeats):
        for name in list(runs)[:: -1 if turn % 2 else 1]:
            values[name].append(runs[name]())
    return values


def seconds(action: Callable[[], object]) -> float:
    """Time a call."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def process_seconds(*command: str, **environment: str) -> float:
    """Time a whole process, from start to exit."""
    env = os.environ | environment
    return seconds(
        lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
    )


def median_ratio(above: Sequence[float], below: Sequence[float]) -> tuple[float, list[float]]:
    """Divide round by round: give the median, and all."""
    ratios = [over / under for over, under in zip(above, below, strict=True)]
    return statistics.median(ratios), ratios


def shown(values: Sequence[float]) -> str:
    """Write the median of some seconds."""
    median = statistics.median(values)
    return f"{median:.2f} s" if median >= 1 else f"{median * 1e3:.3g} ms"


def slowdown(name: str, against: str, times: Mapping[str, Sequence[float]], target: float | None) -> Figure:
    """Say how many times the time of ``theirs`` is taken by ``ours``."""
    ratio, ratios = median_ratio(times["ours"], times["theirs"])
    return Figure(name, shown(times["ours"]), against, shown(times["theirs"]), ratio, target=target, samples=ratios)


def speedup(name: str, against: str, ours: Sequence[float], theirs: Sequence[float], target: float | None) -> Figure:
    """Say how many times as long `theirs` take."""
    ratio, ratios = median_ratio(theirs, ours)
    return Figure(
        name, shown(ours), against, shown(theirs), ratio, "x faster", target=target, at_least=True, samples=ratios
    )
