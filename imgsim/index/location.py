"""Where the index of a folder is, or is to be."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote_to_bytes

from imgsim.errors import IndexNotFoundError, IndexWriteError
from imgsim.index.sqlite.connection import DATABASE, FOLDER
from imgsim.paths import of_file_url, posix

MAPS = "maps"  # the folder of label maps within an index's own: a cache


def has_index(directory: str) -> bool:
    """Tell whether a folder is an index's own."""
    return os.path.exists(os.path.join(directory, DATABASE))


def find_index(start: str) -> str | None:
    """Look for the nearest index upward from a place."""
    place = Path(os.path.abspath(start))
    folders = (str(folder / FOLDER) for folder in (place, *place.parents))
    return next(filter(has_index, folders), None)


def find_indexes_below(folder: str) -> list[str]:
    """List the indexed folders right below a folder."""
    with os.scandir(folder) as entries:
        return sorted(entry.path for entry in entries if has_index(os.path.join(entry.path, FOLDER)))


def locate_index(place: str | os.PathLike[str]) -> str:
    """Find the index that a path or a URL names: an indexed folder, or the index's own folder."""
    place = folder_of(place)
    for candidate in (os.path.join(place, FOLDER), place):
        if has_index(candidate):
            return candidate
    raise IndexNotFoundError(f"{place}: no index here", remedy="make-index", folder=place)


def folder_of(place: str | os.PathLike[str]) -> str:
    """Give the path that a path or a ``file://`` URL names.

    Examples
    --------
    >>> folder_of("file:///photos/found%20things")
    '/photos/found things'
    """
    text = os.fspath(place)
    scheme, separator, rest = text.partition("://")
    if not separator or "/" in posix(scheme) or len(scheme) < 2:  # a drive of Windows
        return text
    if scheme == "file":
        return of_file_url(os.fsdecode(unquote_to_bytes(rest)))
    raise IndexNotFoundError(f"{text}: no engine for {scheme}: there is none but SQLite yet, which takes a path")


def make_directory(root: str, index: str | os.PathLike[str] | None) -> str:
    """Make the index's own folder, unless it is there."""
    directory = name_directory(root, index)
    try:
        os.makedirs(directory, exist_ok=True)
    except OSError as error:
        raise IndexWriteError(f"{directory}: cannot be made ({error.strerror})", remedy="other-index") from error
    return directory


def name_directory(root: str, index: str | os.PathLike[str] | None) -> str:
    """Name the folder of an index: within an indexed folder, or itself."""
    if index is None:
        return os.path.join(root, FOLDER)
    place = folder_of(index)
    within = os.path.join(place, FOLDER)
    return within if os.path.isdir(within) else place


def check_writable(directory: str) -> None:
    """Make sure that a new index can be written, by the nearest folder above it that is there."""
    place = Path(os.path.abspath(directory))
    place = next(folder for folder in (place, *place.parents) if os.path.exists(folder))
    if not (os.path.isdir(place) and os.access(place, os.W_OK | os.X_OK)):
        raise IndexWriteError(f"{directory}: cannot be written", remedy="other-index")
