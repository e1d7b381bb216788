"""Opening a file of the user's, and nothing but a file: a pipe would wait, and a device never end."""

from __future__ import annotations

import errno
import io
import os
import stat

from imgsim.errors import WeightsError

LARGEST = (1 << 31) - 1  # bytes of what is read at once: protobuf's own limit


def open_regular(path: str) -> io.BufferedReader[io.FileIO]:
    """Open a file to be read; OSError where there is none, WeightsError where it is something else."""
    stream = io.BufferedReader(io.FileIO(path, opener=_open_at_once))
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise WeightsError("not a regular file")
    return stream


def read_regular(path: str, most: int = LARGEST) -> bytes:
    """Read a file that is one, and no larger than such a file can be."""
    with open_regular(path) as stream:
        if os.fstat(stream.fileno()).st_size > most:
            raise WeightsError(f"larger than the {most / 1e6:,.0f} MB that such a file can have")
        content = stream.read(most)
    if content is None:  # as some in /proc answer
        raise BlockingIOError(errno.EAGAIN, "it gives nothing to read now")
    return content


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
