"""Threads and processes that do not fight: each has one thread for linear algebra."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from imgsim.errors import ImgsimError
from imgsim.index.processes import hire, one_thread_each

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")

BROKEN = "a process was brought down, which is what a lack of memory looks like: try again with --jobs 1"

_work: Callable[[Any], Any]  # of this process


@contextmanager
def single_threads(jobs: int) -> Iterator[Executor]:
    """Work in several threads, while linear algebra keeps to one thread a call.

    Parameters
    ----------
    jobs : int
        Threads. NumPy lets others run while it calculates, so for large arrays they serve as well as processes, which
        take a second or two to start.

    Yields
    ------
    Executor
        What has not begun when it is left is not done.
    """
    from threadpoolctl import threadpool_limits

    pool = ThreadPoolExecutor(jobs)
    try:
        with threadpool_limits(1):
            yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def map_in_processes(work: Callable[[Task], Outcome], tasks: Sequence[Task], jobs: int) -> Iterator[Outcome]:
    """Work in several processes: for what spends much of its time in Python, where threads wait for each other.

    Parameters
    ----------
    work : callable
        Of a module's top level, or a partial of such a one; it is sent to each process once.
    tasks : sequence
        What it is called with.
    jobs : int
        Processes.

    Yields
    ------
    Outcome
        What it returned, in order.

    Raises
    ------
    ImgsimError
        If a process is brought down.
    """
    with one_thread_each():
        pool = hire(jobs, _keep, work)
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
