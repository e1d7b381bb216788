"""`imgsim query`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.cli.inputs import QueryPhoto, expand_photos
from imgsim.cli.options import (
    count_option,
    device_option,
    extractor_option,
    format_option,
    general_options,
    index_option,
    megapixels_option,
    metric_option,
    photos_argument,
)
from imgsim.cli.output import RowWriter, choose_format, write_text
from imgsim.core import Scale
from imgsim.errors import ImageReadError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imgsim.core import Match
    from imgsim.index.opening import Index
    from imgsim.index.search import Searcher

COLUMNS = ("query", "rank", "path", "distance")


class Answer:
    """The matches of one query: of one photo, or of several views of one thing."""

    def __init__(self, views: Sequence[QueryPhoto], matches: list[Match]) -> None:
        self.views = views
        self.name = views[0].name
        self.matches = matches

    def rows(self) -> list[dict[str, Any]]:
        """Give a row for each match."""
        return [_row(self.name, match) for match in self.matches]


@click.command()
@photos_argument
@index_option
@count_option
@extractor_option(fused=True)
@metric_option
@click.option("--max-distance", type=float, metavar="D", help="Leave out matches farther than this.")
@click.option(
    "--min-probability",
    type=click.FloatRange(0, 1),
    metavar="P",
    help="Leave out matches less probable than this; `imgsim calibrate` comes first.",
)
@click.option("--together", is_flag=True, help="The photos are views of one thing: give one ranking.")
@click.option("--include-self", is_flag=True, help="Let the query photo itself be a match, if it is in the index.")
@format_option("table", "tsv", "csv", "jsonl", "paths")
@click.option("-0", "--null", is_flag=True, help="Write paths that end in NUL, for `xargs -0`.")
@click.option("--grid", type=click.Path(dir_okay=False), metavar="FILE.png", help="Draw each query beside its matches.")
@megapixels_option
@device_option
@general_options
def query(
    photos: tuple[str, ...],
    index_path: str | None,
    k: int,
    extractors: tuple[str, ...],
    metric: str | None,
    max_distance: float | None,
    min_probability: float | None,
    together: bool,  # noqa: FBT001
    include_self: bool,  # noqa: FBT001
    format_: str | None,
    null: bool,  # noqa: FBT001
    grid: str | None,
    max_megapixels: float,
) -> None:
    """Find the indexed photos that look most like each PHOTO.

    A PHOTO of - reads paths from stdin, or else one picture. Exit codes: 0 something matched, 1 nothing did, 2 error.
    Columns: query, rank, path within the indexed folder, distance; smaller is closer. Where the distance was calibrated
    (`imgsim calibrate`), a fifth tells the probability that this is the thing asked for.
    """
    from imgsim.cli.opening import open_for

    if null and format_ not in (None, "paths"):
        raise click.UsageError("-0 writes paths: it does not go with another --format")
    if grid and not grid.lower().endswith(".png"):
        raise click.UsageError(f"--grid draws PNG pictures: name it {os.path.splitext(grid)[0]}.png")
    answers: list[Answer] = []
    matched = failed = False
    with open_for(index_path, photos) as index, index.searcher(extractors, metric) as searcher:
        columns = (*COLUMNS, "probability") if searcher.calibrated else COLUMNS
        write = _writer(index, "paths" if null else choose_format(format_), columns, null=null)
        limits = {"max_distance": max_distance, "min_probability": min_probability, "max_megapixels": max_megapixels}
        options = limits | {"include_self": include_self}
        for views in _groups(photos, together=together):
            answer = _answer(searcher, views, k, options)
            failed |= answer is None or len(answer.views) < len(views)
            if answer is not None:
                matched |= bool(answer.matches)
                write(answer)
                answers += [answer] if grid else []
        if grid and answers:
            _draw(grid, index, answers, max_megapixels)
    click.get_current_context().exit(2 if failed else 0 if matched else 1)


def _groups(photos: Iterable[str], *, together: bool) -> Iterator[list[QueryPhoto]]:
    expanded = expand_photos(photos)
    if together:
        views = list(expanded)
        yield from [views] if views else []
    else:
        yield from ([photo] for photo in expanded)


def _answer(searcher: Searcher, views: list[QueryPhoto], k: int, options: dict[str, Any]) -> Answer | None:
    """Search by those views that can be read; say which cannot."""
    while views:
        try:
            return Answer(views, searcher.search([view.source for view in views], k, **options))
        except ImageReadError as error:
            stderr.complain(f"imgsim: {error}")
            unreadable = error.path
            views = [view for view in views if view.name != unreadable]
    return None


def _writer(index: Index, format_: str, columns: Sequence[str], *, null: bool) -> Any:  # noqa: ANN401 (a function of an Answer)
    """Choose how answers are written."""
    if format_ == "paths":
        end = "\0" if null else "\n"
        folder = os.path.relpath(index.root)

        def write_paths(answer: Answer) -> None:
            write_text("".join(os.path.join(folder, match.path) + end for match in answer.matches))

        return write_paths
    rows = RowWriter(format_, columns)
    return lambda answer: rows.write(answer.rows())


def _row(name: str, match: Match) -> dict[str, Any]:
    row: dict[str, Any] = {"query": name, "rank": match.rank, "path": match.path, "distance": match.distance}
    if match.probability is not None:
        row["probability"] = match.probability
    if match.part:
        row["part"] = match.part
    if match.attributes:
        row["attributes"] = dict(match.attributes)
    if match.lacking:
        row["lacking"] = list(match.lacking)
    return row


def _draw(path: str, index: Index, answers: list[Answer], max_megapixels: float) -> None:
    from imgsim.images.draw import Cell, draw_grid, save_png

    def cell(photo: str | bytes, title: str, note: str) -> Cell:
        return Cell(_picture(photo, max_megapixels), title, note)

    rows = [
        [
            cell(answer.views[0].source, "query", answer.name),
            *(
                cell(os.path.join(index.root, match.path), f"{match.rank}   {match.distance:.3f}", match.path)
                for match in answer.matches
            ),
        ]
        for answer in answers
    ]
    save_png(draw_grid(rows), path)
    stderr.say(f"drew {path}")


def _picture(photo: str | bytes, max_megapixels: float) -> Any:  # noqa: ANN401 (an Image, or None)
    from imgsim.images.read import read_image

    try:
        return read_image(photo, scale=Scale(), max_megapixels=max_megapixels)
    except ImageReadError:
        return None
