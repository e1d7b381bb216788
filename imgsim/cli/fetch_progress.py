"""Progress of a fetch on a terminal, and its summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.cli import stderr
from imgsim.cli.photo_bar import PhotoBar
from imgsim.cli.remedies import name_option
from imgsim.fetch.addresses import without_secrets
from imgsim.fetch.fetch_run import FetchObserver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import ProgressColumn

    from imgsim.fetch.table_fetch import FetchSummary

NAMED = 3  # of many gone items
MOST_GONE = 0.5  # of the items known, beyond which the table may be another one


class FetchProgress(PhotoBar, FetchObserver):
    """Draws a bar, and says which photos do not come."""

    def started(self, photos: int) -> None:
        """Begin the bar."""
        self._begin("fetching", photos, _columns)

    def failed(self, address: str, reason: str) -> None:
        """Say which, and why."""
        self._write(f"skipped {address}: {name_option(reason.replace('(allow_private)', '(--allow-private)'))}")


def _columns() -> tuple[ProgressColumn, ...]:
    from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn

    return BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()


def say_summary(folder: str, summary: FetchSummary, gone: Iterator[str]) -> None:
    """Say what a run did, and what is worth a look."""
    counts = {
        "fetched": summary.fetched,
        "the same as one that is here": summary.same,
        "unchanged": summary.unchanged,
        "failed": summary.failed,
        "new item{}": summary.added,
        "updated": summary.updated,
        "gone": summary.gone,
    }
    said = [f"{count:,} {_counted(name, count)}" for name, count in counts.items() if count or name == "fetched"]
    have = f"{summary.with_photo:,} of {summary.items:,} item{'s' * (summary.items != 1)} with a photo"
    stderr.say(f"{folder}: {', '.join(said)} in {summary.seconds:.1f} s; {have}")
    for count, what in ((summary.typed, "cell{} typed in items.csv kept"), (summary.moved, "photo{} found elsewhere")):
        if count:
            stderr.say(f"{folder}: {count:,} {_counted(what, count)}")
    for place, named in enumerate(gone):
        if place == NAMED and not stderr.is_verbose():
            stderr.say(f"gone: {summary.gone - NAMED:,} more (-v names them)")
            break
        stderr.say(f"gone: {without_secrets(named)}")
    if summary.gone > MOST_GONE * (summary.gone + summary.items - summary.added):
        stderr.say(
            f"{folder}: most items known before are not in this table: is it of another shop? Nothing is removed"
        )
    if summary.failed:
        stderr.detail("failures.csv lists what did not come, and why; --retry-failed asks for all of it again")


def _counted(words: str, count: int) -> str:
    return words.format("s" * (count != 1))
