"""The pictures of a folder: which files are candidates, under which relative path, in a settled order."""

from __future__ import annotations

import os
import re
import stat
from fnmatch import translate
from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import ImgsimError
from imgsim.images.formats import HEAD, named_as_picture, sniff
from imgsim.images.reasons import system_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    _Matcher = Callable[[str, str], bool]


_LARGEST = 2**63 - 1  # of the integers that a store keeps


class FoundImage(NamedTuple):
    """A file that says it is a picture, by its first bytes or by its name's ending.

    `path` is relative to the root, posix, undecodable bytes as surrogate escapes; `mtime_ns` counts from the epoch,
    `ctime_ns` too, when anything about the file last changed. Where a system has no change time or inode, they are 0.
    """

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int = 0
    inode: int = 0

    @classmethod
    def of(cls, path: str, status: os.stat_result) -> FoundImage:
        """Tell what a file's status says of it, in numbers of 64 bits."""
        ctime = 0 if os.name == "nt" else status.st_ctime_ns  # there, the time when it was made
        return cls(path, status.st_size, status.st_mtime_ns, ctime, status.st_ino & _LARGEST)


class Found(NamedTuple):
    """What a folder holds: its pictures, sorted by the bytes of their paths, and how many files are none.

    `unreadable` lists folders and files that could not be looked at, each with the reason.
    """

    images: list[FoundImage]
    passed_over: int
    unreadable: list[tuple[str, str]]


def check_folder(folder: str) -> None:
    """Make sure that a folder is one."""
    if not os.path.isdir(folder):
        raise ImgsimError(f"{folder}: {'not a folder' if os.path.exists(folder) else 'no such folder'}")


