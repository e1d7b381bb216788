"""One run over a folder: scan, diff, extract, commit; whatever was committed stays when the process is killed."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import ImageReadError, ImgsimError
from imgsim.images.find import comes_by, list_images
from imgsim.images.formats import DECODING
from imgsim.index.changes import find_changes
from imgsim.index.decoding_mark import decoding_mark
from imgsim.index.options import Options, Remembered
from imgsim.index.sqlite.connection import outside
from imgsim.index.store import DefaultQuery, Failure, MeasuredPhoto
from imgsim.index.summary import Observer, Summary

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from imgsim.core import Extractor
    from imgsim.features.measure import Outcome
    from imgsim.images.find import Found, FoundImage
    from imgsim.index.changes import Changes
    from imgsim.index.description import Description
    from imgsim.index.sqlite.sqlite_store import SqliteStore
    from imgsim.index.store import StoredExtractor

BATCH_PHOTOS = 64
BATCH_SECONDS = 2.0
COLORS = "colors"  # the step that measures them


class Lack(NamedTuple):
    """What the index lacks of a photo: features by some extractors (their keys), and perhaps its colours.

    `content` is ``added`` or ``changed`` where it is new to the index.
    """

    image: FoundImage
    extractors: Collection[int]
    steps: Collection[str]
    content: str = ""


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

    def check(self) -> None:
        """Raise what would stop a run before it changes anything."""
        self._look()

    def run(self, wanted: list[Extractor], description: Description | None = None) -> Summary:
        """Do all of it, in the order of a photo's way."""
        found, changes = self._look()
        before = self.store.stamp
        if description:
            gone = changes.missing.union(rename.old for rename in changes.renamed)
            description.pair(self.root, {image.path for image in found.images} | (self.store.known().keys() - gone))
        extractors = self._settle(wanted)
        self._apply(changes, found)
        self._measure(self._lacks(changes, extractors, self._decoded_otherwise(changes)))
        if self.options.refit or self.store.stamp != before or not all(map(self.store.is_pinned, extractors)):
            self.finish(extractors)
        if description:
            self._describe(description)
        return self.summary

    def standing(self, wanted: list[Extractor]) -> Summary | None:
        """Give the summary of a run that would change nothing, without writing; None where there is something to do."""
        found, changes = self._look()
        stored = {extractor.spec: extractor for extractor in self.store.extractors()}
        specs = [extractor.spec for extractor in wanted] or list(stored)
        if changes.missing or changes.renamed or changes.older or not specs or not stored.keys() >= set(specs):
            return None
        extractors = [stored[spec] for spec in specs]
        if self._lacks(changes, extractors, ()) or not all(map(self.store.is_pinned, extractors)):
            return None
        self.summary.failed += len(found.unreadable)
        return self.summary

    def _look(self) -> tuple[Found, Changes]:
        """Look through the folder, which must be the one that the index is of, and find what changed in it."""
        if not self.options.moved and os.path.realpath(self.store.root) != os.path.realpath(self.root):
            raise ImgsimError(
                f"{self.directory} is the index of {self.store.root}, not of {self.root}", remedy="moved-or-other-index"
            )
        files = self.options.files
        found = self.made.scan(self.root) if files is None else list_images(self.root, files)
        changes = self._compare(found)
        self.summary = Summary(
            renamed=len(changes.renamed),
            removed=len(changes.missing),
            unchanged=len(changes.unchanged) + len(changes.touched),
            failed=len(changes.still_failing),
            passed_over=found.passed_over,
        )
        return found, changes

    def _settle(self, wanted: list[Extractor]) -> list[StoredExtractor]:
        """Commit what was asked of the index as a whole: where its folder is, its extractors, the default one."""
        if not wanted and not self.store.extractors():
            from imgsim.features import DEFAULT_EXTRACTOR, load_extractor

            wanted = [load_extractor(DEFAULT_EXTRACTOR)]
        with self.store.transaction():
            if self.options.moved:
                self.store.root = self.root
            if self.made != Remembered.of(self.store):
                self.made.keep(self.store)
            for extractor in wanted:
                self.store.add_extractor(extractor.spec, extractor.dim, binary=extractor.binary)
            self._settle_colors()
            if self.options.default is not None:
                from imgsim.index.distance import find_stored

                self.store.set_default(DefaultQuery(((find_stored(self.store, self.options.default), 1.0),)))
        return self.store.extractors()

    def _settle_colors(self) -> None:
        """Commit whether colours are measured, and how: now and in later runs."""
        before, measure = self.store.color_measure, None
        if self.options.colors or (self.options.colors is None and before is not None):
            from imgsim.colors.dominant import measure_identity

            measure = measure_identity()
        if measure != before:
            self.store.choose_color_measure(measure)

    def _compare(self, found: Found) -> Changes:
        known = self.store.known()
        ledger = {} if self.options.retry_failed else {failure.path: failure for failure in self.store.failures()}
        changes = find_changes(self.root, found, known, ledger, complete=self.options.files is None)
        if self.options.prune or not changes.missing:
            return changes
        wanted = comes_by(self.made.include, self.made.exclude)  # a photo left out by a pattern is not missing
        expected, missing = sum(map(wanted, known)), sum(map(wanted, changes.missing))
        if 2 * missing > expected:
            raise ImgsimError(
                f"{self.root}: {missing} of {expected} indexed photos are missing, nothing was changed: "
                "is the disk mounted?",
                remedy="prune",
                folder=self.root,
                index=outside(self.directory, self.root),
            )
        return changes

    def _apply(self, changes: Changes, found: Found) -> None:
        """Commit all that needs no photo to be decoded."""
        seen = {image.path for image in found.images}
        with self.store.transaction():
            self.store.remove(changes.missing)
            for old, image in changes.renamed:
                self.store.rename(old, image.path, image.mtime_ns)
            for image in changes.touched:
                self.store.touch(*image)
            if self.options.files is None:
                self.store.forget_failures({failure.path for failure in self.store.failures()} - seen)
            for path, reason in found.unreadable:
                self._fail(Failure(path, 0, 0, reason))

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

    def _lacks(self, changes: Changes, extractors: Sequence[StoredExtractor], otherwise: Collection[str]) -> list[Lack]:
        """List what is to be measured, by path: new content by all extractors, the rest by those that lack it."""
        every = tuple(extractor.id for extractor in extractors)
        steps = () if self.store.color_measure is None else (COLORS,)
        lacks = {image.path: Lack(image, every, steps, "added") for image in changes.added}
        lacks |= {image.path: Lack(image, every, steps, "changed") for image in changes.changed}
        kept = (*changes.unchanged, *changes.touched, *(image for _, image in changes.renamed))
        lacks |= {image.path: Lack(image, every, steps) for image in kept if image.path in otherwise}
        lacking = {extractor.id: self.store.lacking(extractor) for extractor in extractors}
        colorless = self.store.lacking_colors() if steps else set()
        if colorless or any(lacking.values()):
            failed = set() if self.options.retry_failed else {failure.path for failure in self.store.failures()}
            for image in kept:
                keys = tuple(key for key, paths in lacking.items() if image.path in paths)
                if (keys or image.path in colorless) and image.path not in failed and image.path not in otherwise:
                    lacks[image.path] = Lack(image, keys, steps if image.path in colorless else ())
        return [lacks[path] for path in sorted(lacks, key=os.fsencode)]

    def _measure(self, lacks: list[Lack]) -> None:
        if not lacks:
            return
        batch: list[tuple[Lack, Outcome]] = []
        committed = time.monotonic()
        with decoding_mark(self.directory) as died:
            outcomes = self._outcomes(lacks, isolated=died)
            self.observer.started(len(lacks))
            for measured in zip(lacks, outcomes, strict=True):
                batch.append(measured)
                if len(batch) >= BATCH_PHOTOS or time.monotonic() - committed > BATCH_SECONDS:
                    self._commit(batch)
                    batch, committed = [], time.monotonic()
            self._commit(batch)

    def _outcomes(self, lacks: Sequence[Lack], *, isolated: bool) -> Iterator[Outcome]:
        """Measure photos by what they lack, and load nothing else: an extractor that none lacks need not be at hand."""
        from imgsim.features.measure import Step, Task, measure
        from imgsim.processes import default_jobs

        needed = {key for lack in lacks for key in lack.extractors}
        extractors = {one.id: one.spec for one in self.store.extractors() if one.id in needed}
        steps: dict[str, Step] = {}
        if any(lack.steps for lack in lacks):
            from imgsim.colors.dominant import describe_colors

            steps[COLORS] = Step(describe_colors)
        tasks = (Task(os.path.join(self.root, lack.image.path), lack.image.path, *lack[1:3]) for lack in lacks)
        limit, jobs = self.made.max_megapixels, self.options.jobs or default_jobs()
        return measure(tasks, extractors, steps=steps, digest=True, max_megapixels=limit, jobs=jobs, isolated=isolated)

    def _commit(self, batch: list[tuple[Lack, Outcome]]) -> None:
        """Store a batch in one transaction."""
        with self.store.transaction():
            for lack, outcome in batch:
                if isinstance(outcome, ImageReadError):
                    # What was measured of the old content goes; a photo that merely lacks an extractor stays.
                    self.store.remove([outcome.path] if lack.content == "changed" else [])
                    self._fail(Failure(*lack.image, outcome.reason))
                    continue
                self.store.put(MeasuredPhoto(outcome.record, outcome.features, measured=outcome.told.get(COLORS, {})))
                self.summary.changed += lack.content == "changed"
                self.summary.added += lack.content == "added"
        self.observer.advanced(len(batch))

    def _fail(self, failure: Failure) -> None:
        self.store.fail(failure)
        self.summary.failed += 1
        self.observer.failed(failure.path, failure.reason)

    def _describe(self, description: Description) -> None:
        """Commit what a table says of the photos; features and galleries have no part in it."""
        with self.store.transaction():
            described = description.apply(self.store)
        self.summary.described = described.changed
        self.summary.lost_rows = len(described.lost_rows)
        self.summary.without_row = len(described.photos_without_row)
        self.observer.described(described)

    def finish(self, extractors: Sequence[StoredExtractor]) -> None:
        """Pin statistics where there are none yet, and lay out the galleries that queries will map."""
        from imgsim.features import build_extractor
        from imgsim.index.distance import ChosenDistance, ChosenExtractor
        from imgsim.index.gallery_cache import pin_statistics

        with self.store.transaction():
            if self.options.refit:
                self.store.forget_calibrations()  # they were fitted to distances as they were
            for extractor in extractors:
                if self.options.refit or not self.store.is_pinned(extractor):
                    pin_statistics(self.store, extractor)
        with self.store.snapshot():
            for extractor in extractors:
                chosen = ChosenExtractor(extractor, build_extractor(extractor.spec), 1.0)
                ChosenDistance((chosen,), None, self.directory, self.store).terms()  # whatever a first query would do
