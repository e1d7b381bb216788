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
from imgsim.fetch.written_tables import disk_error

if TYPE_CHECKING:
    from typing import Self

    from imgsim.fetch.asker import Outcome
    from imgsim.fetch.fetch_options import FetchOptions
    from imgsim.fetch.host_queue import Ask

PARTS = "parts"
PATIENCE = 1.0  # second, for threads whose connections have ended; what they are at else is not waited for


class AskerThreads:
    """At most so many threads; what they are at ends with the block, and what came until then can still be taken."""

    def __init__(self, folder: str, options: FetchOptions, most: int) -> None:
        self._parts = os.path.join(folder, FOLDER, PARTS)
        shutil.rmtree(self._parts, ignore_errors=True)  # of a run that was killed
        try:
            os.makedirs(self._parts, exist_ok=True)
        except OSError as error:
            raise disk_error(folder, error) from error
        self._asker = Asker(self._parts, options)
        self._asked: queue.SimpleQueue[Ask | None] = queue.SimpleQueue()
        self._came: queue.SimpleQueue[tuple[Ask, Outcome]] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"{OURS}fetch-{number}", daemon=True)
            for number in range(min(options.connections, most))
        ]
        self.active = 0

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for _thread in self._threads:
            self._asked.put(None)
        if self.active:
            self._asker.end()
        end = time.monotonic() + PATIENCE
        for thread in self._threads:
            thread.join(timeout=max(0.0, end - time.monotonic()))
        self._asker.close()

    @property
    def busy(self) -> bool:
        """Whether no thread is free."""
        return self.active >= len(self._threads)

    def put(self, ask: Ask) -> None:
        """Have it asked."""
        self.active += 1
        self._asked.put(ask)

    def take(self, seconds: float = 0.0) -> list[tuple[Ask, Outcome]]:
        """Give what came, after waiting for it so long at most."""
        came: list[tuple[Ask, Outcome]] = []
        try:
            came.append(self._came.get(block=seconds > 0, timeout=seconds or None))
            while True:
                came.append(self._came.get_nowait())
        except queue.Empty:
            self.active -= len(came)
            return came

    def clear(self) -> None:
        """Remove what came and was not taken."""
        shutil.rmtree(self._parts, ignore_errors=True)

    def _work(self) -> None:
        while (ask := self._asked.get()) is not None:
            try:
                outcome: Outcome = self._asker.ask(ask)
            except Exception as error:  # noqa: BLE001 (else nobody would hear of it)
                outcome = DiskFailed(error)
            self._came.put((ask, outcome))
