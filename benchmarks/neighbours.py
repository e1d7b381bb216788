"""What other processes took of the processors while something was measured (Linux: /proc tells)."""

from __future__ import annotations

import os
from pathlib import Path

STAT = Path("/proc/stat")


class Neighbours:
    """Counts from construction on."""

    def __init__(self) -> None:
        self._all, self._own, self._began = _all_seconds(), _own_seconds(), os.times().elapsed

    def processors(self) -> float:
        """Give the processors that others kept busy, on average; 0 where the system does not tell."""
        others = _all_seconds() - self._all - (_own_seconds() - self._own)
        return max(0.0, others / max(os.times().elapsed - self._began, 0.01)) if STAT.exists() else 0.0


def _own_seconds() -> float:
    return sum(os.times()[:4])  # this process and its children, in user mode and in the system


def _all_seconds() -> float:
    if not STAT.exists():
        return 0.0
    user, nice, system = STAT.read_text().split()[1:4]
    return (int(user) + int(nice) + int(system)) / os.sysconf("SC_CLK_TCK")
