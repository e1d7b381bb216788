"""A judgement of extractors as a report: its tables, and its pictures where they can be drawn."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.cli import stderr
from imgsim.cli.report_facts import count
from imgsim.errors import ImgsimError
from imgsim.reports.evaluation_plots import EvaluationPlot, prepare_folder
from imgsim.reports.html_file import write_page
from imgsim.reports.judgement_rows import IN_TWO_LINES, to_cells, to_notes
from imgsim.reports.page_content import EmbeddedPicture, Fact, FigureTable, Report, facts_of
from imgsim.reports.thumbnails import data_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

EXPLAINED = "Below each figure its 95 % interval; the last column tells which differences from the best are real."
KINDS = {".png": "image/png", ".svg": "image/svg+xml"}


class ReportPictures(NamedTuple):
    """The pictures of a report, and why there are none, or not all."""

    pictures: Sequence[EmbeddedPicture] = ()
    lacking: str = "Pictures are drawn of classes, not of scores."


def embed(plots: Iterable[EvaluationPlot]) -> ReportPictures:
    """Take pictures that were drawn into a page."""
    read = (
        (Path(plot.path).read_bytes(), KINDS[os.path.splitext(plot.path)[1].lower()], plot.caption) for plot in plots
    )
    return ReportPictures([EmbeddedPicture(data_url(data, kind), caption) for data, kind, caption in read], "")


def with_grid(drawn: ReportPictures | None, path: str, caption: str) -> ReportPictures:
    """Take the picture of `--grid` into a page too, below the others."""
    grid = embed([EvaluationPlot(path, caption)])
    return grid if drawn is None else drawn._replace(pictures=[*drawn.pictures, *grid.pictures])


def draw_for_report(draw: Callable[[str, str], Iterable[EvaluationPlot]]) -> ReportPictures:
    """Draw into a folder, and of a kind, for a page alone; where that cannot be, it says what is lacking."""
    with TemporaryDirectory() as folder:
        try:
            prepare_folder(folder, "png")
        except ImgsimError as error:
            return ReportPictures(lacking=f"No plots: {error}")
        return embed(draw(folder, "png"))


def _labels(options: Mapping[str, Any]) -> tuple[str, str]:
    """Tell what it is judged by, and where that is from."""
    if options["pairs"]:
        return "decided pairs", f"of the lost things in {options['lost']}" if options["lost"] else "of one index"
    return ("scores", options["scores"]) if options["scores"] else ("classes", options["labels"] or "folders")


def report_evaluation(
    path: str,
    folder: str,
    rows: Sequence[Mapping[str, Any]],
    titles: Mapping[str, str],
    options: Mapping[str, Any],
    drawn: ReportPictures,
) -> None:
    """Write what was found out about each extractor and distance."""
    by, source = _labels(options)
    asked = {
        by.capitalize(): source,
        "Compared by": rows[0]["compared_by"],
        "Copies of a photo count as one": "yes" if options["group"] else "",
    }
    facts = [Fact("Photos", os.path.basename(os.path.abspath(folder))), *facts_of(asked)]
    facts += [Fact("Extractors", "\n".join(dict.fromkeys(spec for row in rows for spec in row["specs"])))]
    report = Report("How well photos are found", f"{count(len(rows), 'extractor')} judged by {by}", facts)
    notes = [f"{note}." for note in to_notes(rows)]
    notes.insert(
        0, "Below each figure its 95 % interval; the last column tells which differences from the best are real."
    )
    table = FigureTable("Figures", to_cells(rows, titles, IN_TWO_LINES), notes)
    write_page(
        path,
        "evaluate",
        report=report,
        tables=[table],
        pictures=drawn.pictures,
        without_pictures=drawn.lacking,
    )
    stderr.say(f"wrote {path}")
