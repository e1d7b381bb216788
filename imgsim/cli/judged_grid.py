"""Photos that asked beside what they found first, as a picture: right or wrong, in words."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from imgsim.cli import stderr
from imgsim.cli.pictures import check_grid, read_picture

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.evaluation.candidates import Candidate
    from imgsim.evaluation.judge import Judgement
    from imgsim.evaluation.score_widths import Widths
    from imgsim.images.draw import Cell
    from imgsim.index.index import Index
    from imgsim.tables.ground_truth import Labels

F = TypeVar("F", bound="Callable[..., Any]")

FOUND = 2  # photos that each finds first, by each candidate
PHOTOS = 12


class AskedPhoto(NamedTuple):
    """A candidate, its metric, and the places of the photos that asked by it, ascending."""

    candidate: Candidate
    metric: str
    photos: NDArray[np.intp]


class GridSource(NamedTuple):
    """What may be drawn: who asked, who may be found (photos,), what a photo is, and what a found one is to another.

    That is a word or two, and maybe a line that says more.
    """

    asked: Sequence[AskedPhoto]
    wanted: NDArray[np.bool_]
    describe: Callable[[int], str]
    compare: Callable[[int, int], tuple[str, ...]]


def grid_options(command: F) -> F:
    """Add `--grid` and `--grid-photos`."""
    options = (
        click.option(
            "--grid",
            type=click.Path(dir_okay=False),
            metavar="FILE.png",
            help="Draw some photos that ask, each beside the first two that it finds by each extractor, and whether "
            "these are right; with --pairs the lost things that are found worst. A --report has it too.",
        ),
        click.option(
            "--grid-photos",
            type=click.IntRange(1, 200),
            default=PHOTOS,
            show_default=True,
            metavar="N",
            help="How many photos --grid draws, by --seed or, with --pairs, the worst.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def check_grid_options(path: str | None) -> None:
    """Refuse a grid that cannot be drawn, before any work is done for it."""
    from click.core import ParameterSource

    if path:
        check_grid(path)
    elif click.get_current_context().get_parameter_source("grid_photos") == ParameterSource.COMMANDLINE:
        raise click.UsageError("--grid-photos says how many photos are drawn: say where by --grid FILE.png")


def grid_of_classes(labels: Labels, judgements: Sequence[Judgement]) -> GridSource:
    """Tell of a found photo whether it is of the same class, or else of which."""

    def describe(photo: int) -> str:
        return labels.names[int(labels.codes[photo])]

    def compare(photo: int, found: int) -> tuple[str, ...]:
        return "same" if labels.codes[photo] == labels.codes[found] else "other", describe(found)

    asked = [AskedPhoto(one.candidate, one.metric, one.queries) for one in judgements]
    return GridSource(asked, labels.codes >= 0, describe, compare)


def grid_of_scores(
    scores: NDArray[np.float64], asked: Sequence[AskedPhoto], widths: Widths | None = None
) -> GridSource:
    """Tell of a found photo its score, and by widths of triplets whether that is near, far, or neither."""
    import numpy as np

    def describe(photo: int) -> str:
        return f"score {scores[photo]:.6g}"

    def compare(photo: int, found: int) -> tuple[str, ...]:
        apart = float(scores[found]) - float(scores[photo])
        told = f"{scores[found]:.6g} ({apart:+.3g})"
        if widths is None:
            return (told,)
        near = "near" if abs(apart) <= widths.within else "far" if abs(apart) > widths.beyond else "between"
        return (f"{near}: {told}",)

    return GridSource(asked, np.isfinite(scores), describe, compare)


def draw_judged(path: str, index: Index, source: GridSource, count: int, *, seed: int) -> str:
    """Draw a row for each of some photos: the photo, and what it finds first by each candidate; say what it shows."""
    from imgsim.evaluation.candidates import names_apart
    from imgsim.evaluation.first_found import choose_asking
    from imgsim.images.draw import draw_grid, save_png

    asking = choose_asking((one.photos for one in source.asked), count, seed=seed)
    if not len(asking):
        stderr.say(f"{path} is not drawn: no photo asks by every extractor")
        return ""
    rows = [[photo_cell(index, photo, source.describe(photo))] for photo in asking.tolist()]
    for name, one in zip(names_apart(one.candidate for one in source.asked), source.asked, strict=True):
        for number, cells in enumerate(_found(index, source, one, name, asking)):
            rows[number] += cells
    save_png(draw_grid(rows), path)
    stderr.say(f"drew {path}")
    return "Some photos, drawn by chance, each beside the first two that it finds by each extractor"


def _found(
    index: Index, source: GridSource, asked: AskedPhoto, name: str, asking: NDArray[np.intp]
) -> list[list[Cell]]:
    """Give the cells of what each photo finds first by a candidate, which has a name."""
    from imgsim.evaluation.first_found import find_first
    from imgsim.search.reranking import load_reranker

    metric, rerank = asked.metric, asked.candidate.rerank
    terms = index.distance(asked.candidate.extractors, asked.candidate.metric).terms()
    found = find_first(terms, source.wanted, asking, FOUND, load_reranker(rerank) if rerank else None)
    return [
        [
            _found_cell(index, rank, other, source.compare(photo, other), (name, f"{metric} {distance:.3f}"))
            for rank, (other, distance) in enumerate(zip(others, distances, strict=True), start=1)
        ]
        for photo, others, distances in zip(asking.tolist(), found.rows.tolist(), found.distances.tolist(), strict=True)
    ]


def _found_cell(index: Index, rank: int, photo: int, told: Sequence[str], by: Sequence[str]) -> Cell:
    first, *more = told
    return photo_cell(index, photo, f"{rank}   {first}", *more, *by)


def photo_cell(index: Index, photo: int, title: str, *details: str) -> Cell:
    """Show a photo of an index, by its place among the paths, under a title."""
    from imgsim.images.draw import Cell, thumbnail

    path = index.paths[photo]
    picture = read_picture(os.path.join(index.root, path), index.options.limits)
    return Cell(None if picture is None else thumbnail(picture, 200), title, path, details)
