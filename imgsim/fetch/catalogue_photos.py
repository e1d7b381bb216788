"""The photos of a catalogue: of each content one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgsim.fetch.catalogue_database import CatalogueDatabase

_PAGE = 1000  # rows at hand


class CataloguePhotos:
    """In which file each photo is, by its digest."""

    def __init__(self, database: CatalogueDatabase) -> None:
        self._database = database

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Give each digest and file; they may be changed meanwhile."""
        statement = "SELECT digest, file FROM photos WHERE digest > ? ORDER BY digest LIMIT ?"
        last = ""
        while page := self._database.run(statement, (last, _PAGE)).fetchall():
            yield from page
            last = page[-1][0]

    def file_of(self, digest: str) -> str:
        """Give a photo's file; empty where it is not there."""
        return self._database.value("SELECT file FROM photos WHERE digest = ? AND present", digest) or ""

    def has_file(self, file: str) -> bool:
        """Tell whether a file is that of a photo."""
        return bool(self._database.value("SELECT count(*) FROM photos WHERE file = ?", file))

    def missing(self, size: int) -> list[str]:
        """List the digests of missing photos of a size."""
        found = self._database.run("SELECT digest FROM photos WHERE size = ? AND NOT present", (size,))
        return [row[0] for row in found.fetchall()]

    def any_missing(self) -> bool:
        """Tell whether any photo is not where it was."""
        return bool(self._database.value("SELECT count(*) FROM photos WHERE NOT present"))

    def keep(self, digest: str, file: str, size: int) -> None:
        """Note in which file a photo is."""
        self._database.run("INSERT OR REPLACE INTO photos VALUES (?, ?, ?, 1)", (digest, file, size))

    def lose(self, digest: str) -> None:
        """Note that a photo's file is not where it was."""
        self._database.run("UPDATE photos SET present = 0 WHERE digest = ?", (digest,))
