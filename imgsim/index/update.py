"""Filling an index, as a caller sees it."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from imgsim.errors import IndexNotFoundError, IndexWriteError
from imgsim.images.find import check_folder
from imgsim.index.description import Description
from imgsim.index.index import Index, folder_of
from imgsim.index.options import Options
from imgsim.index.sqlite.connection import DATABASE, FOLDER
from imgsim.index.writer import IndexWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imgsim.core import Extractor
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
        ``NAME[:key=value,...]`` each, beside those that the index has; a new index without any has ``classic``.
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
    description = Description(options.attributes) if options.attributes else None
    with IndexWriter(_make_directory(folder, index), folder) as writer:
        summary = writer.update_of(folder, options, observer).run(wanted, description)
    summary.seconds = round(time.monotonic() - began, 3)
    return summary


def check_update(root: str | os.PathLike[str], *, index: str | os.PathLike[str] | None = None) -> None:
    """Find out whether the index of a folder can be made or brought up to date, before anything else is done for it."""
    folder = os.fspath(root)
    check_folder(folder)
    directory = _name_directory(folder, index)
    if not os.path.exists(os.path.join(directory, DATABASE)):
        _check_writable(directory)
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


def _make_directory(root: str, index: str | os.PathLike[str] | None) -> str:
    """Make the index's own folder, unless it is there."""
    directory = _name_directory(root, index)
    try:
        os.makedirs(directory, exist_ok=True)
    except OSError as error:
        raise IndexWriteError(f"{directory}: cannot be made ({error.strerror})", remedy="other-index") from error
    return directory


def _name_directory(root: str, index: str | os.PathLike[str] | None) -> str:
    if index is None:
        return os.path.join(root, FOLDER)
    place = folder_of(index)
    within = os.path.join(place, FOLDER)
    return within if os.path.isdir(within) else place


def _check_writable(directory: str) -> None:
    """Make sure that a new index can be written, by the nearest folder above it that is there."""
    place = Path(os.path.abspath(directory))
    place = next(folder for folder in (place, *place.parents) if os.path.exists(folder))
    if not (os.path.isdir(place) and os.access(place, os.W_OK | os.X_OK)):
        raise IndexWriteError(f"{directory}: cannot be written", remedy="other-index")


def _load(texts: Iterable[str]) -> list[Extractor]:
    if not texts:
        return []
    from imgsim.features import load_extractor

    extractors = [load_extractor(text) for text in texts]
    for extractor in extractors:
        _ = extractor.spec, extractor.dim  # a network without its model says so here, before an index is begun
    return extractors
