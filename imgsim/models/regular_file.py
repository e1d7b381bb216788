"""Opening a file of the user's, and nothing but a file: a pipe would wait, and a device never end."""

from __future__ import annotations

import io
import os
import stat

from imgsim.errors import WeightsError
from imgsim.files import UnblockedFile, open_unblocked

LARGEST = (1 << 31) - 1  # bytes of what is read at once: protobuf's own limit


def open_regular(path: str) -> io.BufferedReader[UnblockedFile]:
    """Open a file to be read; OSError where there is none, WeightsError where it is something else."""
    stream = io.BufferedReader(UnblockedFile(path, opener=open_unblocked))
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise WeightsError("not a regular file")
    return stream


def read_regular(path: str, most: int = LARGEST) -> bytes:
    """Read a file that is one, and no larger than such a file can be."""
    with open_regular(path) as stream:
        if os.fstat(stream.fileno()).st_size > most:
            raise WeightsError(f"larger than the {most / 1e6:,.0f} MB that such a file can have")
        return stream.read(most)
