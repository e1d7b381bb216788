"""The ledger of a store: the files that could not be read, and those that are no photos."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from imgsim.file_state import FileState


@dataclass(frozen=True)
class Failure:
    """A file that could not be read: one row of the ledger.

    Parameters
    ----------
    path : str
        Relative to the index root.
    size : int
        Bytes, as they were when it failed; it is tried again when they change.
    mtime_ns : int
        Likewise, nanoseconds since the epoch.
    reason : str
        Why, in a line without the path.
    ctime_ns, inode : int
        As `Known` has them.
    conditions : mapping
        What else it depended on, as `imgsim.index.failure_conditions` finds it: it is tried again when that changes.
    """

    path: str
    size: int
    mtime_ns: int
    reason: str
    ctime_ns: int = 0
    inode: int = 0
    conditions: Mapping[str, Any] = field(default_factory=dict)


class LedgerStore(Protocol):
    """Keeps failures, and which pictures imgsim drew."""

    def failures(self) -> list[Failure]:
        """List the ledger, by path."""

    def fail(self, failure: Failure) -> None:
        """Enter a file in the ledger, in place of an earlier failure.

        Parameters
        ----------
        failure : Failure
            What failed and why.
        """

    def forget_failures(self, paths: Iterable[str]) -> None:
        """Strike files off the ledger.

        Parameters
        ----------
        paths : iterable of str
            Those that are not in it are passed over.
        """

    def drawn(self) -> dict[str, FileState]:
        """Give the pictures that imgsim drew, which are no photos, by path, as they were when that was seen."""

    def keep_drawn(self, drawn: Mapping[str, FileState]) -> None:
        """Keep which pictures imgsim drew; the stamp stays.

        Parameters
        ----------
        drawn : mapping of str to FileState
            By path, in place of those before.
        """
