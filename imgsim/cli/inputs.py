"""Photos named on the command line, or on stdin, or sent through it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple, cast

from imgsim.images.formats import HEAD, sniff

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from io import BufferedReader


CHUNK = 1 << 16  # bytes


class QueryPhoto(NamedTuple):
    """A photo and the name it was given: a path, or bytes that came through stdin under the name `-`."""

    name: str
    source: str | bytes


def expand_photos(names: Iterable[str]) -> Iterator[QueryPhoto]:
    """Give the photos that arguments stand for, as they come; ``-`` reads paths from stdin, or one picture's bytes."""
    for name in names:
        if name == "-":
            yield from _from_stdin(cast("BufferedReader", sys.stdin.buffer))
        else:
            yield QueryPhoto(name, name)


def listed_paths(name: str) -> Iterator[str]:
    """Read the paths listed in a file, or on stdin if it is named ``-``."""
    if name == "-":
        yield from read_paths(cast("BufferedReader", sys.stdin.buffer))
    else:
        with open(name, "rb") as stream:
            yield from read_paths(stream)


def read_paths(stream: BufferedReader, head: bytes = b"") -> Iterator[str]:
    """Read paths as they arrive, separated by NUL if there is any, otherwise a line each; `head` was read already."""
    data = head
    while not _separated(data) and (more := stream.read1(CHUNK)):
        data += more
    separator = b"\0" if b"\0" in data else b"\n"
    while data:
        *names, data = data.split(separator)
        yield from _decoded(names, separator)
        more = stream.read1(CHUNK)
        if not more:
            yield from _decoded([data], separator)
            return
        data += more


def _decoded(names: Iterable[bytes], separator: bytes) -> Iterator[str]:
    """Decode names, less the carriage returns of lines that come from elsewhere; pass over empty ones."""
    bare = (name.rstrip(b"\r") if separator == b"\n" else name for name in names)
    return (os.fsdecode(name) for name in bare if name)


def _separated(data: bytes) -> bool:
    return b"\n" in data or b"\0" in data


def _from_stdin(stream: BufferedReader) -> Iterator[QueryPhoto]:
    head = b""
    while len(head) < HEAD and not sniff(head) and not _separated(head) and (more := stream.read1(CHUNK)):
        head += more
    if sniff(head):
        yield QueryPhoto("-", head + stream.read())
    else:
        for path in read_paths(stream, head):
            yield QueryPhoto(path, path)
