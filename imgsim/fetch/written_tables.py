"""What a fetch writes: items.csv, a row an item, and failures.csv, a row for each photo that did not come."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from imgsim.errors import ImgsimError
from imgsim.fetch.addresses import without_secrets, without_user
from imgsim.fetch.catalogue_database import FOLDER
from imgsim.fetch.catalogue_items import WrittenRow

if TYPE_CHECKING:
    import io
    from collections.abc import Iterable, Iterator

    from imgsim.fetch.catalogue import Catalogue
    from imgsim.fetch.catalogue_items import ShownItem

ITEMS, FAILURES = "items.csv", "failures.csv"
OWN_COLUMNS = ("file", "same_as", "gone")
FAILURE_COLUMNS = ("row", "url", "page", "name", "reason", "again")
AGAIN = {False: "yes", True: "when told to"}
_PIECE = 1 << 20


def own_columns(others: Iterable[str]) -> tuple[str, str, str]:
    """Name the columns that a fetch adds to a table's, apart from those.

    Examples
    --------
    >>> own_columns(["url", "file"])
    ('fetched_file', 'same_as', 'gone')
    """
    taken = set(others)
    file, same_as, gone = (f"fetched_{name}" if name in taken else name for name in OWN_COLUMNS)
    return file, same_as, gone


def check_own(catalogue: Catalogue, folder: str, table: str) -> None:
    """Make sure that nothing is written over that is not of a fetch, least of all the table."""
    for name in (ITEMS, FAILURES):
        path = os.path.join(folder, name)
        if not os.path.lexists(path):
            continue
        if os.path.exists(path) and os.path.samefile(path, table):
            raise ImgsimError(f"{path}: is what is written: give the table another name", remedy="other-output")
        if not catalogue.fact(name):
            raise ImgsimError(f"{path}: was not written by `imgsim fetch`: move it away", remedy="other-output")


def is_untouched(catalogue: Catalogue, folder: str) -> bool:
    """Tell whether items.csv is as it was written, or not there."""
    known = catalogue.fact(ITEMS).split()
    digest = _digest(os.path.join(folder, ITEMS))
    return not digest or digest in known


def write_items(catalogue: Catalogue, folder: str) -> None:
    """Write items.csv whole, and note how it is written before it is there: a kill between the two changes nothing."""
    columns = json.loads(catalogue.fact("columns"))
    typed = [name for name in json.loads(catalogue.fact("typed columns") or "[]") if name not in columns]
    listed = [*columns, *typed]
    own = own_columns(listed)
    catalogue.set_fact("own columns", json.dumps(own))

    def rows() -> Iterator[tuple[int, WrittenRow]]:
        for shown in catalogue.items.shown():
            cells = {name: cell_text(shown.cells.get(name)) for name in listed}
            yield shown.item, WrittenRow(shown.file, shown.again, cells)
            lines.writerow([*_named(shown), *cells.values()])
        for file, cells in catalogue.items.own_rows():
            lines.writerow([file, "", "", *(cells.get(name, "") for name in listed)])

    with _replaced(catalogue, folder, ITEMS) as stream:
        lines = csv.writer(stream, lineterminator="\n")
        lines.writerow([*own, *listed])
        catalogue.items.set_written(rows())


def write_failures(catalogue: Catalogue, folder: str) -> None:
    """Write failures.csv whole."""
    with _replaced(catalogue, folder, FAILURES) as stream:
        lines = csv.writer(stream, lineterminator="\n")
        lines.writerow(FAILURE_COLUMNS)
        for failure in catalogue.addresses.failures():
            address, page, reason = map(without_secrets, (failure.address, failure.page, failure.reason))
            lines.writerow([failure.row, address, page, failure.name, reason, AGAIN[failure.lasting]])


def cell_text(value: Any) -> str:  # noqa: ANN401 (what JSON holds)
    """Write a cell: as the table had it, less who asks in an address."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return without_user(value) if isinstance(value, str) else repr(value)


def _named(shown: ShownItem) -> tuple[str, str, str]:
    return ("", shown.file, shown.gone) if shown.again else (shown.file, "", shown.gone)


@contextmanager
def _replaced(catalogue: Catalogue, folder: str, name: str) -> Iterator[io.TextIOWrapper]:
    """Write a file beside its place, and put it there once all of it is written."""
    path, part = os.path.join(folder, name), os.path.join(folder, FOLDER, f"{name}.part")
    try:
        with open(part, "w", encoding="utf-8", errors="replace", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        before, digest = catalogue.fact(name).split()[-1:], _digest(part)
        catalogue.set_fact(name, " ".join([*before, digest]))
        catalogue.commit()
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(part)
        raise disk_error(path, error) from error


def disk_error(path: str, error: OSError) -> ImgsimError:
    """Say that something cannot be written, and what becomes of the rest."""
    return ImgsimError(f"{path}: cannot be written ({error.strerror}): what was fetched is kept, run again to go on")


def _digest(path: str) -> str:
    """Digest a file's content; empty where there is none."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        with open(path, "rb") as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
    except FileNotFoundError:
        return ""
    return digest.hexdigest()
