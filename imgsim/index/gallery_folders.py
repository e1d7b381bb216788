"""The folders that cached galleries are in: their names, and which of them nobody needs.

Only what has the name of a gallery is ever removed, and nothing through a link.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from imgsim.files import is_abandoned
from imgsim.index.sqlite.connection import is_behind_link

if TYPE_CHECKING:
    from imgsim.index.store.stamp import Stamp

CACHE = "cache"
GALLERY = re.compile(
    r"(?P<store>[0-9a-f]{12})-(?P<generation>\d{1,19})-(?P<extractor>\d{1,19})-(?P<space>[a-z-]{1,40})", re.ASCII
)
TEMPORARY, ELSEWHERE = "tmp-", "imgsim-gallery-"  # galleries being written, in the cache and in the system's folder
_TEMPORARY = re.compile(rf"({TEMPORARY}|{ELSEWHERE})\w{{8}}", re.ASCII)


def remove_leftovers(directory: str, stamp: Stamp) -> None:
    """Remove this store's galleries of earlier content, and those that killed processes had not finished.

    A reader that has one mapped keeps it; links stay.
    """
    cache = Path(directory, CACHE)
    if cache.is_symlink() or is_behind_link(directory):
        return
    with suppress(OSError):
        for folder in cache.iterdir():
            name = GALLERY.fullmatch(folder.name)
            if name and name["store"] == stamp.store and int(name["generation"]) < stamp.generation:
                _remove(folder)
    remove_abandoned(cache)


def remove_abandoned(place: Path) -> None:
    """Remove this user's unfinished galleries whose processes are no more."""
    with suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if _TEMPORARY.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                with suppress(OSError):
                    own = not hasattr(os, "getuid") or entry.stat(follow_symlinks=False).st_uid == os.getuid()
                    if own and is_abandoned(entry.path):
                        _remove(entry.path)


def _remove(folder: str | Path) -> None:
    from shutil import rmtree  # which a run that removes nothing need not import

    rmtree(folder, ignore_errors=True)
