"""Photos of an index whose files are as they were, which a query need not measure: their rows are at hand."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from imgsim.images.find import FoundImage
from imgsim.images.formats import DECODING
from imgsim.index.photo_lookup import PhotoLookup

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgsim.core import Features
    from imgsim.images.limits import Limits
    from imgsim.images.photo import Photo
    from imgsim.index.store.extractor_store import StoredExtractor
    from imgsim.index.store.photo_store import StoredPhoto
    from imgsim.index.store.store import Store


class StoredRows(NamedTuple):
    """A photo's content, and its rows by the keys of extractors, (1, D) each."""

    digest: bytes
    rows: Mapping[int, Features]


class UnchangedPhotos:
    """Finds the rows, by extractors that can measure too, that a store has of photos which would be measured alike."""

    def __init__(self, store: Store, extractors: Sequence[StoredExtractor]) -> None:
        self._store, self._extractors, self._lookup = store, extractors, PhotoLookup(store)

    def find(self, photo: Photo, limits: Limits) -> StoredRows | None:
        """Give the rows of a photo, where all are as they were stored; None where it is to be measured."""
        path = os.fspath(photo) if isinstance(photo, str | os.PathLike) else b""
        stored = self._as_it_was(path) if isinstance(path, str) else None
        if stored is None or stored.width * stored.height > limits.max_megapixels * 1e6:
            return None
        rows = {}
        for extractor in self._extractors:
            found = self._store.rows(extractor, [stored.part])
            if not found.present[0]:
                return None
            rows[extractor.id] = found.features
        return StoredRows(stored.known.digest, rows)

    def _as_it_was(self, path: str) -> StoredPhoto | None:
        """Find the photo that a path leads to if all that the file system tells of it, and decoding, is as it was."""
        try:
            status = os.stat(path)
            key = self._lookup.named(path)
        except (OSError, ValueError):  # what is wrong with it is for whoever reads it to say
            return None
        stored = None if key is None else self._store.stored_photo(key)
        if stored is None or not stat.S_ISREG(status.st_mode):
            return None
        known, file = stored.known, FoundImage.of(path, status)
        if os.name == "nt" and not known.inode:  # there a walk is told of none
            file = file._replace(inode=0)
        same = (known.size, known.mtime_ns, known.ctime_ns, known.inode) == file[1:]
        return stored if same and known.decoding == DECODING else None
