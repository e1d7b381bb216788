"""Processes that do not fight over processors, and end with the one that hired them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from imgsim.errors import ImgsimError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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


def start_pool(jobs: int, prepare: Callable[[Argument], None], argument: Argument) -> ProcessPoolExecutor:
    """Make a pool of new processes, which start at its first task."""
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


Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

BROKEN = "a process was brought down, which is what a lack of memory looks like: try again with --jobs 1"

_work: Callable[[Any], Any]  # of this process


@contextmanager
def single_threads(jobs: int) -> Iterator[Executor]:
    """Work in several threads, while linear algebra keeps to one thread a call."""
    from threadpoolctl import threadpool_limits

    pool = ThreadPoolExecutor(jobs)
    try:
        with threadpool_limits(1):
            yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def map_in_processes(work: Callable[[Item], Outcome], tasks: Sequence[Item], jobs: int) -> Iterator[Outcome]:
    """Work in several processes: for what spends much of its time in Python, where threads wait for each other."""
    with one_thread_each():
        pool = start_pool(jobs, _keep, work)
        try:
            yield from pool.map(_call, tasks)
        except BrokenProcessPool as error:
            raise ImgsimError(BROKEN) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _keep(work: Callable[[Any], Any]) -> None:
    global _work  # noqa: PLW0603 (a pool's initializer has nowhere else to leave it)
    _work = work


def _call(task: Any) -> Any:  # noqa: ANN401 (whatever the work takes and gives)
    return _work(task)
