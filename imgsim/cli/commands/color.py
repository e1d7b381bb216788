"""`imgsim color`: its commands for colours and photos; those that train and judge models are in a file of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.cli.commands.color_models import evaluate, model_option, train
from imgsim.cli.flags import format_option, general_options, limits_options, photos_argument
from imgsim.cli.inputs import expand_photos, standard_input
from imgsim.cli.output import ROW_FORMATS, RowWriter, choose_format
from imgsim.cli.pictures import check_grid
from imgsim.cli.remedies import explain
from imgsim.core import Scale
from imgsim.errors import ImageReadError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imgsim.colors.dominant import DominantColor
    from imgsim.colors.view import View
    from imgsim.core import Image
    from imgsim.images.draw import Cell
    from imgsim.images.limits import Limits

    Color = tuple[int, int, int]

SWATCH = 200  # px


@click.group(short_help="Name colours as people do.")
@general_options
def color() -> None:
    """Name colours as people do: colours given as numbers, and those of photos."""


color.add_command(train)
color.add_command(evaluate)


@color.command(short_help="Name each colour R,G,B or #rrggbb.")
@click.argument("colors", metavar="R,G,B...", nargs=-1, required=True)
@model_option
@format_option(*ROW_FORMATS)
@general_options
def name(colors: tuple[str, ...], model: str, format_: str | None) -> None:
    """Name each colour R,G,B or #rrggbb; a colour of - reads one a line from stdin.

    Columns: the colour, its likeliest name, and how likely people are to choose that name.
    """
    from imgsim.colors.names import load_namer

    namer = load_namer(model)
    writer = RowWriter(choose_format(format_), ["color", "name", "probability"])
    for batch in _batches(colors):
        named = zip(batch, namer.name(batch), strict=True)
        writer.write(
            {"color": ",".join(map(str, color)), "name": name, "probability": round(probability, 4)}
            for color, (name, probability) in named
        )


@color.command(short_help="Name the colours of what photos show.")
@photos_argument
@click.option(
    "--colors", "count", type=click.IntRange(1, 16), default=6, show_default=True, help="Colours to look for."
)
@model_option
@click.option("--grid", type=click.Path(dir_okay=False), metavar="FILE.png", help="Draw each photo and its colours.")
@format_option(*ROW_FORMATS)
@limits_options()
@general_options
def label(
    photos: tuple[str, ...], count: int, model: str, grid: str | None, format_: str | None, limits: Limits
) -> None:
    """Name the colours of what each PHOTO shows, the largest share first.

    A plain background is left out; where there is none, the middle of the photo counts. Columns: path, share of what
    counts, colour, name, probability of the name.
    """
    if grid:
        check_grid(grid)
    from imgsim.colors.dominant import name_view
    from imgsim.colors.names import load_namer
    from imgsim.colors.view import view_photo
    from imgsim.images.read import read_image

    namer = load_namer(model)
    format_ = choose_format(format_)
    writer = RowWriter(format_, ["path", "share", "hex", "name", "probability"])
    waiting: list[dict[str, Any]] = []  # a table is written whole
    drawn: list[list[Cell]] = []
    failed = False
    for path, source in expand_photos(photos):
        try:
            image = read_image(source, scale=Scale(), **limits._asdict())
        except ImageReadError as error:
            stderr.complain(f"imgsim: {explain(error)}")
            failed = True
            continue
        view = view_photo(image)
        found = name_view(view, count=count, namer=namer)
        waiting += [{"path": path} | color.as_row() for color in found]
        if format_ != "table":
            writer.write(waiting)
            waiting.clear()
        drawn += [_cells(path, image, view, found)] if grid else []
    writer.write(waiting)
    if grid and drawn:
        _draw(grid, drawn)
    click.get_current_context().exit(2 if failed else 0)


def _batches(texts: Sequence[str]) -> Iterator[list[Color]]:
    """Read all the colours that are arguments, then those on stdin as they come."""
    from imgsim.colors.names import parse_color

    def parse(text: str, where: str) -> Color:
        try:
            return parse_color(text)
        except ParameterError as error:
            raise ParameterError(f"{where}: {error}") from error

    batches: list[list[Color] | None] = [[]]
    for number, text in enumerate(texts, 1):
        if text == "-":
            batches += [None, []]
        else:
            assert batches[-1] is not None
            batches[-1].append(parse(text, f"colour {number}"))
    for batch in batches:
        if batch is not None:
            yield batch
            continue
        with standard_input() as stream:
            for number, line in enumerate(stream, 1):
                text = line.decode("utf-8", "replace").strip()
                if text:
                    yield [parse(text, f"stdin, line {number}")]


def _cells(path: str, image: Image, view: View, found: Sequence[DominantColor]) -> list[Cell]:
    """Give a photo, what of it counts, and a bar for each of its colours, as high as its share."""
    import numpy as np

    from imgsim.images.draw import Cell

    scale = -(-SWATCH // max(view.foreground.shape))
    shown = np.where(view.foreground[..., None], view.image, np.uint8(255)).repeat(scale, axis=0).repeat(scale, axis=1)
    cells = [Cell(image, found[0].name, path), Cell(shown, "what counts", f"{view.foreground.mean():.0%} of the photo")]
    for color in found:
        bar = np.full((max(4, round(SWATCH * color.share)), SWATCH, 3), color.rgb, np.uint8)
        cells.append(Cell(bar, f"{color.name} {color.share:.0%}", f"{color.hex}  p {color.probability:.2f}"))
    return cells


def _draw(path: str, rows: list[list[Cell]]) -> None:
    from imgsim.images.draw import draw_grid, save_png

    save_png(draw_grid(rows, cell_size=SWATCH), path)
    stderr.say(f"drew {path}")
