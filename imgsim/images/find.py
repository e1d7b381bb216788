"""The pictures of a folder: which files are candidates, under which relative path, in a settled order."""

from __future__ import annotations

import os
import stat
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import ImgsimError
from imgsim.file_state import LARGEST, FileState, identity_of, within_64_bits
from imgsim.images.file_patterns import compile_patterns
from imgsim.images.formats import HEAD, named_as_picture, sniff
from imgsim.images.mark import is_drawn
from imgsim.images.reasons import system_reason
from imgsim.paths import key_within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from imgsim.file_state import Identity
    from imgsim.images.file_patterns import Matcher

NO_FILE = "not a regular file"
NO_PICTURE = "neither its name nor its first bytes say that it is a picture"
FURTHER_NAME = "a further name of a photo or a folder that has another here"
DRAWN = "drawn by imgsim"


class FoundImage(NamedTuple):
    """A file that says it is a picture, by its first bytes or its name's ending; what the system does not tell is 0.

    `path` is relative to the root, posix, undecodable bytes as surrogate escapes; times count from the epoch.
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
        numbers = status.st_size, status.st_mtime_ns, ctime, status.st_ino
        if max(numbers) > LARGEST or min(numbers) < -LARGEST:
            size, mtime, ctime = map(within_64_bits, numbers[:3])
            numbers = size, mtime, ctime, status.st_ino & LARGEST
        return cls(path, *numbers)

    @property
    def state(self) -> FileState:
        """By which its file is known again."""
        return FileState(self.size, self.mtime_ns)


class Found(NamedTuple):
    """What a folder holds: its pictures by the bytes of their paths, and how many files are none.

    `unreadable` cannot be looked at; `links`, sorted, are further names, and `drawn` were left out: imgsim drew them.
    """

    images: list[FoundImage]
    passed_over: int
    unreadable: list[tuple[str, str]]
    links: Sequence[str] = ()
    drawn: Sequence[str] = ()


def _not_heard(path: str, reason: str) -> None:
    """Let nobody hear what is passed over."""


def check_folder(folder: str) -> None:
    """Make sure that a folder is one."""
    if not os.path.isdir(folder):
        raise ImgsimError(f"{folder}: {'not a folder' if os.path.exists(folder) else 'no such folder'}")


def find_images(
    root: str | os.PathLike[str],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    heard: Callable[[str, str], None] = _not_heard,
) -> Found:
    """Walk a folder for pictures, but for names that begin with a dot; OSError if it cannot be listed itself.

    Patterns match with case: without a slash names, with one paths, where ``*`` spans slashes. `heard` of what is none.
    """
    walk = _Walk(os.fspath(root), compile_patterns(include), compile_patterns(exclude), heard)
    walk.pending.append(_Folder(False, b"", "", not include, identity_of(walk.root)))
    while walk.pending:
        walk.visit(heappop(walk.pending))
    return _told(walk.names.found(walk.passed_over, walk.unreadable), heard)


def list_images(
    root: str | os.PathLike[str], paths: Iterable[str], *, heard: Callable[[str, str], None] = _not_heard
) -> Found:
    """Look at the files that are named, absolute or from the working folder, as `find_images` would.

    A file named twice counts once; one that is missing, hidden or outside the root is unreadable, as it was named.
    """
    base, names, unreadable = os.path.abspath(root), _Names(), []
    passed_over = 0
    for given in paths:
        try:
            if not _look_at(base, _relative(base, given), names):
                passed_over += 1
                heard(given, _why_none(os.path.abspath(given)))
        except (OSError, ValueError) as error:
            unreadable.append((given, system_reason(error) if isinstance(error, OSError) else str(error)))
    return _told(names.found(passed_over, unreadable), heard)


def _told(found: Found, heard: Callable[[str, str], None]) -> Found:
    for path in found.links:
        heard(path, FURTHER_NAME)
    return found


def without_drawn(root: str | os.PathLike[str], images: Sequence[FoundImage]) -> list[FoundImage]:
    """Leave out the pictures that imgsim drew: each is looked at, which indexing need not do."""
    return [image for image in images if not is_drawn(_read_start(os.path.join(root, image.path), 1024))]


class _Names:
    """The names of pictures and folders that were come by.

    Each file is found once, under the first name that no link leads to, or else the first.
    """

    def __init__(self) -> None:
        self._images: dict[Identity, FoundImage] = {}
        self._linked: set[str] = set()  # paths that are links, or that a link leads to
        self._links: set[str] = set()

    def add(self, image: FoundImage, identity: Identity, *, linked: bool) -> None:
        """Note a picture; of several of its names the best is its path."""
        if linked:
            self._linked.add(image.path)
        other = self._images.setdefault(identity, image)
        if other.path != image.path:
            self._images[identity], further = sorted((image, other), key=self._rank)
            self._links.add(further.path)

    def _rank(self, image: FoundImage) -> tuple[bool, bytes]:
        return image.path in self._linked, _path_bytes(image)

    def add_link(self, path: str) -> None:
        """Note a further name of a folder."""
        self._links.add(path)

    def found(self, passed_over: int, unreadable: list[tuple[str, str]]) -> Found:
        """Give the pictures by path."""
        images = sorted(self._images.values(), key=_path_bytes)
        return Found(images, passed_over, unreadable, sorted(self._links, key=os.fsencode))


def _path_bytes(image: FoundImage) -> bytes:
    return os.fsencode(image.path)


class _Folder(NamedTuple):
    """A folder to look through; those that no link leads to come first, then the smallest path."""

    linked: bool
    key: bytes
    path: str  # with a slash at the end unless it is the root
    included: bool
    identity: Identity


class _Walk:
    """One walk over a folder, and what it has found so far."""

    def __init__(self, root: str, include: Matcher, exclude: Matcher, heard: Callable[[str, str], None]) -> None:
        self.root = root
        self.included = include
        self.excluded = exclude
        self.heard = heard
        self.pending: list[_Folder] = []  # a heap
        self.visited: dict[Identity, bool] = {}  # whether it was included
        self.names = _Names()
        self.passed_over = 0
        self.unreadable: list[tuple[str, str]] = []

    def visit(self, at: _Folder) -> None:
        """Look through one folder and queue those within it, unless that was done and it is not included only now."""
        before = self.visited.get(at.identity)
        if before is not None:
            self.names.add_link(at.path.rstrip("/"))
        if before or before is at.included:
            return
        self.visited[at.identity] = at.included
        for entry in self._entries(at.path):
            path = at.path + entry.name
            try:
                if entry.is_dir():
                    self._queue(entry, path, at)
                elif not self.excluded(path, entry.name) and (at.included or self.included(path, entry.name)):
                    self._file(entry, path, at)
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

    def _queue(self, entry: os.DirEntry[str], path: str, at: _Folder) -> None:
        folder, name = path + "/", entry.name + "/"
        if not self.excluded(folder, name):
            included = at.included or self.included(folder, name)
            here = identity_of(entry.path, entry.stat())
            heappush(self.pending, _Folder(_is_linked(entry, at), os.fsencode(folder), folder, included, here))

    def _file(self, entry: os.DirEntry[str], path: str, at: _Folder) -> None:
        if entry.is_file() and _is_candidate(entry.path):
            status = entry.stat()
            image = FoundImage.of(path, status)
            self.names.add(image, identity_of(entry.path, status), linked=_is_linked(entry, at))
        elif entry.is_symlink() and named_as_picture(path) and not os.path.exists(entry.path):
            self.unreadable.append((path, "a link to nothing"))
        else:
            self.passed_over += 1
            self.heard(path, _why_none(entry.path))


def _why_none(path: str) -> str:
    return NO_PICTURE if os.path.isfile(path) else NO_FILE


def _is_linked(entry: os.DirEntry[str], at: _Folder) -> bool:
    return at.linked or entry.is_symlink()


def _is_candidate(path: str) -> bool:
    """Tell whether a regular file's name or first bytes say picture; one that cannot be opened says nothing."""
    return named_as_picture(path) or sniff(_read_start(path, HEAD)) is not None


