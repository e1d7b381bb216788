"""Processes beside this one that answer requests, one at a time: what hangs, crashes or grows there ends there.

They are forked, in some hundredths of a second, where that is safe beside threads: on Linux.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim import bounds

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from typing import NoReturn

    Answer = Callable[[Any, int], Any]

AVAILABLE = sys.platform == "linux"
_SIZE = struct.Struct("!Q")
_PIECE = 1 << 20  # bytes


class SideProcessError(Exception):
    """A side process that died of a request."""


class SideProcesses:
    """As many as requests are made at a time; `answer` is given a request, and a file descriptor that it closes."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._idle: list[_Side] = []
        if AVAILABLE:
            os.register_at_fork(after_in_child=self._idle.clear)

    def ask(self, request: object, descriptor: int, seconds: float) -> Any:  # noqa: ANN401 (what it answers)
        """Give the answer; TimeoutError, SideProcessError, or OSError where no process can be had."""
        with _kept_place(descriptor):
            with suppress(IndexError, SideProcessError):  # one that idled may have died of something else
                return self._ask(self._idle.pop(), request, descriptor, seconds)
            return self._ask(_fork(self._answer), request, descriptor, seconds)

    def _ask(self, side: _Side, request: object, descriptor: int, seconds: float) -> Any:  # noqa: ANN401
        began = time.monotonic()
        try:
            _send(side.socket, request, descriptor)
            side.socket.settimeout(min(seconds + 2 * bounds.GRACE, 1e6))
            answer, _ = _receive(side.socket)
        except BaseException as error:
            side.end()
            late = time.monotonic() - began >= seconds
            if isinstance(error, TimeoutError) or (isinstance(error, (OSError, EOFError)) and late):
                raise TimeoutError from error
            if isinstance(error, (OSError, EOFError)):
                raise SideProcessError from error
            raise
        side.socket.settimeout(None)
        self._idle.append(side)
        return answer


@contextmanager
def _kept_place(descriptor: int) -> Iterator[None]:
    """Put a file's place back, which the process that it is handed to moves for both: buffers here rely on it."""
    place = os.lseek(descriptor, 0, os.SEEK_CUR)
    try:
        yield
    finally:
        os.lseek(descriptor, place, os.SEEK_SET)


class _Side(NamedTuple):
    """A side process, and the way to it."""

    pid: int
    socket: socket.socket

    def end(self) -> None:
        """Kill it, and close the way to it."""
        self.socket.close()
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with suppress(ChildProcessError):  # whom somebody else waited for
            os.waitpid(self.pid, 0)


def _fork(answer: Answer) -> _Side:
    import socket

    ours, theirs = socket.socketpair()
    try:
        pid = os.fork()
    except OSError:
        ours.close()
        theirs.close()
        raise
    if pid == 0:
        try:
            _serve(theirs, answer)
        finally:
            os._exit(1)
    theirs.close()
    return _Side(pid, ours)


def _serve(theirs: socket.socket, answer: Answer) -> NoReturn:
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the parent
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    _close_all_but(theirs.fileno())
    bounds.make_expendable()
    while True:
        try:
            request, descriptor = _receive(theirs)
        except (OSError, EOFError):
            os._exit(0)
        _send(theirs, answer(request, descriptor))


def _close_all_but(kept: int) -> None:
    """Let go of the parent's files, and of the locks that it has on them."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nowhere, standard)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != kept:
            with suppress(OSError):
                os.close(int(name))


def _send(way: socket.socket, message: object, *descriptor: int) -> None:
    import socket

    data = pickle.dumps(message, protocol=5)
    if descriptor:
        socket.send_fds(way, [_SIZE.pack(len(data))], descriptor)
    else:
        way.sendall(_SIZE.pack(len(data)))
    way.sendall(data)


def _receive(way: socket.socket) -> tuple[Any, int]:
    import socket

    head, descriptors, _, _ = socket.recv_fds(way, _SIZE.size, 1)
    if not head:
        raise EOFError
    (size,) = _SIZE.unpack(head)
    data = bytearray(size)
    view, at = memoryview(data), 0
    while at < size:
        count = way.recv_into(view[at : at + _PIECE])
        if not count:
            raise EOFError
        at += count
    return pickle.loads(data), descriptors[0] if descriptors else -1  # noqa: S301 (from ourselves)
