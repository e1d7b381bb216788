"""A gallery's rows, ready to be searched: a cache beside the store, which loses nothing when it is deleted.

A cached gallery is a folder of arrays whose name carries the stamp of the store's content, so that one of other content
is never taken for it. It is written under a temporary name and renamed; rows go through a plain file, chunk by chunk,
and come back memory-mapped.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.errors import IndexWriteError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from imgsim.core import Features, FittedMetric
    from imgsim.index.store import Store, StoredExtractor

CACHE = "cache"
CHUNK_ROWS = 4096  # embedded at a time: some metrics do so in float64
ARRAYS = ("rows", "squared_norms", "present", "parts", "photos")


@dataclass(frozen=True)
class Gallery:
    """Every part in the index, sorted by path and part, as one extractor and one metric's space see it.

    Parameters
    ----------
    rows : ndarray of float32 or uint8, shape (N, R)
        Embedded features; zeros where a part has none.
    squared_norms : ndarray of float32, shape (N,)
        Of the rows.
    present : ndarray of bool, shape (N,)
        Which parts have features.
    parts, photos : ndarray of int64, shape (N,)
        Keys of the parts and of their photos.
    """

    rows: NDArray[Any]
    squared_norms: NDArray[np.float32]
    present: NDArray[np.bool_]
    parts: NDArray[np.int64]
    photos: NDArray[np.int64]


def lay_out(features: Features, metric: FittedMetric) -> Gallery:
    """Lay out features that are at hand as a gallery of whole photos, numbered in their order.

    Parameters
    ----------
    features : ndarray of float32, shape (N, D)
        One row a photo.
    metric : FittedMetric
        Whose space.

    Returns
    -------
    Gallery
        In memory.
    """
    chunks = [
        metric.embed(features[start : start + CHUNK_ROWS]) for start in range(0, max(len(features), 1), CHUNK_ROWS)
    ]
    rows, keys = np.concatenate(chunks), np.arange(len(features))
    return Gallery(rows, _squared_norms(rows), np.ones(len(rows), bool), keys, keys)


def load_gallery(directory: str, store: Store, extractor: StoredExtractor, metric: FittedMetric) -> Gallery:
    """Map a cached gallery, building it first where there is none of the store's present content.

    Parameters
    ----------
    directory : str
        The index's folder; where it cannot be written the gallery is built in a temporary one.
    store : Store
        Read within a snapshot.
    extractor : StoredExtractor
        Whose features.
    metric : FittedMetric
        Whose space.

    Returns
    -------
    Gallery
        With memory-mapped rows.

    Raises
    ------
    IndexWriteError
        If there is no room for it anywhere.
    """
    cache = Path(directory, CACHE)
    folder = cache / f"{store.stamp}-{extractor.id}-{metric.space}"
    with suppress(OSError, ValueError, EOFError):
        return _map(folder, store.counts()["photos"], extractor, metric)
    if os.access(directory, os.W_OK):
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
    temporary = Path(tempfile.mkdtemp(prefix="tmp-", dir=folder.parent))
    try:
        _write_arrays(temporary, store, extractor, metric)
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # another process may have put the same gallery there
            temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _remove_stale(cache: Path, stamp: str) -> None:
    """Remove galleries of earlier content; a reader that has one mapped keeps it."""
    for folder in cache.iterdir():
        if not folder.name.startswith((f"{stamp}-", "tmp-")):
            shutil.rmtree(folder, ignore_errors=True)


def _write_arrays(folder: Path, store: Store, extractor: StoredExtractor, metric: FittedMetric) -> None:
    parts, photos = store.part_keys()
    small: dict[str, list[NDArray[Any]]] = {"squared_norms": [], "present": []}
    with (folder / "rows.npy").open("wb") as stream:
        for chunk, present in _chunks(store, extractor):
            rows = metric.embed(chunk)
            if not small["present"]:
                header = {"descr": rows.dtype.str, "fortran_order": False, "shape": (len(parts), rows.shape[1])}
                np.lib.format.write_array_header_1_0(stream, header)
            rows.tofile(stream)
            small["squared_norms"].append(_squared_norms(rows))
            small["present"].append(present)
    for name, array in {"parts": parts, "photos": photos, **{k: np.concatenate(v) for k, v in small.items()}}.items():
        np.save(folder / f"{name}.npy", array)


def _squared_norms(rows: NDArray[Any]) -> NDArray[np.float32]:
    squared: NDArray[np.float32] = np.einsum("nd,nd->n", rows, rows, dtype=np.float32)
    return squared


def _chunks(store: Store, extractor: StoredExtractor) -> Iterator[tuple[Features, NDArray[np.bool_]]]:
    """Stream the store's rows, or one chunk of none, which gives an empty gallery its width."""
    empty = True
    for chunk in store.features(extractor):
        empty = False
        yield chunk
    if empty:
        yield np.zeros((0, extractor.dim), np.float32), np.zeros(0, bool)
