"""One run over a folder: scan, compare, measure, commit."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imgsim.errors import ImgsimError
from imgsim.images.formats import DECODING, HEADERS
from imgsim.index.asked_settings import AskedSettings
from imgsim.index.drawn_pictures import DrawnPictures
from imgsim.index.external_rows import external, measurable, rows_to_keep
from imgsim.index.folder_look import look_through
from imgsim.index.lacks import find_lacks
from imgsim.index.options import Options
from imgsim.index.sqlite.connection import outside
from imgsim.index.store.ledger_store import Failure
from imgsim.index.store.photo_file_store import MISSING, UNREADABLE
from imgsim.index.summary import Observer, Summary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgsim.core import Extractor
    from imgsim.index.changes import Changes
    from imgsim.index.description import Description
    from imgsim.index.features_file import RowsToImport
    from imgsim.index.folder_look import FolderLook
    from imgsim.index.measurement import Measurement
    from imgsim.index.options import Remembered
    from imgsim.index.sqlite.sqlite_store import SqliteStore
    from imgsim.index.store.extractor_store import StoredExtractor
    from imgsim.index.store.measurement_store import StoredClassifier


class Update:
    """One run over a folder."""

    def __init__(
        self,
        root: str,
        directory: str,
        store: SqliteStore,
        options: Options | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.root = root
        self.directory = directory
        self.store = store
        self.options = options or Options()
        self.observer = observer or Observer()
        self.settings = AskedSettings(root, store, self.options, self.observer)
        self.summary = Summary()
        self.drawn = DrawnPictures(store)

    @property
    def _made(self) -> Remembered:
        """How the index is made from now on."""
        return self.settings.made

    def check(self) -> None:
        """Raise what would stop a run before it changes anything."""
        self._look()

    def run(
        self,
        wanted: list[Extractor],
        description: Description | None = None,
        rows: RowsToImport | None = None,
        classifiers: Mapping[str, StoredClassifier] | None = None,
    ) -> Summary:
        """Do all of it, in the order of a photo's way; `classifiers` are those of now on, the same unless given."""
        before = self.store.stamp
        extractors = self._take_in(wanted, description, rows, classifiers)
        if rows:
            self._import(rows)
            extractors = self.store.extractors()
        if self.options.refit or self.store.stamp != before or not all(map(self.store.is_pinned, extractors)):
            self.finish(extractors)
        if description:
            self._describe(description)
        for extractor in external(extractors):
            if lacking := self.store.lacking(extractor):
                self.observer.lacks_rows(extractor.spec.name, sorted(lacking, key=os.fsencode))
        return self._summarised()

    def _take_in(
        self,
        wanted: list[Extractor],
        description: Description | None,
        rows: RowsToImport | None,
        classifiers: Mapping[str, StoredClassifier] | None,
    ) -> list[StoredExtractor]:
        """Commit what the folder holds; what was found there is let go before the features take memory."""
        look = self._look()
        self._pair(look, description, rows)
        extractors = self.settings.settle(wanted, rows)
        self._apply(look)
        otherwise = self._decoded_otherwise(look.changes)
        lacks = find_lacks(
            self.store,
            look.changes,
            measurable(extractors),
            otherwise=otherwise,
            failing=look.failing,
            labels=self.settings.settle_classifiers(classifiers),
            partless=look.ledger.not_cut_again(self.store.cut),
        )
        partless = look.ledger.partless(self.store.cut)
        self.summary.partless = len(partless.difference(lack.image.path for lack in lacks))
        if lacks:
            kept = rows_to_keep(self.store, extractors, look.changes, otherwise)
            self._measurement.measure(lacks, self.directory, self.options.jobs, kept)
        if unread := self._unread_headers(look):
            from imgsim.index.headers import read_headers

            self.summary.headers = read_headers(self.root, self.store, unread, self._made.limits)
        return extractors

    def _pair(self, look: FolderLook, description: Description | None, rows: RowsToImport | None) -> None:
        """Find out which photos tables are about, before anything is changed."""
        if description:
            description.settle(self._made.forms, self._made.encoding, self.store.declared)
        for table in (description, rows):
            if table:
                files = {image.path for image in look.found.images}
                table.pair(self.root, files | (self.store.known().keys() - look.changes.vacated))

    def standing(self, wanted: list[Extractor]) -> Summary | None:
        """Give the summary of a run that would change nothing, without writing; None where there is something to do."""
        look = self._look(retrying=False)
        stored = {extractor.spec: extractor for extractor in self.store.extractors()}
        specs = [extractor.spec for extractor in wanted] or list(stored)
        if not look.changes.nothing or not specs or not stored.keys() >= set(specs) or self.settings.is_cut_anew:
            return None
        extractors = [stored[spec] for spec in specs]
        partless = look.ledger.not_cut_again(self.store.cut)
        lacks = find_lacks(  # labels aside
            self.store, look.changes, measurable(extractors), failing=look.failing, partless=partless
        )
        if lacks or self._unread_headers(look) or not all(map(self.store.is_pinned, extractors)):
            return None
        self.summary.failed += len(look.found.unreadable)
        self.summary.partless = len(look.ledger.partless(self.store.cut))
        return self._summarised()

    def _look(self, *, retrying: bool = True) -> FolderLook:
        """Look through the folder, which must be the one that the index is of, and find what changed in it."""
        if not self.options.moved and os.path.realpath(self.store.root) != os.path.realpath(self.root):
            raise ImgsimError(
                f"{self.directory} is the index of {self.store.root}, not of {self.root}", remedy="moved-or-other-index"
            )
        look = look_through(
            self.root, self.store, self.options, self._made, self.drawn, self.observer, retrying=retrying
        )
        if look.expected is not None and not self.options.prune:
            self._check_disk(look.missing, look.expected)
        self.summary = look.summary()
        return look

    @property
    def _measurement(self) -> Measurement:
        from imgsim.index.measurement import Measurement  # which a run that finds nothing new does without

        cutter = self.settings.cutter if self.store.cut else None
        return Measurement(self.root, self.store, self._made.limits, self.drawn, self.summary, self.observer, cutter)

    def _check_disk(self, missing: int, expected: int) -> None:
        """Stop where more than half of the photos are missing: the disk may be away."""
        if 2 * missing > expected:
            raise ImgsimError(
                f"{self.root}: {missing} of {expected} indexed photos are missing, nothing was changed: "
                "is the disk mounted?",
                remedy="prune",
                folder=self.root,
                index=outside(self.directory, self.root),
                include=_given(self.options.include),
                exclude=_given(self.options.exclude),
                moved=self.options.moved,
            )

    def _import(self, rows: RowsToImport) -> None:
        """Commit the rows of a file, in place of those that had their name."""
        from imgsim.index.distance import named_query

        with self.store.transaction():
            imported = rows.apply(self.store)
            if self.settings.is_default(rows):
                self.store.set_default(named_query(self.store, [rows.spec.name]))
        self.summary.imported, self.summary.replaced = imported.stored, imported.replaced
        self.summary.unknown = len(imported.lost)
        self.observer.imported(imported)

    def _apply(self, look: FolderLook) -> None:
        """Commit all that needs no photo to be decoded."""
        with self.store.transaction():
            look.changes.apply(self.store)
            if self.options.prune:
                self._prune()
            overcome = look.overcome(self.store.cut)
            self.store.forget_failures(overcome)
            for path, reason in look.found.unreadable:
                self._measurement.fail(Failure(path, 0, 0, reason))
            look.ledger.strike_off({*overcome, *(path for path, _ in look.found.unreadable)})
            self.drawn.keep()
        if look.changes.trusted:
            self.observer.trusted(look.changes.trusted)

    def _unread_headers(self, look: FolderLook) -> list[str]:
        """List the photos whose headers are to be read, and were not yet."""
        lacking = self.store.lacking_headers(HEADERS) - look.failing if self._made.exif else set()
        return [image.path for image in look.found.images if image.path in lacking] if lacking else []

    def _prune(self) -> None:
        """Remove the photos that are missing, and those left out whose files are gone too."""
        photos = [photo for photo in self.store.hidden() if photo.why != UNREADABLE]
        gone = [one for one in photos if one.why == MISSING or not os.path.lexists(os.path.join(self.root, one.path))]
        self.store.remove(photo.known.key for photo in gone)
        self.summary.removed = len(gone)

    def _decoded_otherwise(self, changes: Changes) -> set[str]:
        """Find photos that this imgsim may make other pixels of, and commit that those of the others are as before."""
        if not changes.older:
            return set()
        from imgsim.images.decoding_version import may_differ

        limit, root = self._made.max_megapixels, self.root
        older = changes.older.items()
        otherwise = {path for path, since in older if may_differ(os.path.join(root, path), since, max_megapixels=limit)}
        with self.store.transaction():
            self.store.note_decoding(changes.older.keys() - otherwise, DECODING)
            if otherwise:
                self.store.make_calibrations_stale()
                self.observer.decoded_otherwise(len(otherwise))
        return otherwise

    def _describe(self, description: Description) -> None:
        """Commit what a table says of the photos; features and galleries have no part in it."""
        with self.store.transaction():
            described = description.apply(self.store)
        self.summary.described = described.changed
        self.summary.lost_rows = len(described.lost_rows)
        self.summary.without_row = len(described.photos_without_row)
        self.observer.described(described)

    def _summarised(self) -> Summary:
        """Complete the summary by what is hidden now."""
        counts = self.store.counts()
        self.summary.missing, self.summary.left_out = counts["missing"], counts["left_out"]
        return self.summary

    def finish(self, extractors: Sequence[StoredExtractor]) -> None:
        """Pin statistics where there are none yet, and lay out the galleries that queries will map."""
        from imgsim.index.distance import ChosenDistance, ChosenExtractor, rebuild
        from imgsim.index.gallery_cache import pin_statistics

        with self.store.transaction():
            if self.options.refit:
                self.store.forget_calibrations()  # they were fitted to distances as they were
            for extractor in extractors:
                if self.options.refit or not self.store.is_pinned(extractor):
                    pin_statistics(self.store, extractor)
        with self.store.snapshot():
            for extractor in extractors:
                chosen = ChosenExtractor(extractor, rebuild(self.directory, extractor), 1.0)
                ChosenDistance((chosen,), None, self.directory, self.store).terms()  # whatever a first query would do


def _given(patterns: Sequence[str] | None) -> list[str] | None:
    return None if patterns is None else list(patterns) or [""]
