"""The door to an index for whoever writes it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from imgsim.index.gallery_folders import remove_leftovers
from imgsim.index.index import Index
from imgsim.index.location import MAPS
from imgsim.index.sqlite.sqlite_store import SqliteStore
from imgsim.naming import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    from imgsim.core import Extractor
    from imgsim.index.assignments import AttributeEdit
    from imgsim.index.distance import ChosenDistance
    from imgsim.index.sight_rules import SightChange
    from imgsim.index.store.extractor_store import StoredExtractor
    from imgsim.index.store.pair_store import DecidedPair
    from imgsim.index.store.photo_store import MeasuredPhoto
    from imgsim.metrics.calibration import Calibration


class IndexWriter(Index):
    """An index opened for writing, by one at a time, made where there is none; a context manager.

    Each change is a transaction of its own. A new index is of `root`, or else of the folder about `directory`.
    """

    def __init__(self, directory: str, root: str | None = None) -> None:
        root = root or os.path.dirname(os.path.abspath(directory))
        super().__init__(directory, SqliteStore.open_writer(directory, root))

    def __exit__(self, *error: object) -> None:
        try:
            if not any(error):
                remove_leftovers(self.directory, self._store.stamp)
                self._store.check_there()
        finally:
            self.close()

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
            self._store.set_default(self.distance(extractors, metric).query)

    def set_attributes(self, photo: str, assignments: Iterable[str]) -> dict[str, Any]:
        """Change attributes of a photo, as a user writes it: ``NAME=VALUE``."""
        return self.edit([photo], assignments).attributes

    def edit(
        self,
        photos: Iterable[str] | None,
        assignments: Iterable[str],
        *,
        dropped: Iterable[str] = (),
        where: str | Sequence[str] = (),
    ) -> AttributeEdit:
        """Change attributes of many photos alike: those for which `where` holds, of those named or, with None, of all.

        All are changed or, where one is not in the index or a value does not fit, none is.
        """
        from imgsim.index.assignments import edit_attributes

        with self.transaction():
            return edit_attributes(self._store, photos, assignments, dropped, listed(where))

    def drop_attributes(self, names: Iterable[str]) -> dict[str, int]:
        """Remove attributes from all photos, and what declares them; give how many photos had each."""
        from imgsim.index.assignments import drop_attributes

        with self.transaction():
            return drop_attributes(self._store, names)

    def declare_attributes(self, declarations: Iterable[str]) -> dict[str, str | None]:
        """Make attributes known before photos have them, as a user writes: ``NAME=TYPE``; ``NAME=`` takes it back."""
        from imgsim.index.declarations import declare

        with self.transaction():
            return declare(self._store, declarations)

    def decide(self, pairs: Sequence[DecidedPair]) -> list[DecidedPair | None]:
        """Keep what was decided about pairs, or that they were said; give what was kept of each before.

        A later decision takes the place of an earlier one; that a pair was said takes the place of nothing.
        """
        from imgsim.index.decided_pairs import keep_decisions

        with self.transaction():
            return keep_decisions(self._store, pairs)

    def forget_pairs(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        """Forget what was decided about pairs, or that they were said, by the digests of the lost and found photos."""
        with self.transaction():
            self._store.forget_pairs(pairs)

    def change_sight(
        self, added: str | Iterable[str] = (), *, dropped: Iterable[str] = (), all_dropped: bool = False
    ) -> SightChange:
        """Keep photos out of sight for which expressions hold, from now on and whatever comes; take rules back before.

        Of what is out of sight, `search` and `match` know nothing; nothing is removed.
        """
        from imgsim.index.sight_rules import change_rules

        with self.transaction():
            rules = [added] if isinstance(added, str) else added
            return change_rules(self._store, rules, dropped, all_dropped=all_dropped)

    def keep_calibration(self, distance: ChosenDistance, calibration: Calibration) -> None:
        """Keep the calibration of a distance, in place of an earlier one, until one of its extractors is dropped."""
        with self.transaction():
            extractors = [one.stored for one in distance.extractors]
            self._store.keep_calibration(distance.name, extractors, calibration.to_json())

    def compact(self) -> None:
        """Give the space of removed rows back to the disk."""
        self._store.compact()
        maps = os.path.join(self.directory, MAPS)
        if os.path.isdir(maps):
            from imgsim.segment.cutter import remove_other_maps

            remove_other_maps(maps, self._store.cut, [known.digest for known in self._store.known().values()])
