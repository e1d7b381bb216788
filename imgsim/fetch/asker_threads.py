"""Threads that ask, one request each at a time, while one other hands out what is asked and takes in what comes."""

from __future__ import annotations

import os
import queue
import shutil
import threading
import time
from typing import TYPE_CHECKING

from imgsim.bounds import OURS
from imgsim.fetch.asker import Asker, DiskFailed
from imgsim.fetch.catalogue_database import FOLDER
from imgsim.fetch.checked_transport import read_certificates
from imgsim.fetch.written_tables import disk_error

if TYPE_CHECKING:
    from typing import Self, TypeAlias

    from imgsim.fetch.asker import Outcome
    from imgsim.fetch.fetch_options import FetchOptions
    from imgsim.fetch.host_queue import Ask

    Came: TypeAlias = tuple["AskerThread", Ask, Outcome]

PARTS = "parts"
PATIENCE = 1.0  # second, for threads whose connections have ended; what they are at else is not waited for


class AskerThread:
    """A thread that asks with connections of its own, of which it keeps the last: `origin` is where that leads."""

    def __init__(self, name: str, asker: Asker, came: queue.SimpleQueue[Came]) -> None:
        self._asker, self._came, self.origin = asker, came, ""
        self._asked: queue.SimpleQueue[Ask | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        """Wait for what is to be asked."""
        self._thread.start()

    def put(self, ask: Ask) -> None:
        """Have it asked."""
        self.origin = ask.origin
        self._asked.put(ask)

    def stop(self) -> None:
        """Ask no more."""
        self._asked.put(None)

    def abort(self) -> None:
        """End what is being waited for."""
        self._asker.end()

    def join(self, seconds: float) -> None:
        """Wait so long for its end, and close its connections."""
        self._thread.join(timeout=seconds)
        self._asker.close()

    def _work(self) -> None:
        while (ask := self._asked.get()) is not None:
            try:
                outcome: Outcome = self._asker.ask(ask)
            except Exception as error:  # noqa: BLE001 (else nobody would hear of it)
                outcome = DiskFailed(error)
            self._came.put((self, ask, outcome))


class AskerThreads:
    """At most so many threads; what they are at ends with the block, and what came until then can still be taken."""

    def __init__(self, folder: str, options: FetchOptions, most: int) -> None:
        self._parts = os.path.join(folder, FOLDER, PARTS)
        shutil.rmtree(self._parts, ignore_errors=True)  # of a run that was killed
        try:
            os.makedirs(self._parts, exist_ok=True)
        except OSError as error:
            raise disk_error(folder, error) from error
        self._came: queue.SimpleQueue[Came] = queue.SimpleQueue()
        certificates = read_certificates()
        self._threads = [
            AskerThread(f"{OURS}fetch-{number}", Asker(self._parts, options, certificates), self._came)
            for number in range(min(options.connections, most))
        ]
        self._free = list(self._threads)  # the longest free first

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.stop()
        if self.active:
            for thread in self._threads:
                thread.abort()
        end = time.monotonic() + PATIENCE
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    @property
    def active(self) -> int:
        """How many threads are asking."""
        return len(self._threads) - len(self._free)

    @property
    def busy(self) -> bool:
        """Whether no thread is free."""
        return not self._free

    def put(self, ask: Ask) -> None:
        """Have it asked, by the thread that was there last if it is free."""
        thread = next((one for one in reversed(self._free) if one.origin == ask.origin), self._free[0])
        self._free.remove(thread)
        thread.put(ask)

    def take(self, seconds: float = 0.0) -> list[tuple[Ask, Outcome]]:
        """Give what came, after waiting for it so long at most."""
        came: list[tuple[Ask, Outcome]] = []
        try:
            thread, ask, outcome = self._came.get(block=seconds > 0, timeout=seconds or None)
            while True:
                self._free.append(thread)
                came.append((ask, outcome))
                thread, ask, outcome = self._came.get_nowait()
        except queue.Empty:
            return came

    def clear(self) -> None:
        """Remove what came and was not taken."""
        shutil.rmtree(self._parts, ignore_errors=True)
