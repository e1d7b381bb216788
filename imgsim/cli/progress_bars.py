"""Progress on a terminal."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from imgsim.cli import stderr
from imgsim.cli.photo_bar import PhotoBar
from imgsim.cli.remedies import explain, name_option
from imgsim.index.summary import Observer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.progress import ProgressColumn, TaskID

    from imgsim.errors import ImgsimError
    from imgsim.index.description import Described
    from imgsim.index.features_file import ImportedRows
    from imgsim.models.download import Published

NAMED = 3  # of many rows or photos that are only worth a line together


@contextmanager
def download_bar(published: Published) -> Iterator[Callable[[int], None]]:
    """Draw how far a download is, on a terminal; give what to tell of each chunk."""
    if not stderr.wants_progress():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(published.spec.architecture, *columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("download", total=published.size or None)
        yield lambda size: bar.advance(task, size)


@contextmanager
def judging_bar() -> Iterator[Callable[[str, float], None]]:
    """Draw what is being judged, how far that is, and the time left for it; give what to tell of each step."""
    if not stderr.wants_progress():
        yield lambda _, __: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress("{task.description}", *columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def advanced(what: str, share: float) -> None:
            if what not in tasks:
                for task in tasks.values():
                    bar.update(task, visible=False)
                tasks[what] = bar.add_task(what, total=1.0)
            bar.update(tasks[what], completed=share)

        yield advanced


class IndexingProgress(PhotoBar, Observer):
    """An observer that draws a bar with count, rate and time left, and says which files cannot be read."""

    def started(self, photos: int) -> None:
        """Begin the bar."""
        self._begin("indexing", photos, _indexing_columns, rate="")

    def chosen(self, extractor: str) -> None:
        """Say what is missing where the default is not the network."""
        from imgsim.cli.networks import tell_of_default

        tell_of_default(extractor)

    def advanced(self, photos: int) -> None:
        """Move the bar on."""
        super().advanced(photos)
        if self._bar is not None and self._task is not None:
            speed = self._bar.tasks[0].speed
            self._bar.update(self._task, rate=f"{speed:.0f} photos/s" if speed else "")

    def failed(self, path: str, reason: str) -> None:
        """Say which file, and why."""
        self._write(f"skipped {path}: {name_option(reason)}")

    def passed_over(self, path: str, reason: str) -> None:
        """Tell the curious which file, and why."""
        if stderr.is_verbose():
            self._write(f"passed over {path}: {reason}", stderr.detail)

    def differs(self, of: str, reason: str) -> None:
        """Say what verifying found."""
        stderr.complain(f"imgsim: {of}: {reason}")

    def decoded_otherwise(self, photos: int) -> None:
        """Say how many photos this imgsim makes other pixels of."""
        count = f"{photos:,} photo{'s are' if photos > 1 else ' is'}"
        stderr.say(f"{count} measured again, which this imgsim decodes otherwise; what was calibrated before is stale")

    def trusted(self, photos: int) -> None:
        """Say how many photos were only compared by size and time."""
        count = f"{photos:,} photo{'s are' if photos > 1 else ' is'}"
        stderr.say(
            f"{count} taken as before by size and time: on this disk, or for this imgsim, all else about them is new "
            "(--verify compares what is in them)"
        )

    def imported(self, rows: ImportedRows) -> None:
        """Say which rows of a file found no photo."""
        _say_some(f"{rows.name}: {{}} without a photo", "row", rows.lost)

    def lacks_rows(self, extractor: str, photos: Sequence[str]) -> None:
        """Say which photos lack a row that came from a file."""
        _say_some(f"{extractor}: {{}} without a row", "photo", photos)

    def lacks_classifier(self, attribute: str, error: ImgsimError) -> None:
        """Say that new photos are not classified, and why."""
        stderr.say(f"{attribute}: what was told stays, and new photos get none: {explain(error)}")

    def labels_anew(self, attribute: str, model: str) -> None:
        """Say that photos are classified again."""
        stderr.say(f"{attribute}: told anew of all photos, since {model or 'what tells it'} is another than before")

    def described(self, described: Described) -> None:
        """Say what a table's columns were taken for, and what of it found no place."""
        from imgsim.cli.table_forms import describe_columns, describe_doubt, write_forms

        if remembered := write_forms(described.remembered, described.remembered_encoding):
            stderr.say(f"{described.path}: read with {remembered}, as before")
        if listed := describe_columns(described.columns):
            stderr.say(f"{described.path}: {listed}")
        for column in described.columns:
            if column.doubt:
                stderr.say(f"{described.path}: {describe_doubt(column.name, column.doubt)}")
        _say_some(f"{described.path}: {{}} with a name in other upper and lower case", "row", described.regardless)
        _say_some(f"{described.path}: {{}} without a photo", "row", described.lost_rows)
        _say_some(f"{described.path}: {{}} without a row", "photo", described.photos_without_row)


def _indexing_columns() -> tuple[ProgressColumn, ...]:
    from rich.progress import BarColumn, MofNCompleteColumn, TaskProgressColumn, TimeRemainingColumn

    rate = TaskProgressColumn(show_speed=True, text_format="{task.percentage:>3.0f} %  {task.fields[rate]}")
    return BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn()


def _say_some(line: str, what: str, names: Sequence[str]) -> None:
    """Say how many there are, and the first."""
    if names:
        count = f"{len(names):,} {what}{'s' * (len(names) > 1)}"
        more = ", ..." if len(names) > NAMED else ""
        stderr.say(f"{line.format(count)}: {', '.join(names[:NAMED])}{more}")
