"""A gallery's rows, ready to be searched: a cache beside the store, which loses nothing when it is deleted.

A cached gallery is a folder of arrays whose name carries the stamp of the store's content, so that one of other content
is never taken for it. It is written under a temporary name and renamed; rows go through a plain file, chunk by chunk,
and come back memory-mapped. Only what has the name of a gallery is ever removed, and nothing through a link.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.errors import IndexWriteError
from imgsim.files import held
from imgsim.index.gallery_folders import CACHE, ELSEWHERE, GALLERY, TEMPORARY, remove_abandoned, remove_leftovers
from imgsim.index.sqlite.connection import is_behind_link
from imgsim.metrics import StatisticsBuilder
from imgsim.search.gallery import Gallery, squared_norms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import FittedMetric, Statistics
    from imgsim.index.store.extractor_store import StoredExtractor
    from imgsim.index.store.store import Store

ARRAYS = ("rows", "squared_norms", "present", "parts", "photos", "whole", "damaged")


def load_gallery(
    directory: str, store: Store, extractor: StoredExtractor, metric: FittedMetric, *, anew: bool = False
) -> Gallery:
    """Map a cached gallery, building it first where there is none of the store's present content, or `anew`."""
    cache = Path(directory, CACHE)
    folder = cache / "-".join(map(str, (*store.stamp, extractor.id, metric.space)))
    usable = GALLERY.fullmatch(folder.name) and not cache.is_symlink() and not folder.is_symlink()
    with suppress(OSError, ValueError, EOFError):
        if usable and not anew:
            return map_gallery(folder, store.counts()["photos"], extractor, metric)
    if usable and os.access(directory, os.W_OK) and not is_behind_link(directory):
        with suppress(OSError, ValueError):
            cache.mkdir(exist_ok=True)
            remove_leftovers(directory, store.stamp)
            _build(folder, store, extractor, metric)
            return map_gallery(folder, store.counts()["photos"], extractor, metric)
    try:
        remove_abandoned(Path(tempfile.gettempdir()))
        with tempfile.TemporaryDirectory(prefix=ELSEWHERE) as temporary, held(temporary):
            _write_arrays(Path(temporary), store, extractor, metric)
            # It lives on after the unlink.
            return map_gallery(Path(temporary), store.counts()["photos"], extractor, metric)
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise  # that is no matter of room
        raise IndexWriteError(
            f"{tempfile.gettempdir()}: no room to lay out the index for searching ({error.strerror}); set TMPDIR"
        ) from error


def map_gallery(folder: Path, photos: int, extractor: StoredExtractor, metric: FittedMetric) -> Gallery:
    """Map a gallery's arrays; raise OSError, EOFError or ValueError if one is absent, cut short or misshapen."""
    gallery = Gallery(*(_map(folder / f"{name}.npy") for name in ARRAYS))
    none = metric.embed(np.zeros((1, extractor.dim), np.float32))
    count, one_each = len(gallery.parts), (gallery.squared_norms, gallery.present, gallery.whole, gallery.photos)
    if gallery.rows.shape != (count, none.shape[1]) or gallery.rows.dtype != none.dtype or count < photos:
        raise ValueError("a gallery of another shape")
    if any(array.shape != (count,) for array in one_each) or gallery.damaged.ndim != 1:
        raise ValueError("arrays of other lengths")
    if any(array.dtype.kind != kind for array, kind in zip(one_each, "fbb", strict=False)):
        raise ValueError("arrays of other types")
    return gallery


def _map(file: Path) -> NDArray[Any]:
    if file.is_symlink() or not file.is_file():  # such as a pipe, which would be waited for
        raise ValueError("no array")
    return np.asarray(np.lib.format.open_memmap(file, mode="r"))


def _build(folder: Path, store: Store, extractor: StoredExtractor, metric: FittedMetric) -> None:
    temporary = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=folder.parent))
    try:
        with held(temporary):
            _write_arrays(temporary, store, extractor, metric)
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # another process may have put the same gallery there
            temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_arrays(folder: Path, store: Store, extractor: StoredExtractor, metric: FittedMetric) -> None:
    none = metric.embed(np.zeros((0, extractor.dim), np.float32))  # gives an empty gallery its width, too
    keys, norms, present, wrong = store.part_keys(), [squared_norms(none)], [np.zeros(0, bool)], [np.zeros(0, bool)]
    with (folder / "rows.npy").open("wb") as stream:
        header = {"descr": none.dtype.str, "fortran_order": False, "shape": (len(keys.parts), none.shape[1])}
        np.lib.format.write_array_header_1_0(stream, header)
        for features, there, damaged in store.features(extractor):
            rows = metric.embed(features)
            rows.tofile(stream)
            norms.append(squared_norms(rows))
            present.append(there)
            wrong.append(damaged)
    arrays = {**keys._asdict(), "squared_norms": np.concatenate(norms), "present": np.concatenate(present)}
    arrays["damaged"] = keys.parts[np.concatenate(wrong)]
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)


def gather_statistics(store: Store, extractor: StoredExtractor) -> Statistics:
    """Give an extractor's pinned statistics or, before the first indexing has ended, those of the rows so far."""
    return store.statistics(extractor) or _measure(store, extractor)


def pin_statistics(store: Store, extractor: StoredExtractor) -> None:
    """Pin the statistics of an extractor's features as they are; without any, there is nothing to pin."""
    statistics = _measure(store, extractor)
    if statistics.count:
        store.pin_statistics(extractor, statistics)


def _measure(store: Store, extractor: StoredExtractor) -> Statistics:
    builder = StatisticsBuilder(extractor.dim, store.count_features(extractor))
    for features, present, _ in store.features(extractor):
        builder.add(np.ascontiguousarray(features[present]))
    return builder.result()
