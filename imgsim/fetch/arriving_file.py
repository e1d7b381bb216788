"""A file that comes: in memory as long as it is short, so that the disk hears only of photos that are kept."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO, Self

SHORT = 1 << 18  # bytes, that most photos of shops are within
_BUFFER = 1 << 16  # bytes


class ArrivingFile:
    """What comes for a path, to be read from `stream`; after the block there is a file only if it was kept."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._memory = io.BytesIO()
        self.stream: BinaryIO = self._memory
        self._kept = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stream.close()
        finally:
            if self._on_disk and not self._kept:
                with suppress(OSError):
                    os.unlink(self.path)

    @property
    def _on_disk(self) -> bool:
        return self.stream is not self._memory

    def write(self, piece: bytes) -> None:
        """Add what came."""
        if not self._on_disk and self.stream.tell() + len(piece) > SHORT:
            self._to_disk()
        self.stream.write(piece)

    def keep(self) -> None:
        """Have it on the disk, whole."""
        if not self._on_disk:
            self._to_disk()
        self.stream.close()
        self._kept = True

    def _to_disk(self) -> None:
        self.stream = open(self.path, "xb+", buffering=_BUFFER)  # noqa: SIM115 (as long as the block)
        self.stream.write(self._memory.getbuffer())
