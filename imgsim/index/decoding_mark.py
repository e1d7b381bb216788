"""A mark in the index's folder while photos are decoded: where it stays, a decoder may have ended its process."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = "decoding"  # an empty file, and never read


@contextmanager
def decoding_mark(directory: str) -> Iterator[bool]:
    """Leave a mark while photos are decoded, and tell whether a run that died left one.

    A run that found one takes it away when it comes to its end; stopped before, it may not have met the culprit.
    """
    path = os.path.join(directory, MARK)
    found = os.path.lexists(path)
    with suppress(OSError):  # on a full disk photos are decoded without
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))  # follows no link
    stopped = True
    try:
        yield found
        stopped = False
    finally:
        if not (found and stopped):
            with suppress(OSError):
                os.unlink(path)
