"""What people decided about pairs of photos, and what they were told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from imgsim.core import local_time

if TYPE_CHECKING:
    from collections.abc import Iterable

STATES = SAID, CONFIRMED, REJECTED = "said", "confirmed", "rejected"  # of a pair
LATEST = 1 << 62  # moment of a decision, in nanoseconds: of the year 2116


class DecidedPair(NamedTuple):
    """What people decided about a lost photo and a found one, or that they were told of the two.

    It is about contents: copies share it, and no move, new name or removal of a photo changes it.

    Parameters
    ----------
    lost, found : bytes
        BLAKE2b-128 of the photos' content.
    state : str
        `SAID`, `CONFIRMED` or `REJECTED`.
    lost_path, found_path : str
        Where the photos were seen last, each relative to the root of its index.
    who : str, optional
        Who decided; empty where nobody said.
    decided_ns : int, optional
        When, nanoseconds since the epoch, before `LATEST`.
    lost_store : str, optional
        The `Stamp.store` of the index that the lost photo is of; empty where that is unknown. The found one is of the
        index that keeps the pair.
    """

    lost: bytes
    found: bytes
    state: str
    lost_path: str
    found_path: str
    who: str = ""
    decided_ns: int = 0
    lost_store: str = ""

    @property
    def decided(self) -> str:
        """When it was decided or said, as the local clock showed it."""
        return local_time(self.decided_ns)


class PairStore(Protocol):
    """Keeps pairs, by the contents of their photos."""

    def pairs(self, *, decided: bool = False) -> list[DecidedPair]:
        """List the pairs that were kept, by the paths that they were kept with, the lost one's first.

        Parameters
        ----------
        decided : bool
            Leave out those that were only said.

        Returns
        -------
        list of DecidedPair
            As they were kept.
        """

    def keep_pairs(self, pairs: Iterable[DecidedPair]) -> None:
        """Keep pairs; the stamp stays.

        Parameters
        ----------
        pairs : iterable of DecidedPair
            Each in place of what was kept of the two; one that was only said takes the place of nothing.
        """

    def forget_pairs(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        """Forget pairs; the stamp stays.

        Parameters
        ----------
        pairs : iterable of (bytes, bytes)
            The digests of the lost photo and of the found one; those that are not kept are passed over.
        """
