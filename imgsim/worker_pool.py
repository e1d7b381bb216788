"""Work in several processes, in order, whatever happens to one of them; all end with the one that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

from imgsim import bounds
from imgsim.errors import ImgsimError
from imgsim.processes import CHUNK, one_thread_each

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")

STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
AHEAD = 3  # chunks waiting for each worker: enough to keep it busy, few enough to hold in memory

_work: Callable[[Any], Any]  # of this worker process


def _refuse(_task: object, _seconds: float) -> Any:  # noqa: ANN401 (it never comes back)
    raise ImgsimError("a process was brought down, which is what a lack of memory looks like: try again with --jobs 1")


def map_in_processes(
    work: Callable[[Task], Outcome],
    tasks: Sequence[Task],
    jobs: int,
    ended: Callable[[Task, float], Outcome] = _refuse,
) -> Iterator[Outcome]:
    """Work in several processes, in order, for what may crash, and for what spends much of its time in Python.

    `ended` tells what comes of a task that ends its process, after so many seconds.
    """
    with one_thread_each():
        pool = _WorkerPool(work, min(jobs, max(1, len(tasks))), ended)
        try:
            yield from pool.map(cut_into_chunks(tasks, jobs))
        finally:
            pool.stop()


class _Deaf(ProcessPoolExecutor):
    """A pool whose processes never hear an interrupt, not while they start either: it is for their parent."""

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:  # noqa: ANN401
        """Submit, which may start a process and a thread: half started, they could not be ended."""
        with _held_signals(), _blocked_interrupts():
            return super().submit(work, *arguments, **named)


@contextmanager
def _held_signals() -> Iterator[None]:
    """Let what signals raise wait for the end of the block; blocking them would not: another thread may take them."""
    if threading.current_thread() is not threading.main_thread():  # where nothing is raised
        yield
        return
    held: list[int] = []
    before = {number: signal.getsignal(number) for number in STOPS}
    for number, handler in before.items():
        if callable(handler):
            signal.signal(number, lambda number, _: held.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            if callable(handler):
                signal.signal(number, handler)
        for number in held:
            signal.raise_signal(number)


@contextmanager
def _blocked_interrupts() -> Iterator[None]:
    """Block interrupts in this thread, and so in the processes that it starts."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _WorkerPool:
    """Worker processes, started anew when a task brings one down."""

    def __init__(self, work: Callable[[Any], Any], jobs: int, ended: Callable[[Any, float], Any]) -> None:
        self._work, self._jobs, self._ended = work, jobs, ended
        self._pool = self._start()

    def _start(self) -> ProcessPoolExecutor:
        """Make a pool of new processes, which start at its first task."""
        context = multiprocessing.get_context("spawn")
        return _Deaf(self._jobs, context, initializer=_prepare, initargs=(self._work,))

    def map(self, chunks: Iterator[Sequence[Any]]) -> Iterator[Any]:
        """Keep a window of chunks in work, and give back in order what becomes of them."""
        window: deque[Sequence[Any]] = deque()
        futures: deque[Future[list[Any]]] = deque()
        while True:
            outcomes: Iterable[Any]
            try:
                for chunk in islice(chunks, self._jobs * AHEAD - len(window)):
                    window.append(chunk)
                    futures.append(self._pool.submit(_do, chunk))
                if not window:
                    return
                outcomes = futures.popleft().result()
                window.popleft()
            except BrokenProcessPool:
                self._restart()
                outcomes = map(self._do_alone, list(chain.from_iterable(window)))
                window.clear()
                futures.clear()
            yield from outcomes

    def _do_alone(self, task: Any) -> Any:  # noqa: ANN401 (whatever the work takes and gives)
        """Do one of the tasks that were in work when a worker died: the guilty one dies alone."""
        began = time.monotonic()
        try:
            return self._pool.submit(_do, [task]).result()[0]
        except BrokenProcessPool:
            seconds = time.monotonic() - began
            self._restart()
            return self._ended(task, seconds)

    def _restart(self) -> None:
        self.stop()
        self._pool = self._start()
        try:
            self._pool.submit(os.getpid).result()
        except BrokenProcessPool as error:
            raise ImgsimError(
                'worker processes cannot start: a script that indexes must do so under `if __name__ == "__main__":`'
            ) from error

    def stop(self) -> None:
        """End the workers, once each has finished what it is at."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def cut_into_chunks(tasks: Sequence[Task], jobs: int) -> Iterator[Sequence[Task]]:
    """Cut tasks into ever smaller chunks, of half a worker's share of what remains: so all finish together.

    Guided self-scheduling (C. D. Polychronopoulos, D. J. Kuck, IEEE Transactions on Computers C-36(12), 1987).
    """
    start = 0
    while start < len(tasks):
        size = min(CHUNK, max(1, (len(tasks) - start) // (2 * jobs)))
        yield tasks[start : start + size]
        start += size


def _prepare(work: Callable[[Any], Any]) -> None:
    """Prepare a worker process."""
    global _work  # noqa: PLW0603 (a pool's initializer has nowhere else to leave it)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    bounds.make_expendable()
    threading.Thread(target=follow_parent, daemon=True).start()
    _work = work


def follow_parent() -> None:
    """End this process when its parent is killed, which would leave it waiting for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do(tasks: Sequence[Any]) -> list[Any]:
    return [_work(task) for task in tasks]
