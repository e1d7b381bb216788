"""The photos of a folder, to be found by what tables call them."""

from __future__ import annotations

import os
import posixpath
import re
from fnmatch import translate
from typing import TYPE_CHECKING

from imgsim.paths import composed, key_within, posix

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


class PhotoNames:
    """Finds photos by path, by path as seen from a table's folder, or by a file name that only one has."""

    def __init__(self, root: str, paths: Collection[str], folder: str) -> None:
        self._root = composed(os.path.realpath(root))
        self._folder = composed(os.path.realpath(folder))
        self._paths = {composed(path): path for path in paths} | {path: path for path in paths}
        self._names: dict[str, list[str]] = {}
        self._caseless: dict[str, list[str]] | None = None
        for path in paths:
            self._names.setdefault(composed(posixpath.basename(path)), []).append(path)

    def find(self, name: str) -> list[str]:
        """Give the photos that a table's cell may mean."""
        if name in self._paths:
            return [self._paths[name]]
        name = composed(posixpath.normpath(name.replace("\\", "/")))
        if photo := self._paths.get(name) or self._paths.get(self._from_root(name)):
            return [photo]
        named = self._names.get(posixpath.basename(name), [])
        return [path for path in named if f"/{composed(path)}".endswith(f"/{name}")]

    def find_regardless(self, name: str) -> list[str]:
        """Give the photos that a table's cell may mean where upper and lower case are alike."""
        if self._caseless is None:
            self._caseless = {}
            for path in dict.fromkeys(self._paths.values()):
                self._caseless.setdefault(composed(posixpath.basename(path)).casefold(), []).append(path)
        name = composed(posixpath.normpath(name.replace("\\", "/"))).casefold()
        named = self._caseless.get(posixpath.basename(name), [])
        return [path for path in named if f"/{composed(path)}".casefold().endswith(f"/{name}")]

    def _from_root(self, name: str) -> str:
        """Give a path as seen from the indexed folder, where the table's folder has it."""
        return key_within(self._root, os.path.join(self._folder, name)) or name

    def fitting(self, pattern: str, values: Collection[str]) -> Iterator[tuple[str, str]]:
        """Find photos by a pattern, such as ``{house}_*.jpg``."""
        pattern = composed(posix(pattern))
        before, after = (re.compile(translate(part)) for part in re.split(r"\{[^{}]*\}", pattern))
        for path in dict.fromkeys(self._paths.values()):
            name = composed(path if "/" in pattern else posixpath.basename(path))
            starts = [place for place in range(len(name)) if before.match(name[:place])]
            ends = [place for place in range(len(name) + 1) if after.match(name[place:])]
            pieces = (name[start:end] for start in starts for end in ends)
            if value := max((piece for piece in pieces if piece in values), key=len, default=""):
                yield path, value
