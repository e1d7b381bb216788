"""Bounds that the system holds a piece of work to: memory, and time where another process goes on without this one."""

from __future__ import annotations

import faulthandler
import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

with suppress(ImportError):  # on Windows
    import resource

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = "imgsim-"  # that the names of threads begin with which take no memory
GRACE = 1.0  # second, for work that looks at the clock itself and then tells more than a process that ends
_LONGEST = 1e6  # seconds that a timer can be set to, and then some
_MOST = 1e12  # MB

expendable = False  # whether this process may be ended for what it is at
shared = True  # whether it may have threads that are none of ours, which a bound on memory would hit too
_nowhere: TextIO
_lock = threading.Lock()
_inside = 0
_before: tuple[int, int]


def make_expendable() -> None:
    """Let this process be ended for what it is at: another one outlives it and knows what to do."""
    global expendable, _nowhere  # noqa: PLW0603 (it is the process that is so)
    _nowhere = open(os.devnull, "w")  # noqa: SIM115 (as long as the process)
    expendable = True


def make_own() -> None:
    """Say that all of this process is ours, as that of a command is."""
    global shared  # noqa: PLW0603 (it is the process that is so)
    shared = False


@contextmanager
def bounded_time(seconds: float) -> Iterator[None]:
    """End this process if it is expendable and the work takes longer, even where no Python can run meanwhile."""
    if not expendable:
        yield
        return
    faulthandler.dump_traceback_later(min(seconds + GRACE, _LONGEST), exit=True, file=_nowhere)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@contextmanager
def bounded_memory(megabytes: float) -> Iterator[None]:
    """Let the work take so much more memory, or raise MemoryError: on Linux, and where no thread of others runs."""
    if shared and not expendable and _others_run():
        yield
        return
    try:
        _enter(megabytes)
    except (NameError, OSError, ValueError, IndexError):  # a system that has none, does not tell, or does not let
        yield
        return
    try:
        yield
    finally:
        _leave()


def _others_run() -> bool:
    others = set(threading.enumerate()) - {threading.current_thread()}
    return any(not thread.name.startswith(OURS) for thread in others)


def _enter(megabytes: float) -> None:
    global _inside, _before  # noqa: PLW0603 (the bound is the process's)
    with _lock:
        taken = int(_read("/proc/self/statm").split()[5]) * resource.getpagesize()
        if _inside == 0:
            _before = resource.getrlimit(resource.RLIMIT_DATA)
        bound = taken + int((_inside + 1) * min(megabytes, _MOST) * 1e6)
        others = [limit for limit in _before if limit != resource.RLIM_INFINITY]
        resource.setrlimit(resource.RLIMIT_DATA, (min([bound, *others]), _before[1]))
        _inside += 1


def _read(path: str) -> bytes:
    """Read a file in the fewest calls of the system: at each of them another thread goes on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 1024)
    finally:
        os.close(descriptor)


def _leave() -> None:
    global _inside  # noqa: PLW0603 (the bound is the process's)
    with _lock:
        _inside -= 1
        if _inside == 0:
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_DATA, _before)


def _forget() -> None:
    """Begin anew in a forked process, whose other threads are gone."""
    global _inside, _lock  # noqa: PLW0603 (the bound is the process's)
    if _inside:
        _inside, _lock = 1, threading.Lock()
        _leave()
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
