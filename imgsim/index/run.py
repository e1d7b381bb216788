"""One run over a folder: scan, compare, measure, commit."""

from __future__ import annotations

import os
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING

from imgsim.errors import ImgsimError
from imgsim.images.file_patterns import comes_by
from imgsim.images.find import DRAWN, list_images
from imgsim.images.formats import DECODING, HEADERS
from imgsim.index.asked_classifiers import look_up
from imgsim.index.drawn_pictures import DrawnPictures
from imgsim.index.external_rows import external, measurable, rows_to_keep
from imgsim.index.failure_conditions import CUT, still_stands
from imgsim.index.folder_comparison import find_changes
from imgsim.index.lacks import find_lacks
from imgsim.index.options import Options, Remembered
from imgsim.index.sqlite.connection import outside
from imgsim.index.store import MISSING, UNREADABLE, Failure
from imgsim.index.summary import Observer, Summary
from imgsim.naming import parse_naming

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgsim.core import Extractor
    from imgsim.images.find import Found
    from imgsim.index.changes import Changes
    from imgsim.index.description import Description
    from imgsim.index.features_file import RowsToImport
    from imgsim.index.measurement import Measurement
    from imgsim.index.sqlite.sqlite_store import SqliteStore
    from imgsim.index.store import StoredClassifier, StoredExtractor
    from imgsim.segment.cutter import Cutter


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
        self.made = Remembered.of(store).updated(vars(self.options))
        self.observer = observer or Observer()
        self.summary = Summary()
        self.drawn = DrawnPictures(store)
        self.ledger: dict[str, Failure] = {}  # by path, as it was before anything is measured
        self.failing: set[str] = set()  # files that are not tried again

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
        found, changes = self._look()
        self._pair(found, changes, description, rows)
        extractors = self._settle(wanted, rows)
        self._apply(changes, found)
        otherwise = self._decoded_otherwise(changes)
        lacks = find_lacks(
            self.store,
            changes,
            measurable(extractors),
            otherwise=otherwise,
            failing=self.failing,
            labels=self._settle_classifiers(classifiers),
            partless=self._not_cut_again(),
        )
        self.summary.partless = len(self._partless().difference(lack.image.path for lack in lacks))
        if lacks:
            kept = rows_to_keep(self.store, extractors, changes, otherwise)
            self._measurement.measure(lacks, self.directory, self.options.jobs, kept)
        if unread := self._unread_headers(found):
            from imgsim.index.headers import read_headers

            self.summary.headers = read_headers(self.root, self.store, unread, self.made.limits)
        return extractors

    def _pair(self, found: Found, changes: Changes, description: Description | None, rows: RowsToImport | None) -> None:
        """Find out which photos tables are about, before anything is changed."""
        if description:
            description.settle(self.made.forms, self.made.encoding, self.store.declared)
        for table in (description, rows):
            if table:
                files = {image.path for image in found.images}
                table.pair(self.root, files | (self.store.known().keys() - changes.vacated))

    def standing(self, wanted: list[Extractor]) -> Summary | None:
        """Give the summary of a run that would change nothing, without writing; None where there is something to do."""
        found, changes = self._look(retrying=False)
        stored = {extractor.spec: extractor for extractor in self.store.extractors()}
        specs = [extractor.spec for extractor in wanted] or list(stored)
        if not changes.nothing or not specs or not stored.keys() >= set(specs) or self._is_cut_anew():
            return None
        extractors = [stored[spec] for spec in specs]
        lacks = find_lacks(  # labels aside
            self.store, changes, measurable(extractors), failing=self.failing, partless=self._not_cut_again()
        )
        if lacks or self._unread_headers(found) or not all(map(self.store.is_pinned, extractors)):
            return None
        self.summary.failed += len(found.unreadable)
        self.summary.partless = len(self._partless())
        return self._summarised()

    def _look(self, *, retrying: bool = True) -> tuple[Found, Changes]:
        """Look through the folder, which must be the one that the index is of, and find what changed in it."""
        if not self.options.moved and os.path.realpath(self.store.root) != os.path.realpath(self.root):
            raise ImgsimError(
                f"{self.directory} is the index of {self.store.root}, not of {self.root}", remedy="moved-or-other-index"
            )
        files = self.options.files
        heard = self.observer.passed_over
        found = self.made.scan(self.root, heard=heard) if files is None else list_images(self.root, files, heard=heard)
        found = self.drawn.leave_out(found, complete=files is None)
        for path in found.drawn:
            heard(path, DRAWN)
        self.ledger = {failure.path: failure for failure in self.store.failures()}
        self.failing = self._still_failing(found, retrying=retrying)
        wanted = comes_by(self.made.include, self.made.exclude) if files is None else None
        known = self.store.known()
        changes = find_changes(self.root, found, known, self.store.hidden(), failing=self.failing, wanted=wanted)
        if wanted and not self.options.prune:
            returned = sum(bool(photo.why) for photo, _ in changes.moved)
            self._check_disk(found, changes, sum(map(wanted, known)) + returned)
        self.summary = Summary(
            renamed=sum(not photo.why for photo, _ in changes.moved),
            returned=sum(bool(photo.why) for photo, _ in changes.moved),
            unchanged=len(changes.unchanged) + len(changes.touched),
            failed=len(changes.still_failing),
            passed_over=found.passed_over,
            drawn=len(found.drawn),
            links=len(found.links),
        )
        return found, changes

    def _still_failing(self, found: Found, *, retrying: bool) -> set[str]:
        """Find the files that could not be read before, and that there is no reason to try again."""
        ledger = {} if self.options.retry_failed else self.ledger
        limits = self.made.limits._asdict() if retrying else None
        failed = ((ledger[image.path], image) for image in found.images if image.path in ledger)
        failed = ((failure, image) for failure, image in failed if CUT not in failure.conditions)  # which was read
        return {image.path for failure, image in failed if still_stands(failure, image, limits)}

    def _partless(self) -> set[str]:
        """Find the photos on which no part was found by what cuts them now."""
        cut = self.store.cut
        return {path for path, one in self.ledger.items() if one.conditions.get(CUT) == cut} if cut else set()

    def _not_cut_again(self) -> set[str]:
        """Find those of them that there is no reason to look at again."""
        return set() if self.options.retry_failed else self._partless()

    def _is_cut_anew(self) -> bool:
        """Tell whether what cuts photos is to be another than before."""
        return (self._cutter.owner if self._cutter else "") != self.store.cut

    @cached_property
    def _cutter(self) -> Cutter | None:
        """Make what cuts photos, as it is asked for or as the index remembers it."""
        if not self.store.cut and self.options.segment is None:
            if self.options.background or self.options.crop is not None:
                raise ImgsimError("a background, or a crop, is of parts that are cut out", remedy="name-segmenter")
            return None
        from imgsim.segment.cutter import settled_cutter

        options = self.options
        return settled_cutter(self.store.cut, options.segment, options.background, crop=options.crop)

    @property
    def _measurement(self) -> Measurement:
        from imgsim.index.measurement import Measurement  # which a run that finds nothing new does without

        cutter = self._cutter if self.store.cut else None
        return Measurement(self.root, self.store, self.made.limits, self.drawn, self.summary, self.observer, cutter)

    def _check_disk(self, found: Found, changes: Changes, expected: int) -> None:
        """Stop where more than half of the photos are missing: the disk may be away."""
        gone = {photo.path for photo, why, _ in changes.gone if why == MISSING and not photo.why}
        missing = len(gone.difference(image.path for image in found.images) if gone else gone)
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

    def _settle(self, wanted: list[Extractor], rows: RowsToImport | None = None) -> list[StoredExtractor]:
        """Commit what was asked of the index as a whole: where its folder is, its extractors, the default one."""
        if not wanted and not self.store.extractors():
            from imgsim.features import default_extractor, load_extractor

            name = default_extractor()
            self.observer.chosen(name)
            wanted = [load_extractor(name)]
        with self.store.transaction():
            if self.options.moved:
                self.store.root = self.root
            if self.made != Remembered.of(self.store):
                self.made.keep(self.store)
            for extractor in wanted:
                self.store.add_extractor(extractor.spec, extractor.dim, binary=extractor.binary)
            self._settle_cut()
            self._settle_colors()
            if self.options.default is not None and not (rows and self._is_default(rows)):
                from imgsim.index.distance import named_query

                self.store.set_default(named_query(self.store, [self.options.default]))
        return self.store.extractors()

    def _is_default(self, rows: RowsToImport) -> bool:
        """Tell whether rows are what queries are to use, which are not there before they are stored."""
        return self.options.default is not None and parse_naming(self.options.default).name == rows.spec.name

    def _import(self, rows: RowsToImport) -> None:
        """Commit the rows of a file, in place of those that had their name."""
        from imgsim.index.distance import named_query

        with self.store.transaction():
            imported = rows.apply(self.store)
            if self._is_default(rows):
                self.store.set_default(named_query(self.store, [rows.spec.name]))
        self.summary.imported, self.summary.replaced = imported.stored, imported.replaced
        self.summary.unknown = len(imported.lost)
        self.observer.imported(imported)

    def _settle_cut(self) -> None:
        """Commit what cuts photos into parts, now and in later runs; one that cannot be made again stops the run."""
        owner = self._cutter.owner if self._cutter else ""
        if owner != self.store.cut:
            self.store.choose_cut(owner)

    def _settle_colors(self) -> None:
        """Commit whether colours are measured, and how: now and in later runs."""
        before, measure = self.store.color_measure, None
        if self.options.colors or (self.options.colors is None and before is not None):
            from imgsim.colors.dominant import measure_identity

            measure = measure_identity()
            if self.store.cut:  # of the parts alone
                measure += f"-{blake2b(self.store.cut.encode(), digest_size=8).hexdigest()}"
        if measure != before:
            self.store.choose_color_measure(measure)

    def _settle_classifiers(self, chosen: Mapping[str, StoredClassifier] | None) -> list[str]:
        """Commit by which classifiers photos are labelled, now and in later runs; give the attributes of those here."""
        before = self.store.classifiers
        chosen = before if chosen is None else chosen
        if not chosen and not before:
            return []
        found = look_up(chosen)
        for name, error in found.missing.items():
            self.observer.lacks_classifier(name, error)
        for name, one in found.classifiers.items():
            if name in before and chosen[name] == before[name] and one.spec != before[name].spec:
                self.observer.labels_anew(name, one.model)
        if found.classifiers != before:
            with self.store.transaction():
                self.store.choose_classifiers(found.classifiers)
        return found.ready

    def _apply(self, changes: Changes, found: Found) -> None:
        """Commit all that needs no photo to be decoded."""
        with self.store.transaction():
            changes.apply(self.store)
            if self.options.prune:
                self._prune()
            overcome = self._overcome(changes, found)
            self.store.forget_failures(overcome)
            for path, reason in found.unreadable:
                self._measurement.fail(Failure(path, 0, 0, reason))
            for path in (*overcome, *(path for path, _ in found.unreadable)):
                self.ledger.pop(path, None)
            self.drawn.keep()
        if changes.trusted:
            self.observer.trusted(changes.trusted)

    def _unread_headers(self, found: Found) -> list[str]:
        """List the photos whose headers are to be read, and were not yet."""
        lacking = self.store.lacking_headers(HEADERS) - self.failing if self.made.exif else set()
        return [image.path for image in found.images if image.path in lacking] if lacking else []

    def _overcome(self, changes: Changes, found: Found) -> set[str]:
        """Find the failures of files that are gone, or whose content turned out to be known."""
        ledger = self.ledger.keys()
        known = {image.path for image in changes.kept} - self.failing - self._not_cut_again() if ledger else set()
        gone = ledger - {image.path for image in found.images} if self.options.files is None else set()
        return (ledger & known) | gone

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

        limit, root = self.made.max_megapixels, self.root
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
