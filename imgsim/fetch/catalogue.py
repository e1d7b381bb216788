"""What is known of a catalogue's items, photos and addresses: in a database, so that it takes no memory of its own."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.errors import ImgsimError
from imgsim.fetch.catalogue_schema import APPLICATION_ID, FIND_ASKS, FORMAT, OF_A_RUN, PAIR, PAIRINGS, TABLES
from imgsim.fetch.host_queue import Ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Self

FOLDER = ".imgsim-fetch"
DATABASE = "catalogue.sqlite"


class CatalogueError(ImgsimError):
    """A catalogue that cannot be read or written: by another process at it, a full disk, a database of others."""


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
    """What a table changed: items that are new, changed in a cell, here again, or gone."""

    items: int
    added: int
    updated: int
    gone: int


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


class Catalogue:
    """The memory of a folder of fetched photos, open for one process; without a folder it forgets at its end."""

    def __init__(self, folder: str | None) -> None:
        self.folder = folder
        self._looked = False
        self._path = os.path.join(folder, FOLDER, DATABASE) if folder else ""  # one of SQLite's own on the disk
        with self._explained():
            self._database = sqlite3.connect(self._path, timeout=0, isolation_level=None)
            try:
                self._open()
            except BaseException:
                self._database.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def _open(self) -> None:
        run = self._database.execute
        run("PRAGMA trusted_schema = OFF")
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA temp_store = FILE")
        run("BEGIN EXCLUSIVE")
        if not run("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for statement in filter(str.strip, TABLES.split(";")):
                run(statement)
            run(f"PRAGMA application_id = {APPLICATION_ID}")
            run(f"PRAGMA user_version = {FORMAT}")
        run("COMMIT")
        if run("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise CatalogueError(f"{self._path}: is not a catalogue of `imgsim fetch`")
        if run("PRAGMA user_version").fetchone()[0] > FORMAT:
            raise CatalogueError(f"{self._path}: was written by a newer imgsim: update imgsim")
        self._database.executescript(OF_A_RUN)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn SQLite's errors into one line."""
        try:
            yield
        except sqlite3.Error as error:
            name, folder = getattr(error, "sqlite_errorname", ""), self.folder or "the temporary folder"
            if name.startswith("SQLITE_BUSY"):
                raise CatalogueError(f"{folder}: another `imgsim fetch` is at it: wait until it is done") from error
            if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
                reason = "the disk is full or failing: what was fetched is kept, run again to go on"
                raise CatalogueError(f"{folder}: {reason}") from error
            if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
                reason = "is damaged: remove it and run again, the photos are recognised by what is in them"
                raise CatalogueError(f"{self._path}: {reason}") from error
            if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
                raise CatalogueError(f"{folder}: cannot be written ({error})", remedy="other-output") from error
            raise

    def _run(self, statement: str, values: Iterable[Any] | Mapping[str, Any] = ()) -> sqlite3.Cursor:
        with self._explained():
            return self._database.execute(statement, values)  # type: ignore[arg-type]

    def begin(self) -> None:
        """Begin what is committed at once."""
        if not self._database.in_transaction:
            self._run("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Keep what was begun."""
        if self._database.in_transaction:
            self._run("COMMIT")

    def fact(self, name: str) -> str:
        """Give what was noted by a name; empty if nothing was."""
        found = self._run("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(found[0]) if found else ""

    def set_fact(self, name: str, value: str) -> None:
        """Note something by a name."""
        self._run("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    # The table

    def take(self, rows: Iterable[IncomingRow]) -> Taken:
        """Take a newer table in: know its items again by page and address, and note what has changed."""
        statement = "INSERT INTO incoming VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)"
        with self._explained():
            self._database.executemany(statement, (_incoming(place, row) for place, row in enumerate(rows)))
        for key, some in PAIRINGS:
            self._run(PAIR.format(key=key, some=some))
        return self._apply()

    def _apply(self) -> Taken:
        count = self._run("SELECT count(*), count(item) FROM incoming").fetchone()
        changed = "SELECT count(*) FROM incoming JOIN items USING (item) WHERE incoming.cells <> items.cells"
        updated = self._run(changed).fetchone()[0]
        self._run("UPDATE items SET place = NULL, gone = coalesce(gone, ?)", (date.today().isoformat(),))
        columns = ("place", "line", "page", "address", "host", "name", "cells", "fault")
        assigned = ", ".join(f"{name} = incoming.{name}" for name in columns)
        taken = f"UPDATE items SET {assigned}, gone = NULL FROM incoming WHERE incoming.item = items.item"  # noqa: S608
        self._run(taken)
        listed = ", ".join(columns)
        added = f"INSERT INTO items ({listed}, fresh) SELECT {listed}, 1 FROM incoming"  # noqa: S608 (written above)
        added += " WHERE item IS NULL ORDER BY place"
        self._run(added)
        self._show_photos("TRUE", ())
        return Taken(count[0], count[0] - count[1], updated, self.count_gone())

    def count_gone(self) -> int:
        """Count the items of earlier tables that the newest has not."""
        found = self._run("SELECT count(*) FROM items WHERE place IS NULL AND NOT former").fetchone()
        return int(found[0])

    # Photos

    def photos(self) -> Iterator[tuple[str, str, int]]:
        """Give the digest, file and size of each photo, while none is changed."""
        last = ""
        while page := self._run(
            "SELECT digest, file, size FROM photos WHERE digest > ? ORDER BY digest LIMIT 1000", (last,)
        ).fetchall():
            yield from page
            last = page[-1][0]

    def photo(self, digest: str) -> tuple[str, bool] | None:
        """Give a photo's file, and whether it is there."""
        found = self._run("SELECT file, present FROM photos WHERE digest = ?", (digest,)).fetchone()
        return (str(found[0]), bool(found[1])) if found else None

    def is_photo(self, file: str) -> bool:
        """Tell whether a file is that of a photo."""
        return bool(self._run("SELECT count(*) FROM photos WHERE file = ?", (file,)).fetchone()[0])

    def missing_of(self, size: int) -> list[str]:
        """List the digests of missing photos of a size."""
        found = self._run("SELECT digest FROM photos WHERE size = ? AND NOT present", (size,))
        return [row[0] for row in found.fetchall()]

    def count_missing(self) -> int:
        """Count the photos whose files are not where they were."""
        return int(self._run("SELECT count(*) FROM photos WHERE NOT present").fetchone()[0])

    def keep_photo(self, digest: str, file: str, size: int) -> None:
        """Note in which file a photo is."""
        self._run("INSERT OR REPLACE INTO photos VALUES (?, ?, ?, 1)", (digest, file, size))

    def lose_photo(self, digest: str) -> None:
        """Note that a photo's file is not where it was."""
        self._run("UPDATE photos SET present = 0 WHERE digest = ?", (digest,))

    # Asking

    def find_asks(self, *, refresh: bool, retry_failed: bool) -> int:
        """Find out which addresses are to be asked; count them."""
        self._run(FIND_ASKS, {"refresh": refresh, "retry_failed": retry_failed})
        return int(self._run("SELECT count(*) FROM asks").fetchone()[0])

    def asks(self) -> Iterator[tuple[str, str, str]]:
        """Give each address that is to be asked, where it stands in the table, and why."""
        yield from self._run(
            "SELECT items.line, asks.address, asks.why FROM asks JOIN items USING (place) ORDER BY asks.place"
        )

    def hosts(self, after: str, count: int) -> list[str]:
        """List hosts that are to be asked, by name, behind one."""
        found = self._run("SELECT DISTINCT host FROM asks WHERE host > ? ORDER BY host LIMIT ?", (after, count))
        return [row[0] for row in found.fetchall()]

    def next_asks(self, host: str, after: int, count: int) -> list[tuple[int, Ask]]:
        """Give the next asks of a host, and their places."""
        found = self._run(
            "SELECT asks.place, address, iif(why = 'perhaps changed', etag, ''), iif(why = 'perhaps changed', "
            "modified, '') FROM asks LEFT JOIN addresses USING (address) "
            "WHERE asks.host = ? AND asks.place > ? ORDER BY asks.place LIMIT ?",
            (host, after, count),
        )
        return [(row[0], Ask(row[1], row[2] or "", row[3] or "")) for row in found.fetchall()]

    def name_of(self, address: str) -> str:
        """Give the name of the first item whose photo an address gives."""
        found = self._run(
            "SELECT name FROM items WHERE address = ? AND place IS NOT NULL ORDER BY place LIMIT 1", (address,)
        ).fetchone()
        return str(found[0]) if found else ""

    def arrived(self, address: str, digest: str, etag: str, modified: str) -> None:
        """Note which photo an address gave; the items of it whose photo was another leave a former one behind."""
        self._run(
            "INSERT OR REPLACE INTO addresses (address, digest, etag, modified) VALUES (?, ?, ?, ?)",
            (address, digest, etag, modified),
        )
        self._show_photos("items.address = ?", (address,))
        self._done(address)

    def _show_photos(self, some: str, values: tuple[str, ...]) -> None:
        """Give items the photos of their addresses; one that had another is remembered with that as it was."""
        differing = (  # `some` is written here
            "FROM items JOIN addresses AS asked USING (address) WHERE place IS NOT NULL "
            f"AND asked.digest IS NOT NULL AND items.digest IS NOT asked.digest AND {some}"
        )
        kept = "line, page, address, host, name, cells, typed"
        former = f"INSERT INTO items ({kept}, digest, gone, former) SELECT {kept}, items.digest, ?, 1 {differing}"
        self._run(f"{former} AND items.digest IS NOT NULL", (date.today().isoformat(), *values))
        shown = f"(SELECT item, asked.digest {differing}) AS shown"
        self._run(f"UPDATE items SET digest = shown.digest FROM {shown} WHERE shown.item = items.item", values)  # noqa: S608

    def unchanged(self, address: str) -> None:
        """Note that an address gives what it gave."""
        self._run("UPDATE addresses SET reason = '', lasting = 0 WHERE address = ?", (address,))
        self._done(address)

    def failed(self, address: str, reason: str, *, lasting: bool) -> None:
        """Note why an address gave no photo; what it gave before is kept."""
        self._run(
            "INSERT INTO addresses (address, reason, lasting) VALUES (?, ?, ?) "
            "ON CONFLICT (address) DO UPDATE SET reason = excluded.reason, lasting = excluded.lasting",
            (address, reason, lasting),
        )
        self._done(address)

    def _done(self, address: str) -> None:
        self._run("UPDATE asks SET done = 1 WHERE address = ?", (address,))

    def give_up(self, host: str, reason: str) -> int:
        """Note of all addresses of a host that were not asked why; count them."""
        self._run(
            "INSERT INTO addresses (address, reason) SELECT address, ? FROM asks WHERE host = ? AND NOT done "
            "ON CONFLICT (address) DO UPDATE SET reason = excluded.reason, lasting = 0",
            (reason, host),
        )
        return self._run("UPDATE asks SET done = 1 WHERE host = ? AND NOT done", (host,)).rowcount

    # What is written

    def recognise(self) -> int:
        """Let new items take the place of gone ones of the same photo, if just one is and one was; count them."""
        pairs = self._run(
            "SELECT min(iif(place IS NULL, item, NULL)), min(iif(place IS NULL, NULL, item)) FROM items "
            "WHERE digest IS NOT NULL AND NOT former GROUP BY digest "
            "HAVING count(*) = 2 AND sum(place IS NULL) = 1 AND sum(fresh AND place IS NOT NULL) = 1"
        ).fetchall()
        for gone, fresh in pairs:
            self.set_typed(fresh, self.typed(gone) | self.typed(fresh))
            self._run("DELETE FROM items WHERE item = ?", (gone,))
        self._run("UPDATE items SET fresh = 0 WHERE fresh AND digest IS NOT NULL")
        return len(pairs)

    def shown_items(self) -> Iterator[ShownItem]:
        """Give what items.csv has a row of: the items of the table that have a photo, and the last of other photos."""
        rows = self._run(
            "WITH shown AS (SELECT item, file, cells, typed, gone, place, min(place) OVER one AS first, "
            "row_number() OVER (one ORDER BY place IS NULL, place, former, item) > 1 AS again "
            "FROM items JOIN photos USING (digest) WHERE present WINDOW one AS (PARTITION BY digest)) "
            "SELECT item, file, cells, typed, coalesce(gone, ''), again FROM shown "
            "WHERE place IS NOT NULL OR first IS NULL ORDER BY place IS NULL, place, item"
        )
        for item, file, cells, typed, gone, again in rows:
            yield ShownItem(item, file, json.loads(cells) | json.loads(typed), gone, bool(again))

    def typed(self, item: int) -> dict[str, str]:
        """Give what somebody typed over an item's cells."""
        return dict(json.loads(self._run("SELECT typed FROM items WHERE item = ?", (item,)).fetchone()[0]))

    def set_typed(self, item: int, typed: Mapping[str, str]) -> None:
        """Keep what somebody typed over an item's cells."""
        self._run("UPDATE items SET typed = ? WHERE item = ?", (_json(typed), item))

    def set_written(self, rows: Iterable[tuple[int, WrittenRow]]) -> None:
        """Keep how the items are written in items.csv."""
        self._run("UPDATE items SET written = NULL WHERE written IS NOT NULL")
        with self._explained():
            self._database.executemany(
                "UPDATE items SET written = ? WHERE item = ?", ((_json(row._asdict()), item) for item, row in rows)
            )

    def find_written(self, file: str, *, again: bool) -> list[tuple[int, dict[str, str], dict[str, Any]]]:
        """Find the rows of items.csv that name a file, or are told to be of it: the items, and as they were written."""
        if not self._looked:
            self._run(
                "CREATE TEMP TABLE lookup AS SELECT item, json_extract(written, '$.file') AS file FROM items "
                "WHERE written <> ''"
            )
            self._run("CREATE INDEX temp.lookup_by_file ON lookup (file)")
            self._looked = True
        found = self._run(
            "SELECT item, written, items.cells FROM lookup JOIN items USING (item) WHERE file = ? "
            "AND json_extract(written, '$.again') = ? ORDER BY item",
            (file, again),
        ).fetchall()
        return [(item, json.loads(written)["cells"], json.loads(cells)) for item, written, cells in found]

    def own_rows(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Give the rows that somebody added for files that were not fetched."""
        rows = self._run("SELECT file, cells FROM own_rows WHERE file NOT IN (SELECT file FROM photos) ORDER BY file")
        for file, cells in rows.fetchall():
            yield file, json.loads(cells)

    def set_own_row(self, file: str, cells: Mapping[str, str]) -> None:
        """Keep a row that somebody added."""
        self._run("INSERT OR REPLACE INTO own_rows VALUES (?, ?)", (file, _json(cells)))

    def failures(self) -> Iterator[tuple[str, str, str, str, str, bool]]:
        """Give line, address as the table has it, page, name, reason and whether only --retry-failed asks again."""
        yield from self._run(
            "SELECT line, items.address, page, name, iif(fault <> '', fault, reason), lasting AND fault = '' "
            "FROM items LEFT JOIN addresses USING (address) WHERE place IS NOT NULL AND (fault <> '' OR reason <> '') "
            "ORDER BY place"
        )

    def roll_back(self) -> None:
        """Forget what was begun."""
        if self._database.in_transaction:
            self._run("ROLLBACK")

    def counts(self) -> tuple[int, int]:
        """Count the items of the newest table that have a photo here, and those in the ledger."""
        have = self._run(
            "SELECT count(*) FROM items JOIN photos USING (digest) WHERE place IS NOT NULL AND present"
        ).fetchone()
        return int(have[0]), sum(1 for _ in self.failures())


def _incoming(place: int, row: IncomingRow) -> tuple[object, ...]:
    return place, row.line, row.page, row.address, row.host, row.name, _json(row.cells), row.fault


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
