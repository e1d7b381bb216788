"""Writing files whole or not at all, and removing what killed processes left of them."""

from __future__ import annotations

import os
import re
import tempfile
import time
from contextlib import suppress

from imgsim.errors import WeightsError

PREFIX = "imgsim-"
_PART = re.compile(PREFIX + r"\w{8}\.part(\.\w+)?", re.ASCII)
OLD = 24 * 3600  # seconds since it was last written to: nobody goes on with such a file


def write_whole(target: str, data: bytes) -> None:
    """Write a file under a temporary name, then rename it; its folder is made where there is none.

    WeightsError if it cannot be written; nothing is left behind.
    """
    folder = os.path.dirname(os.path.abspath(target))
    part = ""
    try:
        descriptor, part = open_part(folder)
        with open(descriptor, "wb") as stream:
            stream.write(data)
        os.chmod(part, 0o644)  # a shared cache is read by others
        os.replace(part, target)
    except BaseException as error:  # an interrupt as well
        with suppress(OSError):
            os.unlink(part)
        if not isinstance(error, OSError):
            raise
        raise WeightsError(
            f"{folder}: cannot be written ({error.strerror}); choose another folder (for the cache: IMGSIM_MODELS)"
        ) from error


def open_part(folder: str, extension: str = "") -> tuple[int, str]:
    """Make a temporary file that `remove_old_parts` knows, and remove the old ones beside it.

    Gives its descriptor and its path; `extension` has the dot.
    """
    os.makedirs(folder, exist_ok=True)
    remove_old_parts(folder)
    return tempfile.mkstemp(dir=folder, prefix=PREFIX, suffix=f".part{extension}")


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
