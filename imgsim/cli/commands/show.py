"""`imgsim show`."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.cli.attributes import all_option
from imgsim.cli.flags import (
    count_option,
    device_option,
    extractor_option,
    general_options,
    index_option,
    limits_options,
    metric_option,
    photos_argument,
)
from imgsim.cli.inputs import expand_photos
from imgsim.cli.output import write_text
from imgsim.cli.remedies import explain
from imgsim.core import Scale
from imgsim.errors import ImageReadError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgsim.images.limits import Limits


@click.command(short_help="Show photos in the terminal.")
@photos_argument
@click.option("--matches", is_flag=True, help="Show the matches of each PHOTO below it.")
@click.option(
    "--columns", type=click.IntRange(min=4), help="Characters a line. Without it: 40, or the terminal's width."
)
@index_option
@count_option
@extractor_option(fused=True)
@metric_option
@all_option
@limits_options()
@device_option
@general_options
def show(
    photos: tuple[str, ...],
    matches: bool,  # noqa: FBT001
    columns: int | None,
    index_path: str | None,
    k: int,
    extractors: tuple[str, ...],
    metric: str | None,
    out_of_sight: bool,  # noqa: FBT001
    limits: Limits,
) -> None:
    """Show each PHOTO small, in a terminal that knows 24-bit colour."""
    width = columns or min(40, shutil.get_terminal_size().columns)
    failed = False
    for name, source in expand_photos(photos):
        shown = _show(source, name, width, limits)
        failed |= not shown
        if shown and matches:
            for path, caption in _matches(
                source, index_path, k, limits, extractors=extractors, metric=metric, out_of_sight=out_of_sight
            ):
                failed |= not _show(path, caption, width, limits)
    click.get_current_context().exit(2 if failed else 0)


def _show(photo: str | bytes, caption: str, width: int, limits: Limits) -> bool:
    """Show a photo, or else say why it cannot be read."""
    from imgsim.images.draw import half_blocks
    from imgsim.images.read import read_image

    try:
        image = read_image(photo, scale=Scale(), **limits._asdict())
    except ImageReadError as error:
        stderr.complain(f"imgsim: {explain(error)}")
        return False
    picture = half_blocks(image, width)
    write_text(f"{picture}\n{stderr.printable(caption)}\n\n", obeyed=None)
    return True


def _matches(
    photo: str | bytes,
    index_path: str | None,
    k: int,
    limits: Limits,
    **chosen: Any,  # noqa: ANN401 (what `Index.searcher` takes)
) -> Iterator[tuple[str, str]]:
    from imgsim.cli.which_index import open_for

    named = [photo] if isinstance(photo, str) else []
    with open_for(index_path, named) as index, index.searcher(**chosen) as searcher:
        for match in searcher.search([photo], k, limits=limits):
            yield os.path.join(index.root, match.path), f"{match.rank}  {match.distance:.4f}  {match.path}"
