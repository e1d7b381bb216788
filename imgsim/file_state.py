"""What the file system tells of a file: which one a name is of, and its numbers as an index can keep them."""

from __future__ import annotations

import os
from typing import NamedTuple, TypeAlias

Identity: TypeAlias = "tuple[int, int] | str"  # device and inode, or the real path where there are none

LARGEST = 2**63 - 1  # of SQLite's integers


class FileState(NamedTuple):
    """A file's bytes, and when it was last written to, in nanoseconds since the epoch."""

    size: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileState:
        """Read it; a time before 1677 or after 2262 counts as the first or last that 64 bits hold."""
        return cls(within_64_bits(status.st_size), within_64_bits(status.st_mtime_ns))


def within_64_bits(number: int) -> int:
    """Give the nearest number that a signed integer of 64 bits holds."""
    return number if -LARGEST <= number <= LARGEST else max(-LARGEST - 1, min(number, LARGEST))


def identity_of(path: str, status: os.stat_result | None = None) -> Identity:
    """Tell which file or folder a path leads to, alike for all of its names, by links of either kind."""
    if status is None or not status.st_ino:  # on Windows what a folder's entry knows has none
        status = os.stat(path)
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(path)
