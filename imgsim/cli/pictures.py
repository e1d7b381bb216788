"""Answers as pictures: grids of matches, and the colours of a query over those of its matches."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.core import Scale
from imgsim.errors import ImageReadError, ImgsimError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from imgsim.cli.answers import QueryAnswer
    from imgsim.core import Image, Match
    from imgsim.images.limits import Limits
    from imgsim.segment.cut_parts import Box


def draw_grid_of(
    answers: Sequence[QueryAnswer],
    path: str,
    root: str,
    limits: Limits,
    shown_of: Callable[[Match], Mapping[str, Any]] = lambda _: {},
) -> None:
    """Draw a row for each answer: the query, if it is a photo, and its matches, with what is shown of each below it."""
    from imgsim.images.draw import Cell, draw_grid, save_png

    def asked(answer: QueryAnswer) -> Cell:
        seen = cell(answer.views[0].source, f"query: {answer.part}" if answer.part else "query", answer.name)
        return seen._replace(image=_within(seen.image, answer.box)) if answer.box else seen

    def cell(photo: str | bytes, title: str, note: str, shown: Mapping[str, Any] | None = None) -> Cell:
        details = ["" if value is None else f"{name}: {_written(value)}" for name, value in (shown or {}).items()]
        return Cell(read_picture(photo, limits), title, note, details)

    rows = [
        [
            *([asked(answer)] if answer.views else []),
            *(
                cell(
                    os.path.join(root, match.path), f"{match.rank}   {match.distance:.3f}", match.path, shown_of(match)
                )
                for match in answer.matches
            ),
        ]
        for answer in answers
    ]
    save_png(draw_grid(rows), path)
    stderr.say(f"drew {path}")


def _within(image: Image | None, box: Box) -> Image | None:
    """Cut a box, in shares, out of a picture (H, W, 3)."""
    if image is None:
        return None
    height, width = image.shape[:2]
    left, top = int(box.left * width), int(box.top * height)
    return image[top : max(top + 1, round((box.top + box.height) * height))][
        :, left : max(left + 1, round((box.left + box.width) * width))
    ]


def _written(value: object) -> str:
    """Write a value for people."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | tuple) else str(value)


def check_grid(path: str) -> None:
    """Refuse a grid that is no PNG, or cannot be written, before any work is done for it."""
    if not path.lower().endswith(".png"):
        raise click.UsageError(f"--grid draws PNG pictures: name it {os.path.splitext(path)[0]}.png")
    from imgsim.images.draw import check_place

    check_place(path)


def check_plot(path: str) -> None:
    """Refuse a plot that cannot be drawn, before any work is done for it."""
    from imgsim.reports.figures import check_picture_path

    check_picture_path(path)


def plot_colors_of(answers: Sequence[QueryAnswer], path: str, root: str, limits: Limits) -> None:
    """Draw how red, green and blue are distributed in a query, over each of its matches."""
    from imgsim.images.distributions import count_values
    from imgsim.reports.color_distributions import plot_color_distributions

    if len(answers) > 1:
        raise ImgsimError(f"--plot draws one query, and here are {len(answers)}: name one PHOTO, or use --together")
    (answer,) = answers
    query = f"query: {answer.name}"
    named = [(query, view.source) for view in answer.views[:1]]
    named += [(f"{match.rank}: {match.path}", os.path.join(root, match.path)) for match in answer.matches]
    pictures = ((name, read_picture(photo, limits)) for name, photo in named)
    histograms = {name: count_values(picture) for name, picture in pictures if picture is not None}
    plot_color_distributions(histograms, path, reference=query if query in histograms else None)
    stderr.say(f"drew {path}")


def read_picture(photo: str | bytes, limits: Limits) -> Any:  # noqa: ANN401 (an Image, or None)
    """Decode a photo whole; None for one that cannot be read."""
    from imgsim.images.read import read_image

    try:
        return read_image(photo, scale=Scale(), **limits._asdict())
    except ImageReadError:
        return None
