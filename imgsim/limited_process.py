"""Work in a process of its own, with limits of time and memory: for what strangers made, and may crash or never end."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from imgsim import bounds
from imgsim.errors import ImgsimError
from imgsim.worker_pool import follow_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

T = TypeVar("T")
LONGEST = 1e6  # seconds that a system can wait at once
_start = threading.Lock()


class LimitError(ImgsimError):
    """Work that ended without an answer: it crashed, or took more time or memory than it may."""


def run_limited(work: Callable[..., T], *arguments: object, seconds: float, megabytes: float) -> T:
    """Work in a process of its own and give its answer, or raise its ImgsimError; LimitError if there is none.

    The work and its arguments travel by name and by value. Memory is limited on Linux.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(sender, megabytes, work, arguments), daemon=True)
    with receiver:
        with _without_script():
            process.start()
        sender.close()
        try:
            if not receiver.poll(min(seconds, LONGEST)):
                raise LimitError(f"takes more than {seconds:g} s", remedy="allow-more")
            answer, error = receiver.recv()
        except EOFError as ended:
            process.join()
            raise LimitError(f"crashed the process that looked at it (exit code {process.exitcode})") from ended
        finally:
            process.kill()
            process.join()
            process.close()
    if isinstance(error, MemoryError):
        raise LimitError(f"needs more than {megabytes:,.0f} MB of memory", remedy="allow-more") from error
    if error is not None:
        raise error
    return answer  # type: ignore[no-any-return]


@contextmanager
def _without_script() -> Iterator[None]:
    """Hide the program's main script from a process that is started: one that has no guard would be run again there."""
    with _start:
        script, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = script


def _work(sender: Connection, megabytes: float, work: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the parent, which then ends this process
    threading.Thread(target=follow_parent, daemon=True).start()
    _silence()
    bounds.make_own()
    try:
        with bounds.bounded_memory(megabytes):
            outcome: tuple[Any, Exception | None] = work(*arguments), None
    except Exception as error:  # noqa: BLE001 (whatever it is, it is the parent's to raise)
        outcome = None, error
    with suppress(OSError):
        sender.send(outcome)


def _silence() -> None:
    """Let native code, which cannot raise when it crashes, complain to nobody."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
