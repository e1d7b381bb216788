"""Threads that do not fight: each has one thread for linear algebra."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def single_threads(jobs: int) -> Iterator[Executor]:
    """Work in several threads, while linear algebra keeps to one thread a call.

    Parameters
    ----------
    jobs : int
        Threads. NumPy and scikit-learn let others run while they calculate, so they serve nearly as well as processes,
        which take seconds to start.

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
