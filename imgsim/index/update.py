"""Filling an index, as a caller sees it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from imgsim.errors import IndexWriteError
from imgsim.index.description import Description
from imgsim.index.options import Options
from imgsim.index.run import Update
from imgsim.index.scan import check_folder
from imgsim.index.sqlite.connection import DATABASE, FOLDER
from imgsim.index.sqlite.sqlite_store import SqliteStore
from imgsim.index.store import DefaultQuery
from imgsim.index.summary import SilentObserver

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
    directory = make_directory(folder, index)
    store = SqliteStore.open_writer(directory, folder)
    try:
        update = Update(folder, directory, store, options, observer or SilentObserver())
        summary = update.run(wanted, description)
    finally:
        store.close()
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
    store = SqliteStore.open_writer(directory, folder)
    try:
        Update(folder, directory, store, Options(), SilentObserver()).check()
    finally:
        store.close()


def check_index(
    root: str | os.PathLike[str], *, index: str | os.PathLike[str] | None = None, extractors: Sequence[str] = ()
) -> Summary | None:
    """Tell whether an index is up to date, without writing: it may be where nobody can."""
    folder = os.fspath(root)
    directory = _name_directory(folder, index)
    if not os.path.exists(os.path.join(directory, DATABASE)):
        return None
    store = SqliteStore.open_reader(directory)
    try:
        with store.snapshot():
            return Update(folder, directory, store, Options(), SilentObserver()).standing(_load(extractors))
    finally:
        store.close()


def set_default_query(
    root: str | os.PathLike[str],
    extractors: Sequence[str],
    metric: str | None = None,
    *,
    index: str | os.PathLike[str] | None = None,
) -> None:
    """Set what queries of an index compare by, unless told otherwise."""
    from imgsim.index.distance import choose_distance

    store = SqliteStore.open_writer(make_directory(os.fspath(root), index), os.fspath(root))
    try:
        distance = choose_distance(store, extractors, metric)
        with store.transaction():
            pairs = tuple((one.stored, one.weight) for one in distance.extractors)
            store.set_default(DefaultQuery(pairs, distance.metric))
    finally:
        store.close()


def make_directory(root: str, index: str | os.PathLike[str] | None) -> str:
    """Make the index's own folder, unless it is there."""
    directory = _name_directory(root, index)
    try:
        os.makedirs(directory, exist_ok=True)
    except OSError as error:
        raise IndexWriteError(f"{directory}: cannot be made ({error.strerror}); choose another with --index") from error
    return directory


def _name_directory(root: str, index: str | os.PathLike[str] | None) -> str:
    if index is None:
        return os.path.join(root, FOLDER)
    within = os.path.join(os.fspath(index), FOLDER)
    return within if os.path.isdir(within) else os.fspath(index)


def _check_writable(directory: str) -> None:
    """Make sure that a new index can be written, by the nearest folder above it that is there."""
    place = os.path.abspath(directory)
    while not os.path.exists(place):
        place = os.path.dirname(place)
    if not (os.path.isdir(place) and os.access(place, os.W_OK | os.X_OK)):
        raise IndexWriteError(f"{directory}: cannot be written; choose another with --index")


def _load(texts: Iterable[str]) -> list[Extractor]:
    if not texts:
        return []
    from imgsim.features import load_extractor

    extractors = [load_extractor(text) for text in texts]
    for extractor in extractors:
        _ = extractor.spec, extractor.dim  # a network without its model says so here, before an index is begun
    return extractors
