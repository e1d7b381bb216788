"""Paths of photos as an index has them: posix, seen from the indexed folder, the same on every system."""

from __future__ import annotations

import os
import unicodedata


def composed(text: str) -> str:
    """Write text in the one form of several that Unicode has for it, NFC: systems differ in how they write ü."""
    return unicodedata.normalize("NFC", text)


def cleaned(text: str, kept: str = "\n\t") -> str:
    """Write out what a terminal would obey or cannot show, but for some characters; spaces of all widths stay."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    if text.isprintable():
        return text
    harmless = (one.isprintable() or one in kept or unicodedata.category(one) == "Zs" for one in text)
    return "".join(one if fine else repr(one)[1:-1] for one, fine in zip(text, harmless, strict=True))


def key_within(folder: str, path: str) -> str | None:
    """Give an absolute path as seen from a folder above it; None where that is not above it, as on another drive."""
    try:
        relative = posix(os.path.relpath(path, folder))
    except ValueError:  # another drive or share
        return None
    return None if f"{relative}/".startswith(("./", "../")) else relative


def seen_from_here(path: str) -> str:
    """Give a path as seen from the working folder, or whole where that is on another drive."""
    try:
        return os.path.relpath(path)
    except ValueError:
        return os.path.abspath(path)


def of_file_url(rest: str) -> str:
    """Give the path that stands in a file URL behind its two slashes, unquoted: of Windows, a drive's or a share's.

    Examples
    --------
    >>> of_file_url("localhost/photos")
    '/photos'
    """
    path = rest.removeprefix("localhost")
    if os.sep == "/":
        return path
    return path[1:] if os.path.splitdrive(path[1:])[0] else f"//{path}" if path[:1] != "/" else path


def posix(path: str) -> str:
    """Write a path of this system with slashes."""
    return path.replace(os.sep, "/")
