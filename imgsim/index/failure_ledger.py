"""The ledger of failures as a run goes by it: read once, and what the run strikes off it is struck off here too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.index.failure_conditions import CUT, still_stands

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from imgsim.images.find import FoundImage
    from imgsim.images.limits import Limits
    from imgsim.index.store.ledger_store import LedgerStore


class FailureLedger:
    """The failures of a store, by path; those that `retry_failed` has tried again are no reason to pass a file over."""

    def __init__(self, store: LedgerStore, *, retry_failed: bool) -> None:
        self._failures = {failure.path: failure for failure in store.failures()}
        self._retry_failed = retry_failed

    def still_failing(self, images: Iterable[FoundImage], limits: Limits | None) -> set[str]:
        """Find the files that could not be read before, and that there is no reason to try again."""
        ledger = {} if self._retry_failed else self._failures
        failed = ((ledger[image.path], image) for image in images if image.path in ledger)
        failed = ((failure, image) for failure, image in failed if CUT not in failure.conditions)  # which was read
        allowed = limits and limits._asdict()
        return {image.path for failure, image in failed if still_stands(failure, image, allowed)}

    def partless(self, cut: str) -> set[str]:
        """Find the photos on which no part was found by what cuts them, the owner of their parts."""
        return {path for path, one in self._failures.items() if one.conditions.get(CUT) == cut} if cut else set()

    def not_cut_again(self, cut: str) -> set[str]:
        """Find those of them that there is no reason to look at again."""
        return set() if self._retry_failed else self.partless(cut)

    def overcome(self, known: Iterable[FoundImage], there: Iterable[FoundImage] | None) -> set[str]:
        """Find the failures of files whose content is known, and of those that are not there, if all was looked at."""
        paths = self._failures.keys()
        if not paths:
            return set()
        gone = set() if there is None else paths - {image.path for image in there}
        return paths & {image.path for image in known} | gone

    def strike_off(self, paths: Collection[str]) -> None:
        """Let go of failures that the store no longer has."""
        for path in paths:
            self._failures.pop(path, None)
