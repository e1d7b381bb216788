"""Work in processes comes back in order, tells what went wrong, and outlives the tasks that end their process."""

import os
import signal
import threading

import pytest

from imgsim.errors import ImgsimError
from imgsim.processes import CHUNK
from imgsim.worker_pool import AHEAD, cut_into_chunks, map_in_processes


class Poison(str):
    """A text that ends the process that it comes to, as a crashing decoder would."""

    def __reduce__(self):
        return os._exit, (1,)


def test_answers_come_in_the_order_of_the_tasks():
    assert list(map_in_processes(str.upper, list("abcdefgh"), 2)) == list("ABCDEFGH")
    assert list(map_in_processes(str.upper, [], 2)) == []


def test_they_are_other_processes_with_one_thread_each():
    here = os.environ.get("OPENBLAS_NUM_THREADS")
    assert set(map_in_processes(os.getenv, ["OPENBLAS_NUM_THREADS"] * 4, 2)) == {"1"}
    assert set(map_in_processes(_opencv_threads, [0] * 4, 2)) == {1}
    assert os.environ.get("OPENBLAS_NUM_THREADS") == here


def _opencv_threads(_):
    import cv2

    return cv2.getNumThreads()


def test_an_error_is_passed_on():
    with pytest.raises(ValueError, match="invalid literal"):
        list(map_in_processes(int, ["1", "one"], 2))


def test_a_process_brought_down_is_said():
    with pytest.raises(ImgsimError, match="a process was brought down"):
        list(map_in_processes(os._exit, [3], 2))


@pytest.mark.parametrize(("jobs", "guilty"), [(1, [20]), (2, [0, 99]), (2, [50, 51])])
def test_a_task_that_ends_its_process_is_told_and_the_others_are_done(jobs, guilty):
    tasks = [Poison(place) if place in guilty else str(place) for place in range(100)]
    outcomes = list(map_in_processes(str.strip, tasks, jobs, lambda task, seconds: f"crashed: {task}"))
    assert outcomes == [f"crashed: {place}" if place in guilty else str(place) for place in range(100)]


def test_no_more_is_read_ahead_than_keeps_the_workers_busy():
    taken = []
    tasks = list(range(1000))
    outcomes = map_in_processes(str, _Watched(tasks, taken), 2)
    assert next(outcomes) == "0"
    outcomes.close()
    assert max(taken) <= 2 * AHEAD * CHUNK


class _Watched(list):
    def __init__(self, tasks, taken):
        super().__init__(tasks)
        self.taken = taken

    def __getitem__(self, part):
        self.taken.append(part.stop)
        return super().__getitem__(part)


@pytest.mark.parametrize("count", [0, 1, 40, 150])
def test_chunks_shrink_toward_the_end_and_lose_no_task(count):
    chunks = list(cut_into_chunks(range(count), 2))
    sizes = [len(chunk) for chunk in chunks]
    assert sizes == sorted(sizes, reverse=True)
    assert max(sizes, default=0) <= CHUNK
    assert sizes[-2:] == [1] * min(count, 2)
    assert [task for chunk in chunks for task in chunk] == list(range(count))


def test_a_stop_that_meets_the_start_of_the_pool_waits_until_it_can_be_ended(monkeypatch):
    start = threading.Thread.start

    def stopped_before(thread):
        signal.raise_signal(signal.SIGTERM)
        start(thread)

    def stop(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        monkeypatch.setattr(threading.Thread, "start", stopped_before)
        with pytest.raises(KeyboardInterrupt):
            list(map_in_processes(str.upper, ["a"], 1))
        monkeypatch.undo()
        assert signal.getsignal(signal.SIGTERM) is stop
        assert list(map_in_processes(str.upper, ["a"], 1)) == ["A"]
    finally:
        signal.signal(signal.SIGTERM, before)
