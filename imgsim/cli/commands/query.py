"""`imgsim query`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import name_completion
from imgsim.cli.answers import ask_by_color, ask_by_photos, asked_photos
from imgsim.cli.attributes import (
    AttributeColumns,
    all_option,
    note_conditions,
    note_sight,
    show_option,
    where_option,
)
from imgsim.cli.flags import (
    count_option,
    device_option,
    extractor_option,
    format_option,
    general_options,
    index_option,
    limits_options,
    max_distance_option,
    metric_option,
    min_probability_option,
    rerank_option,
)
from imgsim.cli.output import RowWriter, choose_format, write_paths
from imgsim.cli.pictures import check_grid, check_plot, draw_grid_of, plot_colors_of
from imgsim.cli.remarks import Remarks
from imgsim.cli.report_option import report_option
from imgsim.cli.segment_options import cut_options
from imgsim.cli.similarity import SIMILARITY, check_similarity, without_similarity
from imgsim.index.store.measurement_store import CUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from imgsim.cli.answers import QueryAnswer
    from imgsim.cli.inputs import QueryPhoto
    from imgsim.core import Match
    from imgsim.images.limits import Limits
    from imgsim.index.index import Index
    from imgsim.segment.cutter import Cutter

COLUMNS = ("query", "rank", "path", "distance")
BOXES = CUT[2]  # the attribute that holds where a photo's parts lie


@click.command(short_help="Find the indexed photos that look most like each PHOTO.")
@click.argument("photos", metavar="[FOLDER|PHOTO...]", nargs=-1, type=click.Path())
@index_option
@count_option
@where_option
@all_option
@click.option(
    "--color",
    metavar="NAME",
    shell_complete=name_completion.colors,
    help="Only photos of this colour; without a PHOTO, the photos most probably of it first.",
)
@extractor_option(fused=True)
@metric_option
@max_distance_option
@min_probability_option
@rerank_option
@cut_options(remembered=False)
@click.option("--together", is_flag=True, help="The photos are views of one thing: give one ranking.")
@click.option("--include-self", is_flag=True, help="Let the query photo itself be a match, if it is in the index.")
@show_option
@format_option("table", "tsv", "csv", "json", "jsonl", "paths")
@click.option("-0", "--null", is_flag=True, help="Write paths that end in NUL, for `xargs -0`.")
@click.option("--grid", type=click.Path(dir_okay=False), metavar="FILE.png", help="Draw each query beside its matches.")
@click.option(
    "--plot",
    type=click.Path(dir_okay=False),
    metavar="FILE.png|svg",
    help="Draw the red, green and blue of a query over those of its matches.",
)
@report_option("each query beside its matches")
@limits_options()
@device_option
@general_options
def query(
    photos: tuple[str, ...],
    index_path: str | None,
    format_: str | None,
    null: bool,  # noqa: FBT001
    show: tuple[str, ...] | None,
    grid: str | None,
    plot: str | None,
    report: str | None,
    **choices: Any,  # noqa: ANN401 (each has its own type)
) -> None:
    """Find the indexed photos that look most like each PHOTO, or that have a colour.

    A FOLDER stands for the photos in it; a PHOTO of - reads paths from stdin, or else one picture. Exit codes: 0
    something matched, 1 nothing did, 2 error. Columns: query, rank, path within the indexed folder, distance; smaller
    is closer. Where the distance was calibrated (`imgsim calibrate`), another tells the probability that this is the
    thing asked for. With --rerank, one tells by what the first 200 are ordered instead. With --show similarity, one is
    1 - distance, by cosine. Where the index is cut into parts, or with --segment, each part of a PHOTO asks by itself:
    query_part tells which, and part which of a match's was nearest. Without a PHOTO, --color ranks by 1 - the colour's
    probability.
    """
    from imgsim.cli.which_index import open_for

    _refuse(photos, format_, grid, choices, null=null)
    complaints: list[str] = []
    asked: Iterable[list[QueryPhoto]] = asked_photos(photos, complaints)
    if plot:
        check_plot(plot)
        asked = asked if "-" in photos or choices["together"] else _one_of(asked)
    answers: list[QueryAnswer] = []
    matched = failed = False
    with open_for(index_path, photos) as index, index.snapshot():
        attributes, similar = without_similarity(index, show)
        if similar:
            check_similarity(index, choices["extractors"], choices["metric"], by_photo=bool(photos))
        cutter = _cutter(index, photos, choices)
        calibrated = photos and not cutter and index.is_calibrated(choices["extractors"], choices["metric"])
        added = {"reranked": choices["rerank"], "probability": calibrated, SIMILARITY: similar}
        columns = (*_columns(index, cutter), *(name for name, wanted in added.items() if wanted))
        write = _writer(index, "paths" if null else choose_format(format_), columns, attributes, null=null)
        note_conditions(index, choices["where"])
        note_sight(index, out_of_sight=choices["out_of_sight"])
        remarks = Remarks(index)
        for answer, complete in (
            ask_by_photos(index, asked, cutter=cutter, **choices) if photos else ask_by_color(index, **choices)
        ):
            failed |= not complete
            if answer is not None:
                matched |= bool(answer.matches)
                write(answer)
                remarks.hear(answer)
                answers += [answer] if grid or plot or report else []
        remarks.say()
        if answers:
            shown = AttributeColumns(index, attributes, "tsv", columns)
            shown_of = functools.partial(_shown, attributes=shown, similar=similar)
            _draw(answers, grid, plot, index.root, choices["limits"], shown_of)
        _report(report, index, answers, show, choices)
    click.get_current_context().exit(2 if failed or complaints else 0 if matched else 1)


def _cutter(index: Index, photos: Sequence[str], choices: dict[str, Any]) -> Cutter | None:
    """Take what says how photos are cut out of the choices, and make what does."""
    segment, background, crop = (choices.pop(name) for name in ("segment", "background", "crop"))
    cutter = index.cutter(segment, background, crop=crop) if photos else None
    if cutter and (named := [name for name in ("together", "rerank") if choices[name]]):
        raise click.UsageError(f"--{named[0]} is for whole photos: add --segment none")
    return cutter


def _columns(index: Index, cutter: Cutter | None) -> Sequence[str]:
    """Name the columns that say what was compared, parts or whole photos."""
    of_query = ("query", "query_part") if cutter else ("query",)
    return (*of_query, *COLUMNS[1:3], *(("part",) if cutter and index.is_cut else ()), COLUMNS[3])


def _report(
    path: str | None,
    index: Index,
    answers: Sequence[QueryAnswer],
    show: Sequence[str] | None,
    choices: Mapping[str, Any],
) -> None:
    if path and answers:
        from imgsim.cli.report_pages import report_answers

        report_answers(path, index, answers, show, choices)


def _refuse(
    photos: Sequence[str], format_: str | None, grid: str | None, choices: Mapping[str, Any], *, null: bool
) -> None:
    """Refuse what contradicts itself."""
    if null and format_ not in (None, "paths"):
        raise click.UsageError("-0 writes paths: it does not go with another --format")
    if grid:
        check_grid(grid)
    if photos:
        return
    if choices["color"] is None:
        hint = ": `imgsim list --where` lists photos without comparing them" if choices["where"] else ""
        raise click.UsageError(f"Missing argument 'PHOTO...', or --color{hint}")
    compared = [
        name
        for name in ("extractors", "metric", "min_probability", "rerank", "together", "include_self")
        if choices[name]
    ]
    if compared:
        option = compared[0].removesuffix("s").replace("_", "-")
        raise click.UsageError(f"--{option} is about comparing photos: name a PHOTO")


def _one_of(asked: Iterable[list[QueryPhoto]]) -> list[list[QueryPhoto]]:
    """Make sure that no more than one photo is asked for."""
    listed = list(asked)
    if (count := sum(map(len, listed))) > 1:
        raise click.UsageError(f"--plot draws one query, and here are {count}: name one, or use --together")
    return listed


def _draw(
    answers: Sequence[QueryAnswer],
    grid: str | None,
    plot: str | None,
    root: str,
    limits: Limits,
    shown_of: Callable[[Match], Mapping[str, Any]],
) -> None:
    if grid:
        draw_grid_of(answers, grid, root, limits, shown_of)
    if plot:
        plot_colors_of(answers, plot, root, limits)


def _writer(
    index: Index, format_: str, columns: Sequence[str], show: Sequence[str] | None, *, null: bool
) -> Callable[[QueryAnswer], None]:
    """Choose how answers are written."""
    if format_ == "paths":
        return lambda answer: write_paths((match.path for match in answer.matches), index.root, null=null)
    attributes = AttributeColumns(index, show, format_, columns)
    rows = RowWriter(format_, attributes.columns)
    row = functools.partial(_row, attributes=attributes, similar=SIMILARITY in columns)
    return lambda answer: rows.write([row(answer, match) for match in answer.matches])


def _shown(match: Match, *, attributes: AttributeColumns, similar: bool) -> dict[str, Any]:
    """Give what is shown of a match beside where it is."""
    similarity = {SIMILARITY: 1 - match.distance} if similar else {}
    return similarity | attributes.of(match)


def _row(answer: QueryAnswer, match: Match, *, attributes: AttributeColumns, similar: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"query": answer.name, "query_part": answer.part} if answer.part else {"query": answer.name}
    row |= {"rank": match.rank, "path": match.path, "distance": match.distance}
    if match.reranked is not None:
        row["reranked"] = match.reranked
    if match.probability is not None:
        row["probability"] = match.probability
    if match.part:
        row |= {"part": match.part, "box": match.attributes.get(BOXES, {}).get(match.part)}
    row |= _shown(match, attributes=attributes, similar=similar)
    if match.lacking:
        row["lacking"] = list(match.lacking)
    return row
