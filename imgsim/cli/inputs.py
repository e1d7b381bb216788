"""Photos named on the command line, or on stdin, or sent through it."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from itertools import chain, groupby
from typing import TYPE_CHECKING, NamedTuple, cast

from imgsim.cli import stderr
from imgsim.cli.remedies import explain
from imgsim.errors import ImageReadError, ImgsimError
from imgsim.images.formats import HEAD, sniff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from io import BufferedReader

    from imgsim.core import Extractor
    from imgsim.features.measure import Measured
    from imgsim.images.find import Found, FoundImage
    from imgsim.images.limits import Limits


CHUNK = 1 << 16  # bytes


class QueryPhoto(NamedTuple):
    """A photo and the name it was given: a path, or bytes that came through stdin under the name `-`."""

    name: str
    source: str | bytes


@contextmanager
def standard_input() -> Iterator[BufferedReader]:
    """Give what to read bytes from; one that cannot be read says so."""
    try:
        yield cast("BufferedReader", sys.stdin.buffer)
    except OSError as error:
        raise ImgsimError(f"standard input: cannot be read ({error.strerror})") from error


def expand_photos(names: Iterable[str]) -> Iterator[QueryPhoto]:
    """Give the photos that arguments stand for, as they come; ``-`` reads paths from stdin, or one picture's bytes."""
    return chain.from_iterable(photo_groups(names))


def photo_groups(names: Iterable[str]) -> Iterator[list[QueryPhoto]]:
    """Give the photos that arguments stand for, those together that are there at once: on stdin others may be late."""
    for is_stdin, group in groupby(names, "-".__eq__):
        if is_stdin:
            with standard_input() as stream:
                yield from _from_stdin(stream)
        else:
            yield [QueryPhoto(name, name) for name in group]


def measure_photos(
    names: Iterable[str], extractors: Sequence[Extractor], limits: Limits, *, digest: bool = False
) -> Iterator[Measured | ImageReadError]:
    """Measure the photos that arguments stand for, as they come, and say which cannot be read."""
    from imgsim.features.measure import Task, measure

    tasks = (Task(photo.source, photo.name) for photo in expand_photos(names))
    for photo in measure(tasks, extractors, limits=limits, digest=digest):
        if isinstance(photo, ImageReadError):
            stderr.complain(f"imgsim: {explain(photo)}")
        yield photo


def photos_among(folder: str, found: Found) -> list[FoundImage]:
    """Give the pictures found in a folder but for those that imgsim drew, and say how many of these there are."""
    from imgsim.images.find import DRAWN, without_drawn

    photos = without_drawn(folder, found.images)
    if drawn := len(found.images) - len(photos):
        hint = "" if stderr.is_verbose() else " (-v names what was)"
        stderr.say(f"{folder}: {drawn:,} picture{'s' * (drawn != 1)} drawn by imgsim passed over{hint}")
        for path in sorted({image.path for image in found.images} - {image.path for image in photos}):
            stderr.detail(f"passed over {path}: {DRAWN}")
    return photos


def photos_in(folder: str, complain: Callable[[str], None]) -> list[QueryPhoto]:
    """Give the photos that indexing a folder would find, less what imgsim drew; complain of what is unreadable."""
    from imgsim.images.find import find_images

    try:
        found = find_images(folder)
    except OSError as error:
        raise ImgsimError(f"{folder}: {error.strerror}") from error
    for path, reason in found.unreadable:
        complain(f"{os.path.join(folder, path)}: {reason}")
    paths = [os.path.join(folder, image.path) for image in photos_among(folder, found)]
    return [QueryPhoto(path, path) for path in paths]


def listed_paths(name: str) -> Iterator[str]:
    """Read the paths listed in a file, or on stdin if it is named ``-``."""
    if name == "-":
        with standard_input() as stream:
            yield from read_paths(stream)
    else:
        with open(name, "rb") as stream:
            yield from read_paths(stream)


def listed_photos(*, null: bool) -> list[str]:
    """Read all paths listed on stdin: by NUL, where asked or where there is any, otherwise a line each."""
    with standard_input() as stream:
        data = stream.read()
    if sniff(data[:HEAD]):
        raise ImgsimError("standard input: a picture, where paths are read, one a line")
    separator = b"\0" if null or b"\0" in data else b"\n"
    return decoded_lines(data, separator)


def decoded_lines(data: bytes, separator: bytes) -> list[str]:
    """Decode what a separator ends, lines or paths, less what is empty."""
    return _decoded(data.split(separator), separator)


def read_paths(stream: BufferedReader) -> Iterator[str]:
    """Read paths as they arrive, separated by NUL if there is any, otherwise a line each."""
    return chain.from_iterable(_path_groups(stream, b""))


def _path_groups(stream: BufferedReader, data: bytes) -> Iterator[list[str]]:
    """Read paths, those together that arrive at once."""
    while not _separated(data) and (more := stream.read1(CHUNK)):
        data += more
    separator = b"\0" if b"\0" in data else b"\n"
    while data:
        *names, data = data.split(separator)
        yield _decoded(names, separator)
        more = stream.read1(CHUNK)
        if not more:
            yield _decoded([data], separator)
            return
        data += more


def _decoded(names: Iterable[bytes], separator: bytes) -> list[str]:
    """Decode names, less the carriage returns of lines that come from elsewhere; pass over empty ones."""
    bare = (name.rstrip(b"\r") if separator == b"\n" else name for name in names)
    return [os.fsdecode(name) for name in bare if name]


def _separated(data: bytes) -> bool:
    return b"\n" in data or b"\0" in data


def _from_stdin(stream: BufferedReader) -> Iterator[list[QueryPhoto]]:
    head = b""
    while len(head) < HEAD and not sniff(head) and not _separated(head) and (more := stream.read1(CHUNK)):
        head += more
    if sniff(head):
        yield [QueryPhoto("-", head + stream.read())]
    else:
        yield from ([QueryPhoto(path, path) for path in paths] for paths in _path_groups(stream, head))
