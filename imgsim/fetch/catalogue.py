"""What is known of a catalogue's items, photos and addresses: in a database, so that it takes no memory of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.fetch.asked_addresses import AskedAddresses
from imgsim.fetch.catalogue_database import CatalogueDatabase
from imgsim.fetch.catalogue_items import CatalogueItems
from imgsim.fetch.catalogue_photos import CataloguePhotos

if TYPE_CHECKING:
    from typing import Self


class Catalogue:
    """The memory of a folder of fetched photos, for one process; without a folder it forgets at its end."""

    def __init__(self, folder: str | None) -> None:
        self.folder = folder
        self._database = CatalogueDatabase(folder)
        self.items = CatalogueItems(self._database)
        self.photos = CataloguePhotos(self._database)
        self.addresses = AskedAddresses(self._database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self) -> None:
        """Begin what is committed at once."""
        self._database.begin()

    def commit(self) -> None:
        """Keep what was begun."""
        self.addresses.settle()
        self._database.commit()

    def close(self) -> None:
        """Forget what was begun, and let others at it."""
        self._database.close()

    def fact(self, name: str) -> str:
        """Give what was noted by a name; empty if nothing was."""
        return self._database.value("SELECT value FROM facts WHERE name = ?", name) or ""

    def set_fact(self, name: str, value: str) -> None:
        """Note something by a name."""
        self._database.run("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))
