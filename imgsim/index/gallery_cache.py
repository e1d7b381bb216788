"""A gallery's rows, ready to be searched: a cache beside the store, which loses nothing when it is deleted.

A cached gallery is a folder of arrays whose name carries the stamp of the store's content, so that one of other content
is never taken for it. It is written under a temporary name and renamed; rows go through a plain file, chunk by chunk,
and come back memory-mapped.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import IndexWriteError
from imgsim.metrics import StatisticsBuilder
from imgsim.search.gallery import Gallery, squared_norms

if TYPE_CHECKING:
    from imgsim.core import FittedMetric, Statistics
    from imgsim.index.store import Stamp, Store, StoredExtractor

CACHE = "cache"
ARRAYS = ("rows", "squared_norms", "present", "parts", "photos", "whole")
GALLERY = re.compile(r"(?P<store>[0-9a-f]+)-(?P<generation>\d+)-[\w-]+")  # the name of one, or of one being written


def load_gallery(directory: str, store: Store, extractor: StoredExtractor, metric: FittedMetric) -> Gallery:
    """Map a cached gallery, building it first where there is none of the store's present content."""
    cache = Path(directory, CACHE)
    folder = cache / "-".join(map(str, (*store.stamp, extractor.id, metric.space)))
    usable = GALLERY.fullmatch(folder.name) and not cache.is_symlink() and not folder.is_symlink()
    with suppress(OSError, ValueError, EOFError):
        if usable:
            return _map(folder, store.counts()["photos"], extractor, metric)
    if usable and os.access(directory, os.W_OK):
        with suppress(OSError):
            cache.mkdir(exist_ok=True)
            _remove_stale(cache, store.stamp)
            _build(folder, store, extractor, metric)
            return _map(folder, store.counts()["photos"], extractor, metric)
    try:
        with tempfile.TemporaryDirectory(prefix="imgsim-") as temporary:
            _write_arrays(Path(temporary), store, extractor, metric)
            return _map(Path(temporary), store.counts()["photos"], extractor, metric)  # lives on after the unlink
    except OSError as error:
        raise IndexWriteError(
            f"{tempfile.gettempdir()}: no room to lay out the index for searching ({error.strerror}); set TMPDIR"
        ) from error


def _map(folder: Path, photos: int, extractor: StoredExtractor, metric: FittedMetric) -> Gallery:
    """Map a gallery's arrays; raise OSError, EOFError or ValueError if one is absent, cut short or misshapen."""
    arrays = [np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)) for name in ARRAYS]
    gallery = Gallery(*arrays)
    width = metric.embed(np.zeros((1, extractor.dim), np.float32)).shape[1]
    if gallery.rows.shape != (len(gallery.parts), width) or len(gallery.parts) < photos:
        raise ValueError("a gallery of another shape")
    return gallery


def _build(folder: Path, store: Store, extractor: StoredExtractor, metric: FittedMetric) -> None:
    temporary = Path(tempfile.mkdtemp(prefix=folder.name + "-", dir=folder.parent))
    try:
        _write_arrays(temporary, store, extractor, metric)
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # another process may have put the same gallery there
            temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _remove_stale(cache: Path, stamp: Stamp) -> None:
    """Remove this store's galleries of earlier content; a reader that has one mapped keeps it, and links stay."""
    for folder in cache.iterdir():
        name = GALLERY.fullmatch(folder.name)
        if name and name["store"] == stamp.store and int(name["generation"]) < stamp.generation:
            shutil.rmtree(folder, ignore_errors=True)


def _write_arrays(folder: Path, store: Store, extractor: StoredExtractor, metric: FittedMetric) -> None:
    none = metric.embed(np.zeros((0, extractor.dim), np.float32))  # gives an empty gallery its width, too
    keys, norms, present = store.part_keys(), [squared_norms(none)], [np.zeros(0, bool)]
    with (folder / "rows.npy").open("wb") as stream:
        header = {"descr": none.dtype.str, "fortran_order": False, "shape": (len(keys.parts), none.shape[1])}
        np.lib.format.write_array_header_1_0(stream, header)
        for features, there in store.features(extractor):
            rows = metric.embed(features)
            rows.tofile(stream)
            norms.append(squared_norms(rows))
            present.append(there)
    arrays = {**keys._asdict(), "squared_norms": np.concatenate(norms), "present": np.concatenate(present)}
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
    for features, present in store.features(extractor):
        builder.add(np.ascontiguousarray(features[present]))
    return builder.result()