def find_images(root: str | os.PathLike[str], *, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> Found:
    """Walk a folder for pictures, but for names that begin with a dot; OSError if it cannot be listed itself.

    Shell patterns, matched with case: without a slash against names, with one against paths, where ``*`` spans slashes.
    """
    walk = _Walk(os.fspath(root), _matcher(include), _matcher(exclude))
    at = os.stat(walk.root)
    walk.pending.append(_Pending("", ((at.st_dev, at.st_ino),), not include))
    while walk.pending:
        walk.folder(walk.pending.pop())
    walk.images.sort(key=_path_bytes)
    return Found(walk.images, walk.passed_over, walk.unreadable)


def list_images(root: str | os.PathLike[str], paths: Iterable[str]) -> Found:
    """Look at the files that are named, absolute or from the working folder, as `find_images` would.

    One named twice counts once; one that is missing, hidden or outside the root is unreadable, as it was named.
    """
    base = os.path.abspath(root)
    images: dict[str, FoundImage] = {}
    passed_over = 0
    unreadable = []
    for given in paths:
        try:
            relative = _relative(base, given)
            image = _look_at(base, relative)
        except (OSError, ValueError) as error:
            unreadable.append((given, system_reason(error) if isinstance(error, OSError) else str(error)))
            continue
        if image is None:
            passed_over += 1
        else:
            images[relative] = image
    return Found(sorted(images.values(), key=_path_bytes), passed_over, unreadable)


def comes_by(include: Sequence[str], exclude: Sequence[str]) -> Callable[[str], bool]:
    """Make a test of whether a walk by these patterns comes by a path, were it a picture.

    Examples
    --------
    >>> [path for path in ("a.png", "in/b.png", "in/private/c.png") if comes_by(["in"], ["private/"])(path)]
    ['in/b.png']
    """
    if not include and not exclude:
        return lambda _: True
    included, excluded = _matcher(include), _matcher(exclude)

    def test(path: str) -> bool:
        parts = path.split("/")
        steps = [("/".join(parts[:end]) + "/", f"{parts[end - 1]}/") for end in range(1, len(parts))]
        steps.append((path, parts[-1]))
        return not any(excluded(*step) for step in steps) and (not include or any(included(*step) for step in steps))

    return test


class _Pending(NamedTuple):
    """A folder to look through: its path, with a slash at the end unless it is the root, and what led there."""

    path: str
    above: tuple[tuple[int, int], ...]  # (device, inode) of it and every folder above it
    included: bool


class _Walk:
    """One walk over a folder, and what it has found so far."""

    def __init__(self, root: str, include: _Matcher, exclude: _Matcher) -> None:
        self.root = root
        self.included = include
        self.excluded = exclude
        self.pending: list[_Pending] = []
        self.images: list[FoundImage] = []
        self.passed_over = 0
        self.unreadable: list[tuple[str, str]] = []

    def folder(self, at: _Pending) -> None:
        """Look through one folder, and put those within it in the queue."""
        for entry in self._entries(at.path):
            path = at.path + entry.name
            try:
                if entry.is_dir():
                    self._queue(entry, path, at)
                elif not self.excluded(path, entry.name) and (at.included or self.included(path, entry.name)):
                    self._file(entry, path)
            except OSError as error:
                self.unreadable.append((path, system_reason(error)))

    def _entries(self, relative: str) -> Iterator[os.DirEntry[str]]:
        """Stream a folder's entries: each holds on to its file's status, too much to keep them all."""
        try:
            with os.scandir(os.path.join(self.root, relative)) as entries:
                yield from (entry for entry in entries if entry.name[0] != ".")
        except OSError as error:
            if not relative:
                raise
            self.unreadable.append((relative.rstrip("/"), system_reason(error)))

    def _queue(self, entry: os.DirEntry[str], path: str, at: _Pending) -> None:
        status = entry.stat()
        here = (status.st_dev, status.st_ino)
        folder, name = path + "/", entry.name + "/"
        if here not in at.above and not self.excluded(folder, name):
            self.pending.append(_Pending(folder, (*at.above, here), at.included or self.included(folder, name)))

    def _file(self, entry: os.DirEntry[str], path: str) -> None:
        if entry.is_file() and _is_candidate(entry.path):
            self.images.append(FoundImage.of(path, entry.stat()))
        elif entry.is_symlink() and named_as_picture(path) and not os.path.exists(entry.path):
            self.unreadable.append((path, "a link to nothing"))
        else:
            self.passed_over += 1


def _is_candidate(path: str) -> bool:
    """Tell whether a regular file's name or first bytes say picture; one that cannot be opened says nothing."""
    if named_as_picture(path):
        return True
    try:
        with open(path, "rb", buffering=0, opener=_open_at_once) as file:
            return sniff(file.read(HEAD) or b"") is not None
    except OSError:
        return False


def _open_at_once(path: str, flags: int) -> int:
    """Open a file that, like some in /proc, may have nothing to read and would be waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _relative(base: str, given: str) -> str:
    """Name a file relative to `base`, as the walk would; ValueError says why it has no such name."""
    if "\0" in given or not given:
        raise ValueError("not a path")
    path = os.path.abspath(given)
    if not _is_within(base, path):
        path = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        base = os.path.realpath(base)
    if not _is_within(base, path):
        raise ValueError("outside the indexed folder")
    relative = os.path.relpath(path, base).replace(os.sep, "/")
    if any(part[0] == "." for part in relative.split("/")):
        raise ValueError("hidden: names that begin with a dot are skipped")
    return relative


def _is_within(base: str, path: str) -> bool:
    return path.startswith(base.rstrip(os.sep) + os.sep)


def _look_at(base: str, relative: str) -> FoundImage | None:
    path = os.path.join(base, relative)
    at = os.stat(path)
    if stat.S_ISDIR(at.st_mode):
        raise ValueError("is a folder")
    if not stat.S_ISREG(at.st_mode) or not _is_candidate(path):
        return None
    return FoundImage.of(relative, at)


def _path_bytes(image: FoundImage) -> bytes:
    return os.fsencode(image.path)


def _matcher(patterns: Sequence[str]) -> _Matcher:
    """Compile patterns to a test of (path, name), both with a slash at the end for folders."""
    # A pattern that is not for folders alone may or may not be followed by a folder's slash.
    anchored = [pattern for pattern in patterns if "/" in pattern.rstrip("/")]
    by_path = _any_of(pattern.removeprefix("./").lstrip("/") for pattern in anchored)
    by_name = _any_of(pattern for pattern in patterns if pattern not in anchored)

    def matches(path: str, name: str) -> bool:
        return bool((by_path and by_path.match(path)) or (by_name and by_name.match(name)))

    return matches


def _any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    either = [translate(one) if one.endswith("/") else translate(one) + "|" + translate(one + "/") for one in patterns]
    return re.compile("|".join(either)) if either else None