def _read_start(path: str, size: int) -> bytes:
    """Read a file's first bytes; none where it cannot be read."""
    try:
        with open(path, "rb", buffering=0, opener=_open_at_once) as file:
            return file.read(size) or b""
    except OSError:
        return b""


def _open_at_once(path: str, flags: int) -> int:
    """Open a file that, like some in /proc, may have nothing to read and would be waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _relative(base: str, given: str) -> str:
    """Name a file relative to `base`, as the walk would; ValueError says why it has no such name."""
    if "\0" in given or not given:
        raise ValueError("not a path")
    path = os.path.abspath(given)
    relative = key_within(base, path)
    if relative is None:
        folder, name = os.path.split(path)
        relative = key_within(os.path.realpath(base), os.path.join(os.path.realpath(folder), name))
    if relative is None:
        raise ValueError("outside the indexed folder")
    if any(part[0] == "." for part in relative.split("/")):
        raise ValueError("hidden: names that begin with a dot are skipped")
    return relative


def _look_at(base: str, relative: str, names: _Names) -> bool:
    """Note a file's name if it is a picture, and tell whether it is."""
    path = os.path.join(base, relative)
    status = os.stat(path)
    if stat.S_ISDIR(status.st_mode):
        raise ValueError("is a folder")
    if not stat.S_ISREG(status.st_mode) or not _is_candidate(path):
        return False
    linked = os.path.realpath(path) != os.path.join(os.path.realpath(base), *relative.split("/"))
    names.add(FoundImage.of(relative, status), identity_of(path, status), linked=linked)
    return True
