"""A side process answers one request after another; what hangs or crashes there ends there, and holds on to nothing."""

import fcntl
import os
import re
import signal
import time
from pathlib import Path

import pytest

from imgsim import bounds, side_process
from imgsim.side_process import SideProcessError, SideProcesses

if not side_process.AVAILABLE:
    pytest.skip("no process can be forked here", allow_module_level=True)


def answer(request, descriptor):
    with open(descriptor, "rb") as file:
        content = file.read()
    match request:
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hang":
            re.match("(a+)+$", "a" * 64 + "b")  # no Python runs meanwhile
        case "files":
            return sorted(map(int, os.listdir("/proc/self/fd")))
        case "large":
            return bytes(30_000_000)
        case "no answer":
            return lambda: None  # which cannot travel
    return request, content, os.getpid()


@pytest.fixture
def sides():
    return SideProcesses(answer)


@pytest.fixture
def ask(sides, tmp_path):
    (tmp_path / "file").write_bytes(b"content")

    def ask_for(request, seconds=30.0):
        with open(tmp_path / "file", "rb") as file:
            return sides.ask(request, file.fileno(), seconds)

    return ask_for


def test_one_process_answers_all(ask):
    first, again = ask("one"), ask({"two": 2})
    assert (first[:2], again[:2]) == (("one", b"content"), ({"two": 2}, b"content"))
    assert first[2] == again[2] != os.getpid()
    assert len(ask("large")) == 30_000_000


@pytest.mark.parametrize("request_", ["crash", "no answer"])
def test_one_that_dies_is_told_and_replaced(ask, request_):
    first = ask("one")
    with pytest.raises(SideProcessError):
        ask(request_)
    assert ask("two")[2] != first[2]


def test_one_that_died_idle_is_replaced(ask):
    first = ask("one")
    os.kill(first[2], signal.SIGKILL)
    assert ask("two")[2] != first[2]


def test_one_that_hangs_is_ended(ask, monkeypatch):
    monkeypatch.setattr(bounds, "GRACE", 0.1)
    first, began = ask("one"), time.monotonic()
    with pytest.raises(TimeoutError):
        ask("hang", seconds=0.2)
    assert time.monotonic() - began < 10
    with pytest.raises(ProcessLookupError):
        os.kill(first[2], 0)
    assert ask("two")[2] != first[2]


def test_it_holds_on_to_no_file_and_no_lock(ask, tmp_path):
    with open(tmp_path / "lock", "wb") as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)
        assert len(ask("files")) <= 6  # standard ones, a null device, the way to it, and the list itself
    with open(tmp_path / "lock", "wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_it_ends_with_whoever_asks(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    read, write = os.pipe()
    parent = os.fork()
    if parent == 0:
        try:
            with open(tmp_path / "file", "rb") as file:
                os.write(write, str(SideProcesses(answer).ask("one", file.fileno(), 30)[2]).encode())
        finally:
            os._exit(0)
    os.waitpid(parent, 0)
    pid = int(os.read(read, 100))
    for _ in range(100):
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.05)
    else:
        pytest.fail("it outlives whoever asked")
    os.close(read)
    os.close(write)


def test_a_fork_of_this_process_asks_one_of_its_own(ask, sides, tmp_path):
    first = ask("one")
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with open(tmp_path / "file", "rb") as file:
                os.write(write, str(sides.ask("one", file.fileno(), 30)[2]).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(read, 100)) != first[2]
    assert ask("two")[2] == first[2]
    os.close(read)
    os.close(write)


def test_whoever_reads_a_file_goes_on_where_it_was(sides, tmp_path):
    content = bytes(range(256)) * 4096  # more than is buffered
    (tmp_path / "file").write_bytes(content)
    with (tmp_path / "file").open("rb") as file:
        start = file.read(100)
        assert sides.ask("read it", file.fileno(), 10)[1].endswith(content[-100:])
        file.seek(0)
        assert (start, file.read()) == (content[:100], content)
