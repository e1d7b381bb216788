"""Whether an index is right: every row against its checksum, the cache against the rows, the files against the record.

What is wrong is given up, so that the run over the folder that follows measures it again.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import ImageReadError, IndexFormatError, MetricDomainError
from imgsim.images.find import FoundImage
from imgsim.images.read import content_digest, open_photo
from imgsim.index.gallery_cache import map_gallery, pin_statistics
from imgsim.index.gallery_folders import CACHE, GALLERY
from imgsim.index.stored_distances import TOLERANCE, same_rows
from imgsim.metrics import METRICS, load_metric
from imgsim.naming import is_external
from imgsim.search.gallery import squared_norms

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from imgsim.core import Extractor, FittedMetric
    from imgsim.index.description import Description
    from imgsim.index.features_file import RowsToImport
    from imgsim.index.run import Update
    from imgsim.index.store.extractor_store import StoredExtractor
    from imgsim.index.store.measurement_store import StoredClassifier
    from imgsim.index.store.photo_file_store import Known
    from imgsim.index.store.store import Store
    from imgsim.index.summary import Summary


class Difference(NamedTuple):
    """What is not as it should be: `of` names a photo, an extractor, a gallery or the database."""

    of: str
    reason: str
    photo: str | None = None  # whose content differs
    rows: tuple[StoredExtractor, Hashable] | None = None  # an extractor's row of a part
    statistics: StoredExtractor | None = None
    gallery: Path | None = None


def run_verified(
    update: Update,
    wanted: list[Extractor],
    description: Description | None = None,
    rows: RowsToImport | None = None,
    classifiers: Mapping[str, StoredClassifier] | None = None,
) -> Summary:
    """Verify an index, then bring it up to date, which measures again what was wrong."""
    update.check()
    verification = Verification(update.directory, update.store, update.root)
    with update.store.snapshot():
        wrong = list(verification.differences())
        verified = update.store.counts()["photos"]
    for difference in wrong:
        update.observer.differs(difference.of, difference.reason)
    verification.give_up(wrong)
    summary = update.run(wanted, description, rows, classifiers)
    with update.store.snapshot():
        left = list(verification.remaining(wrong))
    summary.verified, summary.unrepaired = verified, len(left)
    summary.repaired = max(0, len(wrong) - len(left))
    return summary


class Verification:
    """Compares what an index holds with what it should hold."""

    def __init__(self, directory: str, store: Store, root: str) -> None:
        self._directory, self._store, self._root = directory, store, root

    def differences(self) -> Iterator[Difference]:
        """Find all differences, within a snapshot."""
        yield from self._stored()
        yield from self._contents()

    def remaining(self, wrong: Sequence[Difference]) -> Iterator[Difference]:
        """Find what is wrong still, or could not be measured again, after some differences were given up."""
        if not wrong:
            return
        yield from self._stored()
        known, parts = self._store.known(), set(self._store.part_keys().parts.tolist())
        for one in wrong:
            gone = one.of not in known
            if one.photo and (gone or not self._is_same(one.photo, known[one.photo])):
                yield one
            if one.rows and (gone or one.rows[1] in parts) and not self._is_present(*one.rows):
                yield one

    def _is_present(self, extractor: StoredExtractor, part: Hashable) -> bool:
        return bool(self._store.rows(extractor, [part]).present.all())

    def give_up(self, differences: Sequence[Difference]) -> None:
        """Let go of what is wrong, and of nothing else."""
        store, known = self._store, self._store.known()
        with store.transaction():
            for one in differences:
                if one.rows:
                    store.forget_features(one.rows[0], [one.rows[1]])
                if one.photo:  # another time than the file's lets the run that follows look at its content
                    size, time, *_ = known[one.photo]
                    store.touch(FoundImage(one.photo, size, time - 1))
            for extractor in (one.statistics for one in differences if one.statistics):
                pin_statistics(store, extractor)
                store.make_calibrations_stale()
        for folder in (one.gallery for one in differences if one.gallery):
            shutil.rmtree(folder, ignore_errors=True)  # not a link's, which it refuses

    def _stored(self) -> Iterator[Difference]:
        """Find what differs within the index."""
        yield from (Difference("the database", fault) for fault in self._store.faults())
        extractors = self._store.extractors()
        for extractor in extractors:
            yield from self._rows(extractor)
            try:
                self._store.statistics(extractor)
            except IndexFormatError:
                yield Difference(str(extractor.spec), "its statistics are damaged", statistics=extractor)
        yield from self._galleries({extractor.id: extractor for extractor in extractors})

    def _rows(self, extractor: StoredExtractor) -> Iterator[Difference]:
        """Find rows that are not as they were stored, or that hold what is no number."""
        damaged = [np.zeros(0, bool), *(rows.damaged for rows in self._store.features(extractor))]
        parts = self._store.part_keys().parts[np.concatenate(damaged)].tolist()
        for part, label in zip(parts, self._store.labels(parts), strict=True):
            reason = f"its features by {extractor.spec} are damaged"
            if is_external(extractor.spec.name):
                reason += ", which nothing but their file gives again: they are left out"
            yield Difference(label.path, reason, rows=(extractor, part))

    def _galleries(self, extractors: dict[int, StoredExtractor]) -> Iterator[Difference]:
        """Find galleries of the present content that are of other rows than the store's."""
        cache = Path(self._directory, CACHE)
        for folder in sorted(cache.iterdir()) if cache.is_dir() and not cache.is_symlink() else ():
            name = GALLERY.fullmatch(folder.name)
            if not name or (name["store"], int(name["generation"])) != self._store.stamp or folder.is_symlink():
                continue
            extractor = extractors.get(int(name["extractor"]))
            try:
                metric = self._metric_of(extractor, name["space"]) if extractor else None
            except IndexFormatError:
                continue  # of damaged statistics: those that are made anew make this one old
            if not extractor or not metric or not self._is_laid_out(folder, extractor, metric):
                yield Difference(f"{CACHE}/{folder.name}", "it differs from the index", gallery=folder)

    def _metric_of(self, extractor: StoredExtractor, space: str) -> FittedMetric | None:
        for name in METRICS:
            try:
                metric = load_metric(name, binary=extractor.binary)
                statistics = self._store.statistics(extractor) if metric.needs_statistics else None
                fitted = metric.fit(statistics)
            except MetricDomainError:
                continue  # not of such rows, or without statistics
            if fitted.space == space:
                return fitted
        return None

    def _is_laid_out(self, folder: Path, extractor: StoredExtractor, metric: FittedMetric) -> bool:
        """Compare a gallery with the rows that it was laid out from."""
        try:
            gallery = map_gallery(folder, self._store.counts()["photos"], extractor, metric)
        except (OSError, ValueError, EOFError):
            return False
        keys, start = self._store.part_keys(), 0
        if not all(map(np.array_equal, keys, (gallery.parts, gallery.photos, gallery.whole))):
            return False
        for features, present, damaged in self._store.features(extractor):
            here = np.flatnonzero(~damaged) + start  # what is damaged since then is no fault of the gallery
            rows = metric.embed(features)[~damaged]
            if not np.array_equal(gallery.present[here], present[~damaged]) or not same_rows(gallery.rows[here], rows):
                return False
            if not np.allclose(gallery.squared_norms[here], squared_norms(rows), rtol=TOLERANCE):
                return False
            start += len(present)
        return start == len(gallery.parts)

    def _contents(self) -> Iterator[Difference]:
        """Find files that are of the size and time that were recorded, and of other content."""
        for path, known in sorted(self._store.known().items()):
            if self._is_same(path, known) is False:
                yield Difference(path, "its content is another, though its size and time are not", photo=path)

    def _is_same(self, path: str, known: Known) -> bool | None:
        """Tell whether a file has the content that was recorded; None where any run notices by itself."""
        try:
            with open_photo(os.path.join(self._root, path)) as stream:
                state = os.fstat(stream.fileno())
                if (state.st_size, state.st_mtime_ns) != (known.size, known.mtime_ns):
                    return None
                return content_digest(stream) == known.digest
        except ImageReadError:
            return None
