"""The system holds work to the memory and the time that it was given, and to no less once it is done."""

import subprocess
import sys
import threading

import pytest

from imgsim import bounds

resource = pytest.importorskip("resource")
if sys.platform != "linux":
    pytest.skip("only Linux holds a process to its memory", allow_module_level=True)


def limit():
    return resource.getrlimit(resource.RLIMIT_DATA)


@pytest.fixture(autouse=True)
def command(monkeypatch):
    """As in a command, whatever threads earlier tests left."""
    monkeypatch.setattr(bounds, "shared", False)


TAKES_MORE = """
import resource
from imgsim import bounds

before = resource.getrlimit(resource.RLIMIT_DATA)
with bounds.bounded_memory(50):
    assert len(bytearray(10_000_000)) == 10_000_000
    try:
        bytearray(100_000_000)
    except MemoryError:
        print("refused")
assert resource.getrlimit(resource.RLIMIT_DATA) == before
assert len(bytearray(100_000_000)) == 100_000_000
"""


def test_work_that_takes_more_memory_than_it_may_fails_and_what_follows_may_take_it():
    # In a process of its own: what earlier tests gave back to this one may be taken again.
    ran = subprocess.run([sys.executable, "-c", TAKES_MORE], capture_output=True, text=True, check=True)
    assert ran.stdout == "refused\n"


def test_it_ends_with_an_error_too():
    before = limit()
    with pytest.raises(ValueError, match="damaged"), bounds.bounded_memory(50):
        raise ValueError("damaged")
    assert limit() == before


def test_work_within_work_may_take_as_much_again():
    with bounds.bounded_memory(50):
        outer = limit()
        with bounds.bounded_memory(50):
            assert limit()[0] - outer[0] >= 49_000_000
            assert len(bytearray(60_000_000)) == 60_000_000


def test_any_number_will_do():
    before = limit()
    with bounds.bounded_memory(float("inf")), bounds.bounded_memory(0.001):
        pass
    assert limit() == before


@pytest.fixture
def beside(monkeypatch):
    """Start a thread of some name beside this one, and let it be all that there is."""
    monkeypatch.setattr(bounds, "shared", True)
    stop, started = threading.Event(), []

    def start(name=None):
        started.append(threading.Thread(target=stop.wait, name=name))
        monkeypatch.setattr(threading, "enumerate", lambda: [threading.current_thread(), *started])
        started[-1].start()

    yield start
    stop.set()
    for thread in started:
        thread.join()


def test_our_own_threads_take_none(beside):
    beside(f"{bounds.OURS}watch")
    before = limit()
    with bounds.bounded_memory(50):
        assert limit() != before
    assert limit() == before


def test_threads_of_others_are_left_alone(beside):
    beside()
    before = limit()
    with bounds.bounded_memory(50):
        assert limit() == before


def test_a_command_holds_its_own_threads_to_it(beside):
    beside()
    bounds.make_own()
    before = limit()
    with bounds.bounded_memory(50):
        assert limit() != before


ENDLESS = """
import re, time
from imgsim import bounds
{begin}
with bounds.bounded_time(5):
    time.sleep(0.01)
print("in time", flush=True)
bounds.GRACE = 0.1
with bounds.bounded_time(0.1):
    re.match("(a+)+$", "a" * {length} + "b")  # no Python runs until it is done
print("done")
"""


def endless(begin, length):
    script = ENDLESS.format(begin=begin, length=length)
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    return result.returncode, result.stdout.split("\n")[:-1], result.stderr


def test_an_expendable_process_ends_when_its_time_is_over():
    assert endless("bounds.make_expendable()", 64) == (1, ["in time"], "")


def test_any_other_does_not():
    assert endless("", 21) == (0, ["in time", "done"], "")
