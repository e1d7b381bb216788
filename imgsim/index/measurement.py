"""Measuring what an index lacks, batch by batch: whatever was committed stays when the process is killed."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from imgsim.errors import DrawnPictureError, ImageReadError
from imgsim.images.find import DRAWN
from imgsim.index.decoding_mark import decoding_mark
from imgsim.index.failure_conditions import conditions_of
from imgsim.index.lacks import COLORS, LABEL
from imgsim.index.location import MAPS
from imgsim.index.store.ledger_store import Failure
from imgsim.index.store.measurement_store import CUT, labelled
from imgsim.index.store.photo_file_store import MISSING, UNREADABLE
from imgsim.index.store.photo_store import MeasuredPhoto

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from imgsim.core import Extractor, Features
    from imgsim.features.classifier import Classifier
    from imgsim.features.measure import Measured, MeasuredParts, Outcome
    from imgsim.images.limits import Limits
    from imgsim.index.drawn_pictures import DrawnPictures
    from imgsim.index.external_rows import KeptRows
    from imgsim.index.lacks import Lack
    from imgsim.index.store.store import Store
    from imgsim.index.summary import Observer, Summary
    from imgsim.segment.cutter import Cutter

BATCH_PHOTOS = 64
BATCH_SECONDS = 2.0


class Measurement:
    """Measures photos of a folder for its index, and tells what became of them."""

    def __init__(
        self,
        root: str,
        store: Store,
        limits: Limits,
        drawn: DrawnPictures,
        summary: Summary,
        observer: Observer,
        cutter: Cutter | None = None,
    ) -> None:
        self.root, self.store, self.limits, self.drawn, self.cutter = root, store, limits, drawn, cutter
        self.summary, self.observer = summary, observer

    def measure(
        self, lacks: Sequence[Lack], directory: str, jobs: int | None, kept: Mapping[str, KeptRows] | None = None
    ) -> None:
        """Measure what is lacking, and commit it, with rows that are kept; `directory` is the index's own."""
        if not lacks:
            return
        self._kept = kept or {}
        batch: list[tuple[Lack, Outcome]] = []
        committed = time.monotonic()
        with decoding_mark(directory) as died:
            outcomes = self._outcomes(lacks, directory, jobs, isolated=died)
            self.observer.started(len(lacks))
            for measured in zip(lacks, outcomes, strict=True):
                batch.append(measured)
                if len(batch) >= BATCH_PHOTOS or time.monotonic() - committed > BATCH_SECONDS:
                    self._commit(batch)
                    batch, committed = [], time.monotonic()
            self._commit(batch)

    def _outcomes(
        self, lacks: Sequence[Lack], directory: str, jobs: int | None, *, isolated: bool
    ) -> Iterator[Outcome]:
        """Measure photos by what they lack, and load nothing else: an extractor that none lacks need not be at hand."""
        from imgsim.features.measure import Step, Task, measure
        from imgsim.index.distance import rebuild
        from imgsim.processes import default_jobs

        needed = {key for lack in lacks for key in (*lack.extractors, *lack.steps, *lack.cut)}
        extractors: dict[Any, Extractor] = {
            one.id: rebuild(directory, one) for one in self.store.extractors() if one.id in needed
        }
        self._classifiers = self._build_classifiers(needed)
        extractors |= self._classifiers
        steps: dict[str, Step] = {}
        if COLORS in needed:
            from imgsim.colors.dominant import describe_colors

            steps[COLORS] = Step(describe_colors, masked=self.cutter is not None)
        tasks = (
            Task(
                os.path.join(self.root, lack.image.path),
                lack.image.path,
                [*lack.extractors, *(step for step in lack.steps if step in extractors)],
                [step for step in lack.steps if step in steps],
                lack.cut,
            )
            for lack in lacks
        )
        made = partial(measure, jobs=jobs or default_jobs(), isolated=isolated, limits=self.limits, digest=True)
        cutter = self.cutter and self.cutter.with_maps(os.path.join(directory, MAPS))
        return made(tasks, extractors, steps=steps, cutter=cutter)

    def _build_classifiers(self, needed: Collection[object]) -> dict[str, Classifier]:
        """Make the classifiers that are wanted, by the steps that are called after the attributes that they set."""
        from imgsim.features.extractor_table import build_extractor

        stored = {f"{LABEL}{name}": one for name, one in self.store.classifiers.items()}
        wanted = {step: build_extractor(one.spec) for step, one in stored.items() if step in needed}
        return cast("dict[str, Classifier]", wanted)

    def _labels(self, rows: Mapping[Any, Features]) -> dict[str, Any]:
        """Give what classifiers tell of a photo by their rows, as attributes."""
        told: dict[str, Any] = {}
        for step, classifier in self._classifiers.items():
            if step in rows:
                from imgsim.features.ranked_labels import rank_labels

                (answer,) = rank_labels(classifier, rows[step][0], 1)
                names = labelled(step.removeprefix(LABEL))
                told |= dict(zip(names, (answer.label, answer.probability), strict=True))
        return told

    def _commit(self, batch: list[tuple[Lack, Outcome]]) -> None:
        """Store a batch in one transaction."""
        with self.store.transaction():
            for lack, outcome in batch:
                if isinstance(outcome, DrawnPictureError):
                    self._commit_drawn(lack)
                elif isinstance(outcome, ImageReadError):
                    self._commit_failure(lack, outcome)
                else:
                    self._commit_photo(lack, outcome)
        self.observer.advanced(len(batch))

    def _commit_photo(self, lack: Lack, measured: Measured) -> None:
        file, photo = lack.image, lack.photo
        if photo and photo.why:
            self.store.place(photo.known.key, file)
        told = {**measured.told.get(COLORS, {}), **self._labels(measured.features)}
        record = replace(measured.record, attributes=lack.attributes or {}, added_ns=time.time_ns())
        kept = self._kept.get(file.path)
        rows = {key: row for key, row in measured.features.items() if key not in self._classifiers}
        features = {**rows, **(kept.rows if kept and kept.digest == record.digest else {})}
        state = MeasuredPhoto(record, features, measured=told, ctime_ns=file.ctime_ns, inode=file.inode)
        self.store.put(state)
        if lack.cut and measured.parts is not None:
            self._commit_parts(lack, state, measured.parts)
        self.summary.changed += lack.content == "changed"
        self.summary.added += lack.content == "added"

    def _commit_parts(self, lack: Lack, photo: MeasuredPhoto, parts: MeasuredParts) -> None:
        """Store the parts of a photo, or enter it in the ledger as one without any; it stays all the same."""
        cutter = self.cutter
        if cutter is None:
            return
        boxes = dict(zip(parts.names, (list(box) for box in parts.boxes), strict=True))
        told = dict(zip(CUT, (len(parts.names), parts.area_share, boxes or None), strict=True))
        names, owner = tuple(parts.names), cutter.owner
        self.store.put(replace(photo, features=parts.features, parts=names, owner=owner, measured=told))
        if not names:
            error = ImageReadError(lack.image.path, parts.reason, cut=owner)
            path, size, mtime_ns, ctime_ns, inode = lack.image
            conditions = conditions_of(error, self.limits._asdict())
            self.store.fail(Failure(path, size, mtime_ns, error.reason, ctime_ns, inode, conditions))
            self.summary.partless += 1
            self.observer.failed(path, error.reason)

    def _commit_drawn(self, lack: Lack) -> None:
        """Remember a picture that imgsim drew, and hide the photo whose place it took."""
        if lack.photo:
            self.store.hide([lack.photo.known.key], MISSING)
        self.drawn.add(lack.image)
        self.summary.drawn += 1
        self.observer.passed_over(lack.image.path, DRAWN)

    def _commit_failure(self, lack: Lack, error: ImageReadError) -> None:
        """Enter a file in the ledger, and hide the photo that it was; one that merely lacks something stays."""
        if lack.photo:
            self.store.hide([lack.photo.known.key], UNREADABLE)
        path, size, mtime_ns, ctime_ns, inode = lack.image
        conditions = conditions_of(error, self.limits._asdict())
        self.fail(Failure(path, size, mtime_ns, error.reason, ctime_ns, inode, conditions))

    def fail(self, failure: Failure) -> None:
        """Enter a file in the ledger, within a transaction, and tell."""
        self.store.fail(failure)
        self.summary.failed += 1
        self.observer.failed(failure.path, failure.reason)
