"""An index opened for writing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from imgsim.index.index import Index
from imgsim.index.sqlite.sqlite_store import SqliteStore
from imgsim.index.store import DefaultQuery

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    from imgsim.core import Extractor
    from imgsim.index.distance import ChosenDistance
    from imgsim.index.store import MeasuredPhoto, StoredExtractor
    from imgsim.metrics.calibration import Calibration


class IndexWriter(Index):
    """An index opened for writing, by one at a time, made where there is none; a context manager.

    Each change is a transaction of its own. A new index is of `root`, or else of the folder about `directory`.
    """

    def __init__(self, directory: str, root: str | None = None) -> None:
        root = root or os.path.dirname(os.path.abspath(directory))
        super().__init__(directory, SqliteStore.open_writer(directory, root))

    def transaction(self) -> AbstractContextManager[None]:
        """Make the changes of the block one: all are written, or none is."""
        return self._store.transaction()

    def add_extractor(self, extractor: Extractor) -> StoredExtractor:
        """Add an extractor, or find it; the first one becomes the default."""
        with self.transaction():
            return self._store.add_extractor(extractor.spec, extractor.dim, binary=extractor.binary)

    def drop_extractor(self, extractor: StoredExtractor) -> None:
        """Remove an extractor, its features, and the calibrations of distances that it has a part in."""
        with self.transaction():
            self._store.drop_extractor(extractor)

    def put(self, photo: MeasuredPhoto) -> None:
        """Store a measured photo."""
        with self.transaction():
            self._store.put(photo)

    def set_default(self, extractors: Sequence[str], metric: str | None = None) -> None:
        """Set what queries compare by, unless told otherwise."""
        with self.transaction():
            distance = self.distance(extractors, metric)
            pairs = tuple((one.stored, one.weight) for one in distance.extractors)
            self._store.set_default(DefaultQuery(pairs, distance.metric))

    def set_attributes(self, photo: str, assignments: Iterable[str]) -> dict[str, Any]:
        """Change attributes of a photo, as a user writes it: ``NAME=VALUE``."""
        from imgsim.index.description import edit_attributes

        with self.transaction():
            return edit_attributes(self._store, photo, assignments)

    def keep_calibration(self, distance: ChosenDistance, calibration: Calibration) -> None:
        """Keep the calibration of a distance, in place of an earlier one, until one of its extractors is dropped."""
        with self.transaction():
            extractors = [one.stored for one in distance.extractors]
            self._store.keep_calibration(distance.name, extractors, calibration.to_json())

    def compact(self) -> None:
        """Give the space of removed rows back to the disk."""
        self._store.compact()
