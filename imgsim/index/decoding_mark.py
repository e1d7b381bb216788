"""A mark in the index's folder while photos are decoded: it stays where a decoder, or a kill, ended the process."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = "decoding"  # an empty file, and never read


@contextmanager
def decoding_mark(directory: str) -> Iterator[bool]:
    """Leave a mark while photos are decoded, and tell whether a run that died left one."""
    path = os.path.join(directory, MARK)
    died = os.path.lexists(path)
    with suppress(OSError):  # on a full disk photos are decoded without
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))  # follows no link
    try:
        yield died
    finally:
        with suppress(OSError):
            os.unlink(path)
