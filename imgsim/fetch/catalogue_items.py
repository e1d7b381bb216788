"""The items of a catalogue: what the newest table says of them, what somebody typed over it, and which are gone."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.fetch.catalogue_schema import ALONE, PAIR, PAIRINGS, SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from imgsim.fetch.catalogue_database import CatalogueDatabase

_COLUMNS = ("place", "line", "page", "address", "host", "name", "cells", "fault")
_PAGE = 1000  # rows at hand


class IncomingRow(NamedTuple):
    """A row of the table: where it stands, what it is about, and why its photo cannot be asked for, if so."""

    line: str
    page: str
    address: str
    host: str
    name: str
    cells: Mapping[str, Any]
    fault: str = ""


class Taken(NamedTuple):
    """What a table says: how many items, which of them new, and of how many others a cell changed."""

    items: int
    added: int
    updated: int


class ShownItem(NamedTuple):
    """A row of items.csv: its item, photo and cells, since when it is gone, whether an earlier row has the photo."""

    item: int
    file: str
    cells: Mapping[str, Any]
    gone: str
    again: bool


class WrittenRow(NamedTuple):
    """A row as it stands in items.csv."""

    file: str
    again: bool
    cells: Mapping[str, str]


class CatalogueItems:
    """Items, known again by page, address or photo."""

    def __init__(self, database: CatalogueDatabase) -> None:
        self._database = database
        self._looked = False

    def take(self, rows: Iterable[IncomingRow]) -> Taken:
        """Take a newer table in: know its items again by page and address, and note what has changed."""
        run = self._database.run
        statement = "INSERT INTO incoming VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)"
        self._database.run_each(statement, (_incoming(place, row) for place, row in enumerate(rows)))
        for key, some in PAIRINGS:
            run(PAIR.format(key=key, some=some))
        items, known = run("SELECT count(*), count(item) FROM incoming").fetchone()
        changed = "SELECT count(*) FROM incoming JOIN items USING (item) WHERE incoming.cells <> items.cells"
        taken = Taken(items, items - known, self._database.value(changed))
        self._apply()
        return taken

    def _apply(self) -> None:
        run, listed = self._database.run, ", ".join(_COLUMNS)
        known = "SELECT item FROM incoming WHERE item IS NOT NULL"
        run(f"INSERT INTO leaving SELECT item FROM items WHERE place IS NOT NULL AND item NOT IN ({known})")  # noqa: S608
        run("UPDATE items SET place = NULL, gone = coalesce(gone, ?)", (_today(),))
        assigned = ", ".join(f"{name} = incoming.{name}" for name in _COLUMNS)
        run(f"UPDATE items SET {assigned}, gone = NULL FROM incoming WHERE incoming.item = items.item")  # noqa: S608
        added = f"SELECT {listed}, 1 FROM incoming WHERE item IS NULL ORDER BY place"  # noqa: S608
        run(f"INSERT INTO items ({listed}, fresh) {added}")
        show_photos(self._database)

    def recognise(self) -> int:
        """Let new items take the place of gone ones of the same photo, if just one is and one was; count them."""
        count = 0
        while pairs := self._database.run(ALONE, (_PAGE,)).fetchall():
            for gone, fresh in pairs:
                self.set_typed(fresh, self.typed(gone) | self.typed(fresh))
                self._database.run("DELETE FROM items WHERE item = ?", (gone,))
            count += len(pairs)
        self._database.run("UPDATE items SET fresh = 0 WHERE fresh AND digest IS NOT NULL")
        return count

    def count_leaving(self) -> int:
        """Count the items that the newest table has not, and the one before had."""
        return int(self._database.value("SELECT count(*) FROM leaving JOIN items USING (item) WHERE place IS NULL"))

    def leaving(self) -> Iterator[str]:
        """Name those items."""
        told = "SELECT trim(name || ' ' || page), address FROM leaving JOIN items USING (item) WHERE place IS NULL"
        for named, address in self._database.run(f"{told} ORDER BY item"):
            yield named or address

    def count_with_photo(self) -> int:
        """Count the items of the newest table that have a photo here."""
        statement = "SELECT count(*) FROM items JOIN photos USING (digest) WHERE place IS NOT NULL AND present"
        return int(self._database.value(statement))

    def shown(self) -> Iterator[ShownItem]:
        """Give what items.csv has a row of: the items of the table that have a photo, and the last of other photos."""
        for item, file, cells, typed, gone, again in self._database.run(SHOWN):
            yield ShownItem(item, file, json.loads(cells) | json.loads(typed), gone, bool(again))

    def typed(self, item: int) -> dict[str, str]:
        """Give what somebody typed over an item's cells."""
        return dict(json.loads(self._database.value("SELECT typed FROM items WHERE item = ?", item)))

    def set_typed(self, item: int, typed: Mapping[str, str]) -> None:
        """Keep what somebody typed over an item's cells."""
        self._database.run("UPDATE items SET typed = ? WHERE item = ?", (_json(typed), item))

    def set_written(self, rows: Iterable[tuple[int, WrittenRow]]) -> None:
        """Keep how the items are written in items.csv."""
        self._database.run("UPDATE items SET written = NULL WHERE written IS NOT NULL")
        written = ((_json(row._asdict()), item) for item, row in rows)
        self._database.run_each("UPDATE items SET written = ? WHERE item = ?", written)

    def find_written(self, file: str, *, again: bool) -> list[tuple[int, dict[str, str], dict[str, Any]]]:
        """Find the rows of items.csv that name a file, or are told to be of it: item, what was written, the table's."""
        if not self._looked:
            file_of = "SELECT item, json_extract(written, '$.file') AS file FROM items WHERE written <> ''"
            self._database.run(f"CREATE TEMP TABLE lookup AS {file_of}")
            self._database.run("CREATE INDEX temp.lookup_by_file ON lookup (file)")
            self._looked = True
        found = self._database.run(
            "SELECT item, written, items.cells FROM lookup JOIN items USING (item) WHERE file = ? "
            "AND json_extract(written, '$.again') = ? ORDER BY item",
            (file, again),
        ).fetchall()
        return [(item, json.loads(written)["cells"], json.loads(cells)) for item, written, cells in found]

    def own_rows(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Give the rows that somebody added for files that were not fetched."""
        statement = "SELECT file, cells FROM own_rows WHERE file NOT IN (SELECT file FROM photos) ORDER BY file"
        for file, cells in self._database.run(statement):
            yield file, json.loads(cells)

    def set_own_row(self, file: str, cells: Mapping[str, str]) -> None:
        """Keep a row that somebody added."""
        self._database.run("INSERT OR REPLACE INTO own_rows VALUES (?, ?)", (file, _json(cells)))


def show_photos(database: CatalogueDatabase, addresses: str | None = None) -> None:
    """Give items the photos of their addresses, or of some, in JSON; one that had another is remembered with that."""
    some = " AND items.address IN (SELECT value FROM json_each(?))"
    differing = (
        "FROM items JOIN addresses AS asked USING (address) WHERE place IS NOT NULL AND asked.digest IS NOT NULL "
        "AND items.digest IS NOT asked.digest" + some * (addresses is not None)
    )
    values = () if addresses is None else (addresses,)
    kept = "line, page, address, host, name, cells, typed"
    former = f"SELECT {kept}, items.digest, ?, 1 {differing} AND items.digest IS NOT NULL"
    database.run(f"INSERT INTO items ({kept}, digest, gone, former) {former}", (_today(), *values))
    shown = f"(SELECT item, asked.digest {differing}) AS shown"
    database.run(f"UPDATE items SET digest = shown.digest FROM {shown} WHERE shown.item = items.item", values)  # noqa: S608


def _incoming(place: int, row: IncomingRow) -> tuple[object, ...]:
    return place, row.line, row.page, row.address, row.host, row.name, _json(row.cells), row.fault


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _today() -> str:
    return date.today().isoformat()
