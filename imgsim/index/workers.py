"""Measuring photos in several processes, in order, whatever happens to one of them."""

from __future__ import annotations

import os
import sys
from collections import deque
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import TYPE_CHECKING

from imgsim.errors import ImgsimError
from imgsim.index.measuring import Measurer
from imgsim.index.store import Failure
from imgsim.processes import one_thread_each, start_pool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imgsim.index.measuring import Outcome
    from imgsim.index.tasks import Assignment, Task

CHUNK = 16  # photos sent to a worker at a time, while there are many
AHEAD = 3  # chunks waiting for each worker: enough to keep it busy, few enough to hold in memory
CRASHED = "the decoder crashed on it"

_measurer: Measurer | None = None  # of this worker process


def measure_photos(assignment: Assignment, tasks: Sequence[Task], jobs: int) -> Iterator[list[Outcome]]:
    """Measure photos, chunk by chunk, in the order of the tasks."""
    chunks = _chunks(tasks, jobs)
    if min(jobs, len(tasks) // CHUNK) < 2:
        measurer = Measurer(assignment)
        yield from (measurer.measure(chunk) for chunk in chunks)
        return
    with one_thread_each():
        crew = _Crew(assignment, jobs)
        try:
            yield from crew.measure(chunks)
        finally:
            crew.dismiss()


class _Crew:
    """Worker processes, replaced when a photo brings one down."""

    def __init__(self, assignment: Assignment, jobs: int) -> None:
        self._assignment = assignment
        self._jobs = jobs
        self._pool = start_pool(jobs, _start, assignment)

    def measure(self, chunks: Iterator[Sequence[Task]]) -> Iterator[list[Outcome]]:
        """Keep a window of chunks in work, and give them back in order."""
        window: deque[tuple[Sequence[Task], Future[list[Outcome]]]] = deque()
        while True:
            for chunk in islice(chunks, self._jobs * AHEAD - len(window)):
                window.append((chunk, self._submit(chunk)))
            if not window:
                return
            chunk, future = window.popleft()
            try:
                yield future.result()
            except BrokenProcessPool:
                waiting = [chunk, *(later for later, _ in window)]
                window.clear()
                self._rehire()
                for suspects in waiting:
                    yield [self._measure_alone(task) for task in suspects]

    def _submit(self, chunk: Sequence[Task]) -> Future[list[Outcome]]:
        try:
            return self._pool.submit(_measure, chunk)
        except BrokenProcessPool as error:
            broken: Future[list[Outcome]] = Future()
            broken.set_exception(error)
            return broken

    def _measure_alone(self, task: Task) -> Outcome:
        """Measure one of the photos that were in work when a worker died: the guilty one dies alone."""
        try:
            return self._pool.submit(_measure, [task]).result()[0]
        except BrokenProcessPool:
            self._rehire()
            return Failure(task.path, task.size, task.mtime_ns, CRASHED)

    def _rehire(self) -> None:
        self.dismiss()
        self._pool = start_pool(self._jobs, _start, self._assignment)
        try:
            self._pool.submit(os.getpid).result()
        except BrokenProcessPool as error:
            raise ImgsimError(
                'worker processes cannot start: a script that indexes must do so under `if __name__ == "__main__":`'
            ) from error

    def dismiss(self) -> None:
        """End the workers, once each has finished what it is at."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _chunks(tasks: Sequence[Task], jobs: int) -> Iterator[Sequence[Task]]:
    """Cut tasks into chunks, the last ones ever smaller: so all workers finish together, however long a photo takes.

    Guided self-scheduling (C. D. Polychronopoulos, D. J. Kuck, IEEE Transactions on Computers C-36(12), 1987), with
    chunks of half the share that is each worker's of what remains.
    """
    start = 0
    while start < len(tasks):
        size = min(CHUNK, max(1, (len(tasks) - start) // (2 * jobs)))
        yield tasks[start : start + size]
        start += size


def _start(assignment: Assignment) -> None:
    """Prepare a worker process."""
    global _measurer  # noqa: PLW0603 (a pool's initializer has nowhere else to leave it)
    _measurer = Measurer(assignment)
    if "cv2" in sys.modules:  # networks do without
        sys.modules["cv2"].setNumThreads(1)


def _measure(tasks: Sequence[Task]) -> list[Outcome]:
    assert _measurer is not None
    return _measurer.measure(tasks)
