"""The addresses of a catalogue: which are to be asked in a run, and what they gave."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from imgsim.fetch.catalogue_items import show_photos
from imgsim.fetch.catalogue_schema import FIND_ASKS
from imgsim.fetch.host_queue import Ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgsim.fetch.catalogue_database import CatalogueDatabase

_OF_FAILURES = (
    "FROM items LEFT JOIN addresses USING (address) WHERE place IS NOT NULL AND (fault <> '' OR reason <> '')"
)
_TOGETHER = 64  # photos that are entered at once


class LedgerRow(NamedTuple):
    """A row of the table whose photo did not come; `lasting`: it is asked for again only if somebody says so."""

    row: str
    address: str
    page: str
    name: str
    reason: str
    lasting: bool


class AskedAddresses:
    """What is to be asked, and what came of it."""

    def __init__(self, database: CatalogueDatabase) -> None:
        self._database = database
        self._arrived: list[tuple[str, str, str, str]] = []

    def find_asks(self, *, refresh: bool, retry_failed: bool) -> int:
        """Find out which addresses are to be asked; count them."""
        self._database.run(FIND_ASKS, {"refresh": refresh, "retry_failed": retry_failed})
        return int(self._database.value("SELECT count(*) FROM asks"))

    def asks(self) -> Iterator[tuple[str, str, str]]:
        """Give of each address that is to be asked where it stands in the table, itself, and why."""
        yield from self._database.run(
            "SELECT items.line, asks.address, asks.why FROM asks JOIN items USING (place) ORDER BY asks.place"
        )

    def host_after(self, host: str) -> str:
        """Give the next host by name of which something is to be asked; empty for none."""
        return self._database.value("SELECT min(host) FROM asks WHERE host > ?", host) or ""

    def next_asks(self, host: str, after: int, count: int) -> list[tuple[int, Ask]]:
        """Give the next asks of a host, and their places; of photos that are here with their state."""
        found = self._database.run(
            "SELECT asks.place, address, iif(why = 'photo is missing', '', coalesce(etag, '')), "
            "iif(why = 'photo is missing', '', coalesce(modified, '')), (SELECT name FROM items WHERE "
            "items.address = asks.address AND items.place = asks.place) FROM asks LEFT JOIN addresses USING (address) "
            "WHERE asks.host = ? AND asks.place > ? ORDER BY asks.place LIMIT ?",
            (host, after, count),
        )
        return [(place, Ask(*asked)) for place, *asked in found.fetchall()]

    def arrived(self, address: str, digest: str, etag: str, modified: str) -> None:
        """Note which photo an address gave; it is known to others once it is settled."""
        self._arrived.append((address, digest, etag, modified))
        if len(self._arrived) >= _TOGETHER:
            self.settle()

    def settle(self) -> None:
        """Enter the photos that arrived, together: at each statement another thread goes on, and this one waits."""
        if not self._arrived:
            return
        self._database.run_each(
            "INSERT OR REPLACE INTO addresses (address, digest, etag, modified) VALUES (?, ?, ?, ?)", self._arrived
        )
        listed = json.dumps([address for address, *_ in self._arrived])
        show_photos(self._database, listed)
        self._database.run("UPDATE asks SET done = 1 WHERE address IN (SELECT value FROM json_each(?))", (listed,))
        self._arrived.clear()

    def unchanged(self, address: str) -> None:
        """Note that an address gives what it gave."""
        self._database.run("UPDATE addresses SET reason = '', lasting = 0 WHERE address = ?", (address,))
        self._done(address)

    def failed(self, address: str, reason: str, *, lasting: bool) -> None:
        """Note why an address gave no photo; what it gave before is kept."""
        self._database.run(
            "INSERT INTO addresses (address, reason, lasting) VALUES (?, ?, ?) "
            "ON CONFLICT (address) DO UPDATE SET reason = excluded.reason, lasting = excluded.lasting",
            (address, reason, lasting),
        )
        self._done(address)

    def _done(self, address: str) -> None:
        self._database.run("UPDATE asks SET done = 1 WHERE address = ?", (address,))

    def give_up(self, host: str, reason: str) -> int:
        """Note of all addresses of a host that were not asked why; count them."""
        self.settle()
        self._database.run(
            "INSERT INTO addresses (address, reason) SELECT address, ? FROM asks WHERE host = ? AND NOT done "
            "ON CONFLICT (address) DO UPDATE SET reason = excluded.reason, lasting = 0",
            (reason, host),
        )
        return self._database.run("UPDATE asks SET done = 1 WHERE host = ? AND NOT done", (host,)).rowcount

    def failures(self) -> Iterator[LedgerRow]:
        """Give the rows whose photos did not come, in the table's order."""
        chosen = "line, items.address, page, name, iif(fault <> '', fault, reason), lasting AND fault = ''"
        rows = self._database.run(f"SELECT {chosen} {_OF_FAILURES} ORDER BY place")
        for row, address, page, name, reason, lasting in rows:
            yield LedgerRow(row, address, page, name, reason, bool(lasting))

    def count_failures(self) -> int:
        """Count them."""
        return int(self._database.value(f"SELECT count(*) {_OF_FAILURES}"))
