"""What is heard while a folder is indexed, and what is said of it at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.errors import ImgsimError
    from imgsim.index.description import Described
    from imgsim.index.features_file import ImportedRows


class Observer:
    """Hears how indexing goes; this one does not listen."""

    def chosen(self, extractor: str) -> None:
        """Hear which extractor a new index has, where none was named."""

    def started(self, photos: int) -> None:
        """Hear how many photos are going to be measured."""

    def advanced(self, photos: int) -> None:
        """Hear how many more are committed."""

    def failed(self, path: str, reason: str) -> None:
        """Hear that a file could not be read, and why."""

    def passed_over(self, path: str, reason: str) -> None:
        """Hear of a file that is no photo to index, and why."""

    def decoded_otherwise(self, photos: int) -> None:
        """Hear how many photos are measured again, since this imgsim makes other pixels of them."""

    def differs(self, of: str, reason: str) -> None:
        """Hear what verifying found to be wrong, of a photo, an extractor, a gallery or the database."""

    def trusted(self, photos: int) -> None:
        """Hear how many photos are as before by size and time, though all else that is told of their files is new."""

    def imported(self, rows: ImportedRows) -> None:
        """Hear what became of a file of rows."""

    def lacks_rows(self, extractor: str, photos: Sequence[str]) -> None:
        """Hear which photos lack a row that only a file could give."""

    def lacks_classifier(self, attribute: str, error: ImgsimError) -> None:
        """Hear that the classifier which sets an attribute is not here, so that new photos get none, and why."""

    def labels_anew(self, attribute: str, model: str) -> None:
        """Hear that photos are classified again: what sets an attribute, by this name, is another than before."""

    def described(self, described: Described) -> None:
        """Hear what became of a table of attributes."""


@dataclass
class Summary:
    """What one run of indexing did, in photos; `seconds` on the clock."""

    added: int = 0
    changed: int = 0
    renamed: int = 0
    returned: int = 0  # that were hidden, and are no longer
    removed: int = 0
    unchanged: int = 0
    missing: int = 0  # hidden with what is known of them, those of earlier runs included
    left_out: int = 0  # likewise, by patterns
    failed: int = 0  # files that cannot be read, those of earlier runs included
    partless: int = 0  # photos without a part of those that are cut out, those of earlier runs included
    passed_over: int = 0  # files that are no pictures
    drawn: int = 0  # pictures that imgsim drew, which are passed over
    headers: int = 0  # photos whose headers were read
    links: int = 0  # further names of photos and folders
    described: int = 0  # photos whose attributes a table changed
    lost_rows: int = 0  # rows of it about no photo of the index
    without_row: int = 0  # photos that no row of it is about
    imported: int = 0  # photos that have a row of a file of features
    replaced: int = 0  # of these, that had one before
    unknown: int = 0  # rows of it that are of no photo of the index
    verified: int = 0  # photos that were in the index before, where it was verified
    repaired: int = 0  # what was wrong then, and is right now
    unrepaired: int = 0  # and what is not
    seconds: float = 0.0
