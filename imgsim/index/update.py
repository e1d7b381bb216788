"""Filling an index, as a caller sees it."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from imgsim.errors import IndexNotFoundError
from imgsim.images.find import check_folder
from imgsim.index.asked_classifiers import AskedClassifiers
from imgsim.index.index import Index
from imgsim.index.index_writer import IndexWriter
from imgsim.index.location import check_writable, has_index, make_directory, name_directory
from imgsim.index.options import Options
from imgsim.naming import is_external, parse_naming

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.core import Extractor
    from imgsim.index.description import AttributeTable, Description
    from imgsim.index.features_file import FeaturesFile, RowsToImport
    from imgsim.index.summary import Observer, Summary


def update_index(
    root: str | os.PathLike[str],
    *,
    index: str | os.PathLike[str] | None = None,
    extractors: Sequence[str] = (),
    options: Options | None = None,
    observer: Observer | None = None,
) -> Summary:
    """Bring the index of a folder up to date, making it where there is none.

    Parameters
    ----------
    root : str or path
        The folder of photos.
    index : str or path, optional
        The index's own folder; ``root/.imgsim`` unless given.
    extractors : sequence of str, optional
        ``NAME[:key=value,...]`` each, beside those that the index has; a new index without any has
        ``efficientnet_lite0``, or ``classic`` where that is not ready.
    options : Options, optional
        How.
    observer : Observer, optional
        Who hears of progress and of files that cannot be read.

    Returns
    -------
    Summary
        What was done.

    Raises
    ------
    IndexLockedError
        If another process is writing the index.
    IndexWriteError
        If the index cannot be written.
    TableError
        If a table of attributes cannot be used.
    ImgsimError
        If the folder is not there, or more than half of its photos are missing.
    """
    began = time.monotonic()
    options = options or Options()
    folder = os.fspath(root)
    check_folder(folder)
    wanted = _load(extractors)
    asked = AskedClassifiers.of(options)
    if options.segment not in (None, "none"):
        from imgsim.segment.cutter import Cutter

        Cutter.of_text(str(options.segment), options.background)  # what cannot be meant is told before it is begun
    description = _read(options.attributes, name_directory(folder, index)) if options.attributes else None
    rows = _read_rows(options.features) if options.features else None
    _check_external(index or root, extractors, rows)
    with IndexWriter(make_directory(folder, index), folder) as writer:
        if len(wanted) > len(extractors) and options.default is None and not writer.extractors:
            options = replace(options, default=extractors[0])  # whole, where that is a fusion
        update = writer.update_of(folder, options, observer)
        classifiers = asked.chosen(writer.options.classifiers)
        if options.verify:
            from imgsim.index.verification import run_verified

            summary = run_verified(update, wanted, description, rows, classifiers)
        else:
            summary = update.run(wanted, description, rows, classifiers)
    summary.seconds = round(time.monotonic() - began, 3)
    return summary


def check_update(root: str | os.PathLike[str], *, index: str | os.PathLike[str] | None = None) -> None:
    """Find out whether the index of a folder can be made or brought up to date, before anything else is done for it."""
    folder = os.fspath(root)
    check_folder(folder)
    directory = name_directory(folder, index)
    if not has_index(directory):
        check_writable(directory)
        return
    with IndexWriter(directory, folder) as writer:
        writer.update_of(folder).check()


def check_index(
    root: str | os.PathLike[str], *, index: str | os.PathLike[str] | None = None, extractors: Sequence[str] = ()
) -> Summary | None:
    """Tell whether an index is up to date, without writing: it may be where nobody can."""
    with suppress(IndexNotFoundError), Index.open(index or root) as reader, reader.snapshot():
        return reader.update_of(os.fspath(root)).standing(_load(extractors))
    return None


def _read(table: AttributeTable, directory: str) -> Description:
    """Read a table before anything is changed; where there is no index yet, nothing is remembered of others."""
    from imgsim.index.description import Description
    from imgsim.tables.cell_forms import AS_PROGRAMS_DO

    description = Description(table)
    if not has_index(directory):
        description.settle(AS_PROGRAMS_DO.updated(table.forms), None, {})
    return description


def _read_rows(source: FeaturesFile) -> RowsToImport:
    from imgsim.index.features_file import RowsToImport

    return RowsToImport(source)


def _check_external(place: str | os.PathLike[str], texts: Sequence[str], rows: RowsToImport | None) -> None:
    """Make sure, before an index is begun or changed, that it has the rows from files that are named."""
    named = [text for text in texts if is_external(text) and not (rows and parse_naming(text).name == rows.spec.name)]
    if named:
        with Index.open(place) as reader:
            for text in named:
                reader.find_extractor(text)


def _load(texts: Sequence[str]) -> list[Extractor]:
    if not texts:
        return []
    from imgsim.features import load_extractor, write_out

    extractors = [load_extractor(text) for text in write_out(texts) if not is_external(text)]
    for extractor in extractors:
        _ = extractor.spec, extractor.dim  # a network without its model says so here, before an index is begun
    return extractors
