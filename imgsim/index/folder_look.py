"""What a run finds in its folder: photos, what changed of them since the last, and which failures still stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imgsim.images.file_patterns import comes_by
from imgsim.images.find import DRAWN, list_images
from imgsim.index.failure_ledger import FailureLedger
from imgsim.index.folder_comparison import find_changes
from imgsim.index.store.photo_file_store import MISSING
from imgsim.index.summary import Summary

if TYPE_CHECKING:
    from imgsim.images.find import Found
    from imgsim.index.changes import Changes
    from imgsim.index.drawn_pictures import DrawnPictures
    from imgsim.index.options import Options, Remembered
    from imgsim.index.store.store import Store
    from imgsim.index.summary import Observer


class FolderLook(NamedTuple):
    """A folder against its index."""

    found: Found
    changes: Changes
    ledger: FailureLedger
    failing: set[str]  # files that are not tried again
    expected: int | None  # how many photos are in the index that are to be there; None where not all are looked for

    @property
    def missing(self) -> int:
        """How many photos are missing, and were not before."""
        gone = {photo.path for photo, why, _ in self.changes.gone if why == MISSING and not photo.why}
        return len(gone.difference(image.path for image in self.found.images) if gone else gone)

    def overcome(self, cut: str) -> set[str]:
        """Find the failures of files that are gone, or whose content turned out to be known."""
        failing = self.failing | self.ledger.not_cut_again(cut)
        known = (image for image in self.changes.kept if image.path not in failing)
        return self.ledger.overcome(known, None if self.expected is None else self.found.images)

    def summary(self) -> Summary:
        """Begin the summary of a run that finds this."""
        returned = sum(bool(photo.why) for photo, _ in self.changes.moved)
        return Summary(
            renamed=len(self.changes.moved) - returned,
            returned=returned,
            unchanged=len(self.changes.unchanged) + len(self.changes.touched),
            failed=len(self.changes.still_failing),
            passed_over=self.found.passed_over,
            drawn=len(self.found.drawn),
            links=len(self.found.links),
        )


def look_through(
    root: str,
    store: Store,
    options: Options,
    made: Remembered,
    drawn: DrawnPictures,
    observer: Observer,
    *,
    retrying: bool = True,
) -> FolderLook:
    """Look through a folder, or at the files that are asked for; without `retrying` whatever failed is passed over."""
    files, heard = options.files, observer.passed_over
    found = made.scan(root, heard=heard) if files is None else list_images(root, files, heard=heard)
    found = drawn.leave_out(found, complete=files is None)
    for path in found.drawn:
        heard(path, DRAWN)
    ledger = FailureLedger(store, retry_failed=options.retry_failed)
    failing = ledger.still_failing(found.images, made.limits if retrying else None)
    wanted = comes_by(made.include, made.exclude) if files is None else None
    known = store.known()
    changes = find_changes(root, found, known, store.hidden(), failing=failing, wanted=wanted)
    returned = sum(bool(photo.why) for photo, _ in changes.moved)
    expected = sum(map(wanted, known)) + returned if wanted else None
    return FolderLook(found, changes, ledger, failing, expected)
