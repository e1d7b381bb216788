"""Bringing a folder in line with a table: the whole of `imgsim fetch`, for a program."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imgsim.errors import ImgsimError
from imgsim.fetch.catalogue import Catalogue
from imgsim.fetch.catalogue_database import FOLDER
from imgsim.fetch.fetch_options import FetchOptions, TableColumns
from imgsim.fetch.fetch_run import Fetched, FetchObserver, FetchRun
from imgsim.fetch.intake import find_columns, incoming_rows
from imgsim.fetch.photo_places import find_photos
from imgsim.fetch.typed_cells import keep_typed
from imgsim.fetch.written_tables import check_own, disk_error, write_failures, write_items
from imgsim.tables.row_stream import streamed_table

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from typing import Self

    from imgsim.fetch.catalogue_items import Taken

DEFAULTS = FetchOptions()


@dataclass(frozen=True)
class FetchSummary:
    """What a run did: to items of the table, to photos that were asked for, and how many rows the ledger has."""

    items: int
    asked: int
    fetched: int
    same: int  # as a photo that is here
    unchanged: int
    with_photo: int  # items
    failed: int
    added: int
    updated: int  # items of which a cell is another
    gone: int
    moved: int  # photos, by somebody
    typed: int  # cells of items.csv, by somebody
    seconds: float


@dataclass(frozen=True)
class TableSource:
    """A table of items, and how it is read."""

    path: str
    columns: TableColumns = field(default_factory=TableColumns)
    encoding: str | None = None


class TableFetch:
    r"""A table of items and the folder that their photos are fetched into: a context, within which it runs once.

    Parameters
    ----------
    source : str, path-like or TableSource
        The table, ``.csv``, ``.tsv``, ``.jsonl`` or ``.parquet``: its path, or with it the names of its columns, and
        its encoding.
    folder : str or path-like
        Where photos go, beside ``items.csv`` and ``failures.csv``.
    options : FetchOptions, optional
        How politely, how long and how much is asked.
    dry : bool
        Nothing is asked, written or remembered: `asked` and `asks` tell what would be asked for.

    Raises
    ------
    TableError
        If the table cannot be read, or has no column of addresses.
    ImgsimError
        If the folder cannot be written, or is that of another table.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "caps.csv").write_text("name,url\nred cap,https://example.org/1.jpg\n")
    >>> with TableFetch(folder / "caps.csv", folder / "photos", dry=True) as fetching:
    ...     [(row, url) for row, url, why in fetching.asks()]
    [('line 2', 'https://example.org/1.jpg')]
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | TableSource,
        folder: str | os.PathLike[str],
        options: FetchOptions = DEFAULTS,
        *,
        dry: bool = False,
    ) -> None:
        self._source = source if isinstance(source, TableSource) else TableSource(os.fspath(source))
        self._folder, self._options, self._dry = os.fspath(folder), options, dry
        self._began = time.monotonic()
        self.catalogue: Catalogue
        self._taken: Taken
        self._moved = self._typed = self.asked = 0

    def __enter__(self) -> Self:
        with streamed_table(self._source.path, self._source.encoding) as table:
            columns = find_columns(self._source.path, table, self._source.columns)
            self.catalogue = Catalogue(self._catalogue_folder())
            try:
                self.catalogue.begin()
                if self.catalogue.folder:
                    check_own(self.catalogue, self._folder, self._source.path)
                    self._moved = find_photos(self.catalogue, self._folder)
                    self._typed = keep_typed(self.catalogue, self._folder)
                rows = incoming_rows(self._source.path, table, columns, self._source.encoding)
                self._taken = self.catalogue.items.take(rows)
                self.catalogue.set_fact("columns", json.dumps(table.columns))
                wanted = self._options.refresh, self._options.retry_failed
                self.asked = self.catalogue.addresses.find_asks(refresh=wanted[0], retry_failed=wanted[1])
            except BaseException:
                self.catalogue.close()
                raise
        if not self._dry:
            self.catalogue.commit()
        return self

    def __exit__(self, *_: object) -> None:
        self.catalogue.close()

    def _catalogue_folder(self) -> str | None:
        """Make the folder, unless nothing is to be changed; None where there is nothing yet to know."""
        own = os.path.join(self._folder, FOLDER)
        if self._dry:
            return self._folder if os.path.isdir(own) else None
        try:
            os.makedirs(own, exist_ok=True)
        except OSError as error:
            raise disk_error(self._folder, error) from error
        return self._folder

    def asks(self) -> Iterator[tuple[str, str, str]]:
        """Give what would be asked.

        Yields
        ------
        tuple of str
            Where it stands in the table, the address, and why.
        """
        return self.catalogue.addresses.asks()

    def gone(self) -> Iterator[str]:
        """Name the items that the table has no more.

        Yields
        ------
        str
            An item's name and page.
        """
        return self.catalogue.items.leaving()

    def run(self, observer: FetchObserver | None = None, draw: random.Random | None = None) -> FetchSummary:
        """Ask, and write the tables; what came is kept and written whatever ends it.

        Parameters
        ----------
        observer : FetchObserver, optional
            Who hears of progress, and which photos do not come.
        draw : random.Random, optional
            Draws how much longer pauses are.

        Returns
        -------
        FetchSummary
            What was done.

        Raises
        ------
        ImgsimError
            If what comes cannot be kept.
        """
        fetched = Fetched()
        try:
            if self.asked:
                heard = observer or FetchObserver()
                fetched = FetchRun(self.catalogue, self._folder, self._options, heard, draw).run(self.asked)
        except BaseException:
            with suppress(ImgsimError):
                self._write()
            raise
        self.catalogue.begin()
        self.catalogue.items.recognise()
        self._write()
        return self._summary(fetched)

    def _write(self) -> None:
        self.catalogue.begin()
        write_items(self.catalogue, self._folder)
        write_failures(self.catalogue, self._folder)
        self.catalogue.commit()

    def _summary(self, fetched: Fetched) -> FetchSummary:
        items, taken = self.catalogue.items, self._taken
        with_photo, failed = items.count_with_photo(), self.catalogue.addresses.count_failures()
        came = fetched.photos, fetched.same, fetched.unchanged, with_photo, failed
        told = taken.added, taken.updated, items.count_leaving(), self._moved, self._typed
        return FetchSummary(taken.items, self.asked, *came, *told, time.monotonic() - self._began)
