"""Reading files without waiting, writing them whole or not at all, and removing what killed processes left of them."""

from __future__ import annotations

import errno
import io
import os
import re
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from imgsim.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

PREFIX = "imgsim-"
_PART = re.compile(PREFIX + r"\w{8}\.part(\.\w+)?", re.ASCII)
OLD = 24 * 3600  # seconds since it was last written to: nobody goes on with such a file
LOCK = "lock"  # the file in a folder by which a process says that it is at it
MOMENT = 60  # seconds, in which a process that made a folder has surely locked it


class UnblockedFile(io.FileIO):
    """A file opened without blocking that fails instead of answering 'not now' for ever, as some in /proc do."""

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read into a buffer; BlockingIOError where there is nothing to read now."""
        count = super().readinto(buffer)
        if count is None:
            raise BlockingIOError(errno.EAGAIN, "it gives nothing to read now")
        return count


def open_unblocked(path: str, flags: int = os.O_RDONLY) -> int:
    """Open a file, and give its descriptor; a pipe that nobody writes to would have blocked for ever."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))


def write_whole(target: str, data: bytes) -> None:
    """Write a file of the model cache, or one like it, for all to read; its folder is made where there is none.

    WeightsError if it cannot be written.
    """
    folder = os.path.dirname(os.path.abspath(target))
    try:
        os.makedirs(folder, exist_ok=True)
        replace_file(target, data, mode=0o644)  # a shared cache is read by others
    except OSError as error:
        raise WeightsError(
            f"{folder}: cannot be written ({error.strerror}); choose another folder (for the cache: IMGSIM_MODELS)"
        ) from error


def replace_file(target: str, data: bytes, *, mode: int | None = None) -> None:
    """Write a file under a temporary name, then rename it; OSError if that fails, and nothing is left behind.

    Without a mode it has the permissions that the user's new files have.
    """
    descriptor, part = open_part(os.path.dirname(os.path.abspath(target)))
    try:
        with open(descriptor, "wb") as stream:
            stream.write(data)
        if mode is not None:
            os.chmod(part, mode)
        os.replace(part, target)
    except BaseException:  # an interrupt as well
        with suppress(OSError):
            os.unlink(part)
        raise


def open_part(folder: str, extension: str = "") -> tuple[int, str]:
    """Make a temporary file that `remove_old_parts` knows, and remove the old ones beside it.

    Gives its descriptor and its path; `extension` has the dot.
    """
    remove_old_parts(folder)
    part = os.path.join(folder, f"{PREFIX}{os.urandom(4).hex()}.part{extension}")
    return os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), part


def remove_old_parts(folder: str) -> None:
    """Remove the temporary files of processes that were killed, as far as that is allowed.

    Those last written to more than a day ago: another process may be writing to a younger one.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _PART.fullmatch(entry.name):
                with suppress(OSError):  # another process was quicker, or it is another user's
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > OLD:
                        os.unlink(entry.path)


@contextmanager
def held(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Hold a temporary folder, so that nobody takes it for abandoned; the system lets go when a process dies."""
    path = os.path.join(folder, LOCK)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        _lock(descriptor)
        yield
    finally:
        with suppress(OSError):
            os.unlink(path)
        os.close(descriptor)


def is_abandoned(folder: str | os.PathLike[str]) -> bool:
    """Tell whether surely no process is at a temporary folder, by its lock, or else by its age."""
    now, made = time.time(), os.lstat(folder).st_mtime
    with suppress(FileNotFoundError):
        descriptor = os.open(os.path.join(folder, LOCK), os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        try:
            free = _lock(descriptor)
        finally:
            os.close(descriptor)
        if free is not None:
            return free and now - made > MOMENT
    with os.scandir(folder) as entries:
        return now - max([made, *(entry.stat(follow_symlinks=False).st_mtime for entry in entries)]) > OLD


def _lock(descriptor: int) -> bool | None:
    """Lock a file until it is closed; false if another process has, None where nobody can tell."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        return None
    return True
