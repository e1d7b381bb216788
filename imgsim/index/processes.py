"""Processes that do not fight over processors, and end with the one that hired them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Argument = TypeVar("Argument")

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def default_jobs() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Let processes inherit one thread each for linear algebra: more would fight over the processors."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def hire(jobs: int, prepare: Callable[[Argument], None], argument: Argument) -> ProcessPoolExecutor:
    """Make a pool of new processes, which start at its first task.

    Parameters
    ----------
    jobs : int
        Processes.
    prepare : callable
        Called in each, first of all; of a module's top level.
    argument : object
        What it is called with; pickled.

    Returns
    -------
    ProcessPoolExecutor
        Deaf to an interrupt, which is this process's own affair, and gone when this process is killed.
    """
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, context, initializer=_start, initargs=(prepare, argument))


def _start(prepare: Callable[[Argument], None], argument: Argument) -> None:
    """Prepare a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()
    prepare(argument)


def _follow_parent() -> None:
    """End this process when its parent is killed, which would leave it waiting for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
