"""`imgsim query`."""

from __future__ import annotations

import functools
import os
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import name_completion, stderr
from imgsim.cli.attributes import (
    AttributeColumns,
    all_option,
    explain_empty,
    note_conditions,
    note_sight,
    note_unseen,
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
from imgsim.cli.inputs import QueryPhoto, photo_groups, photos_in
from imgsim.cli.output import RowWriter, choose_format, write_paths
from imgsim.cli.pictures import QueryAnswer, check_plot, draw_grid_of, plot_colors_of
from imgsim.cli.remarks import Remarks, find_missed
from imgsim.cli.remedies import explain
from imgsim.cli.report_option import report_option
from imgsim.cli.similarity import SIMILARITY, check_similarity, without_similarity
from imgsim.errors import ImageReadError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from imgsim.core import Match
    from imgsim.index.index import Index
    from imgsim.index.search import Searcher
    from imgsim.index.threshold import Threshold

COLUMNS = ("query", "rank", "path", "distance")


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
    1 - distance, by cosine. Without a PHOTO, --color ranks by 1 - the colour's probability.
    """
    from imgsim.cli.which_index import open_for

    _refuse(photos, format_, grid, choices, null=null)
    complaints: list[str] = []
    asked: Iterable[list[QueryPhoto]] = _photos_of(photos, complaints)
    if plot:
        check_plot(plot)
    if plot and "-" not in photos and not choices["together"]:
        asked = list(asked)
        if (count := sum(map(len, asked))) > 1:
            raise click.UsageError(f"--plot draws one query, and here are {count}: name one, or use --together")
    answers: list[QueryAnswer] = []
    matched = failed = False
    with open_for(index_path, photos) as index, index.snapshot():
        attributes, similar = without_similarity(index, show)
        if similar:
            check_similarity(index, choices["extractors"], choices["metric"], by_photo=bool(photos))
        calibrated = photos and index.is_calibrated(choices["extractors"], choices["metric"])
        added = {"reranked": choices["rerank"], "probability": calibrated, SIMILARITY: similar}
        columns = (*COLUMNS, *(name for name, wanted in added.items() if wanted))
        write = _writer(index, "paths" if null else choose_format(format_), columns, attributes, null=null)
        note_conditions(index, choices["where"])
        if not choices["out_of_sight"]:
            note_sight(index)
        remarks = Remarks(index)
        for answer, complete in _ask_by_photos(index, asked, **choices) if photos else _ask_by_color(index, **choices):
            failed |= not complete
            if answer is not None:
                matched |= bool(answer.matches)
                write(answer)
                remarks.hear(answer)
                answers += [answer] if grid or plot or report else []
        remarks.say()
        if grid and answers:
            shown = AttributeColumns(index, attributes, "tsv", columns)
            shown_of = functools.partial(_shown, attributes=shown, similar=similar)
            draw_grid_of(answers, grid, index.root, choices["limits"], shown_of)
        if plot and answers:
            plot_colors_of(answers, plot, index.root, choices["limits"])
        if report and answers:
            from imgsim.cli.report_pages import report_answers

            report_answers(report, index, answers, show, choices)
    click.get_current_context().exit(2 if failed or complaints else 0 if matched else 1)


def _refuse(
    photos: Sequence[str], format_: str | None, grid: str | None, choices: Mapping[str, Any], *, null: bool
) -> None:
    """Refuse what contradicts itself."""
    if null and format_ not in (None, "paths"):
        raise click.UsageError("-0 writes paths: it does not go with another --format")
    if grid and not grid.lower().endswith(".png"):
        raise click.UsageError(f"--grid draws PNG pictures: name it {os.path.splitext(grid)[0]}.png")
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


def _photos_of(names: Sequence[str], complaints: list[str]) -> Iterator[list[QueryPhoto]]:
    """Give the photos that are named, and those in the folders that are, as many at a time as are there at once.

    Say and note what is wrong with folders.
    """

    def complain(message: str) -> None:
        stderr.complain(f"imgsim: {message}")
        complaints.append(message)

    def is_folder(photo: QueryPhoto) -> bool:
        return isinstance(photo.source, str) and os.path.isdir(photo.source)

    for group in photo_groups(names):
        for folders, some in groupby(group, is_folder):
            if not folders:
                yield list(some)
                continue
            for folder in some:
                within = photos_in(folder.name, complain)
                yield within
                if not within:
                    complain(f"{folder.name}: no photos in this folder")


def _ask_by_photos(
    index: Index,
    photos: Iterable[Sequence[QueryPhoto]],
    *,
    k: int,
    extractors: Sequence[str],
    metric: str | None,
    where: Sequence[str],
    out_of_sight: bool,
    color: str | None,
    together: bool,
    max_distance: float | str | None,
    min_probability: float | None,
    **options: Any,  # noqa: ANN401 (what `Searcher.ranked` takes)
) -> Iterator[tuple[QueryAnswer | None, bool]]:
    """Search by photos; give each answer, and whether all of its photos could be read."""
    if color is not None:
        where = (*where, index.color_expression(color))
    matched = ranked = False
    with index.searcher(extractors, metric, where, out_of_sight=out_of_sight) as searcher:
        threshold = searcher.threshold(max_distance, min_probability)
        for things in _things(photos, together=together):
            for views, answer in zip(things, _answers(searcher, things, k, threshold, options), strict=True):
                matched |= answer is not None and bool(answer.matches)
                ranked |= answer is None or bool(answer.matches or answer.missed)
                yield answer, answer is not None and len(answer.views) == len(views)
        for damage in searcher.damaged:
            stderr.complain(f"imgsim: {explain(damage)}")
            yield None, matched  # nothing found, where some could not be looked at, is an error
        if not searcher.may_find:
            explain_empty(index, where, out_of_sight=out_of_sight)
        elif not out_of_sight and (not ranked or (not matched and stderr.is_terminal())):
            note_unseen(index, where)


def _ask_by_color(
    index: Index,
    *,
    k: int,
    where: Sequence[str],
    out_of_sight: bool,
    color: str,
    max_distance: float | str | None,
    **_: object,
) -> Iterator[tuple[QueryAnswer, bool]]:
    """Rank by a colour's probability."""
    from imgsim.index.threshold import COLOR_RANGE, Threshold

    threshold = Threshold.within(COLOR_RANGE, max_distance, None)
    ranked = index.search_color(color, k, where=where, out_of_sight=out_of_sight)
    if not ranked:
        explain_empty(index, (*where, "has color_probabilities"), out_of_sight=out_of_sight)
    yield _kept(color, ranked, threshold), True


def _things(photos: Iterable[Sequence[QueryPhoto]], *, together: bool) -> Iterator[Sequence[Sequence[QueryPhoto]]]:
    """Give the views of each thing that is asked for, as many things at a time as there are photos at once."""
    if together:
        views = list(chain.from_iterable(photos))
        yield [views] if views else []
    else:
        yield from ([[photo] for photo in group] for group in photos)


def _answers(
    searcher: Searcher,
    things: Sequence[Sequence[QueryPhoto]],
    k: int,
    threshold: Threshold,
    options: dict[str, Any],
) -> Iterator[QueryAnswer | None]:
    """Search by those views of each thing that can be read; say which cannot."""
    sources = ([view.source for view in views] for views in things)
    for given, found in zip(things, searcher.ranked_each(sources, k, **options), strict=True):
        views, answer = given, found
        while isinstance(answer, ImageReadError):
            stderr.complain(f"imgsim: {explain(answer)}")
            unreadable = answer.path
            views = [view for view in views if view.name != unreadable]
            answer = next(searcher.ranked_each([[view.source for view in views]], k, **options)) if views else []
        yield _kept(views[0].name, answer, threshold, views) if views else None


def _kept(name: str, ranked: Sequence[Match], threshold: Threshold, views: Sequence[QueryPhoto] = ()) -> QueryAnswer:
    """Keep the matches that a threshold admits."""
    return QueryAnswer(name, list(filter(threshold.admits, ranked)), views, find_missed(ranked, threshold))


def _writer(
    index: Index, format_: str, columns: Sequence[str], show: Sequence[str] | None, *, null: bool
) -> Callable[[QueryAnswer], None]:
    """Choose how answers are written."""
    if format_ == "paths":
        return lambda answer: write_paths((match.path for match in answer.matches), index.root, null=null)
    attributes = AttributeColumns(index, show, format_, columns)
    rows = RowWriter(format_, attributes.columns)
    row = functools.partial(_row, attributes=attributes, similar=SIMILARITY in columns)
    return lambda answer: rows.write([row(answer.name, match) for match in answer.matches])


def _shown(match: Match, *, attributes: AttributeColumns, similar: bool) -> dict[str, Any]:
    """Give what is shown of a match beside where it is."""
    similarity = {SIMILARITY: 1 - match.distance} if similar else {}
    return similarity | attributes.of(match)


def _row(name: str, match: Match, *, attributes: AttributeColumns, similar: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"query": name, "rank": match.rank, "path": match.path, "distance": match.distance}
    if match.reranked is not None:
        row["reranked"] = match.reranked
    if match.probability is not None:
        row["probability"] = match.probability
    if match.part:
        row["part"] = match.part
    row |= _shown(match, attributes=attributes, similar=similar)
    if match.lacking:
        row["lacking"] = list(match.lacking)
    return row
