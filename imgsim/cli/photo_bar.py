"""A bar of photos on a terminal, above which lines are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgsim.cli import stderr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Self

    from rich.progress import Progress, ProgressColumn, TaskID


class PhotoBar:
    """Draws a bar once there is something to count, if a person is looking; what is in `with` ends it."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def _begin(
        self,
        what: str,
        total: int,
        columns: Callable[[], Iterable[ProgressColumn]],
        **fields: Any,  # noqa: ANN401 (as rich takes them)
    ) -> None:
        """Begin the bar, with columns that are made only where it is drawn."""
        if not stderr.wants_progress():
            return
        from rich.console import Console
        from rich.progress import Progress

        self._bar = Progress(what, *columns(), console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task(what, total=total, **fields)
        self._bar.start()

    def advanced(self, photos: int) -> None:
        """Move the bar on."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, photos)

    def _write(self, line: str, say: Callable[[str], None] = stderr.say) -> None:
        """Write a line, above the bar where there is one."""
        if self._bar is not None:
            from rich.text import Text

            self._bar.console.print(Text(stderr.printable(line)))
        else:
            say(line)
