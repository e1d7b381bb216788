"""A gallery as a map: photos at their points on a plane, framed in the colour of their class."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import ImageColor

from imgsim.images.draw import thumbnail
from imgsim.reports.figures import COLORS, DPI, FAINT, PlotError, checked, checked_names, drawing
from imgsim.reports.fonts import shortened

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from imgsim.core import Image

_SHAPES = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*", "p", "h")
_FRAME = 3  # px about a thumbnail
_LOOSE = 1.15  # pitch of the grid, in frames: a little room, since no photo lies on a node exactly
_LEGEND_LINE = 30  # px
_FLATTEST = 0.5  # height of a map, of its width, or the other way round


class _Style(NamedTuple):
    color: str
    sign: str


def plot_map(
    points: ArrayLike,
    path: str | os.PathLike[str],
    *,
    thumbnail_of: Callable[[int], Image | None] | None = None,
    labels: Sequence[str] | None = None,
    title: str = "Map of the gallery",
    size: int = 2000,
    thumbnail_size: int = 96,
) -> None:
    """Draw a map of a gallery.

    `points` (N, 2).
    """
    places = checked(points, "the points of the map", (None, 2))
    names = checked_names([""] * len(places) if labels is None else labels, "photos", len(places))
    if not 8 <= thumbnail_size <= size / 4:
        raise PlotError(f"thumbnails of {thumbnail_size} px on a map of {size} px: choose 8 to {size // 4}")
    classes = {"": _Style(FAINT, "o")} if labels is None else _class_styles(names)
    styles = [classes[name] for name in names]
    pixels, (width, height) = _to_pixels(places, size, thumbnail_size)
    with drawing(path, width / DPI, height / DPI, title) as (figure, spell):
        axes = figure.add_axes((0, 0, 1, 1))
        photos = {} if thumbnail_of is None else _choose_photos(pixels, thumbnail_of, thumbnail_size)
        canvas = np.zeros((height, width, 4), np.uint8)
        corners = [_paste(canvas, photo, pixels[place], styles[place].color) for place, photo in photos.items()]
        axes.imshow(canvas, extent=(0, width, height, 0), interpolation="nearest", aspect="auto", zorder=2)
        axes.axis("off")
        others = [place for place in range(len(places)) if place not in photos]
        _draw_signs(axes, pixels[others].tolist(), [styles[place] for place in others], below=True)
        if labels is not None:
            _draw_signs(axes, corners, [styles[place] for place in photos], below=False)
            if len(classes) <= len(COLORS) * len(_SHAPES):
                _draw_legend(axes, classes, spell)


def spread(points: NDArray[np.float64], least: float) -> list[int]:
    """Choose points from the first on that keep a distance to all chosen before, across or down.

    `points` (N, 2).

    Examples
    --------
    >>> spread(np.array([[0.0, 0.0], [1.0, 1.5], [0.5, 2.0], [9.0, 0.0]]), 2.0)
    [0, 2, 3]
    """
    chosen: dict[tuple[int, int], int] = {}
    squares = np.floor(points / least).astype(int).tolist()  # of two points in a square at most one is chosen
    for place, (column, row) in enumerate(squares):
        around = (chosen.get((column + right, row + down)) for right in (-1, 0, 1) for down in (-1, 0, 1))
        if all(other is None or np.abs(points[place] - points[other]).max() >= least for other in around):
            chosen[column, row] = place
    return sorted(chosen.values())


def _choose_photos(
    pixels: NDArray[np.float64], thumbnail_of: Callable[[int], Image | None], size: int
) -> dict[int, Image]:
    """Ask for as many photos as have room, first those nearest to the nodes of a grid."""
    pitch = size + 2 * _FRAME + 2
    nodes = pixels / (_LOOSE * pitch)
    off_grid = np.abs(nodes - np.rint(nodes)).max(axis=1)
    order = np.argsort(off_grid, kind="stable")
    chosen = order[spread(pixels[order], pitch)].tolist()
    asked = ((place, thumbnail_of(place)) for place in chosen)
    return {place: thumbnail(photo, size) for place, photo in asked if photo is not None}


def _class_styles(names: Sequence[str]) -> dict[str, _Style]:
    """Give every class a colour and a sign; neighbours in the alphabet differ in both."""
    classes = sorted(set(names))
    turns = [divmod(place, len(COLORS)) for place in range(len(classes))]
    signs = [_Style(COLORS[color], _SHAPES[(color + turn) % len(_SHAPES)]) for turn, color in turns]
    return dict(zip(classes, signs, strict=True))


def _to_pixels(
    points: NDArray[np.float64], size: int, thumbnail_size: int
) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Scale points to a map of so many pixels, y downwards, room for a thumbnail about each; give its size too."""
    margin = thumbnail_size / 2 + 16
    spans = np.ptp(points, axis=0)
    longest = spans.max() or 1.0
    extent = np.maximum(spans / longest, _FLATTEST) * (size - 2 * margin)
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    offsets = (points - middle) * np.array([1, -1]) / longest * (size - 2 * margin)
    width, height = np.ceil(extent + 2 * margin).astype(int).tolist()
    return offsets + np.array([width, height]) / 2, (width, height)


def _paste(canvas: NDArray[np.uint8], photo: Image, centre: NDArray[np.float64], color: str) -> tuple[int, int]:
    """Lay a framed photo on a canvas of RGBA; give the frame's upper left corner."""
    height, width = photo.shape[0] + 2 * _FRAME, photo.shape[1] + 2 * _FRAME
    left, top = np.rint(centre - np.array([width, height]) / 2).astype(int).tolist()
    canvas[top : top + height, left : left + width] = (*ImageColor.getrgb(color)[:3], 255)
    canvas[top + _FRAME : top + height - _FRAME, left + _FRAME : left + width - _FRAME, :3] = photo
    return left, top


def _draw_signs(axes: Axes, points: Sequence[Sequence[float]], styles: Sequence[_Style], *, below: bool) -> None:
    """Draw the signs of classes, below the photos or on top of them; many points get small ones."""
    area = min(30.0, max(3.0, 30_000 / max(1, len(points))))  # square points
    groups: dict[_Style, list[Sequence[float]]] = {}
    for point, style in zip(points, styles, strict=True):
        groups.setdefault(style, []).append(point)
    for (color, sign), group in groups.items():
        x, y = zip(*group, strict=True)
        order = 1 if below else 3
        axes.scatter(x, y, s=area, c=color, marker=sign, edgecolors=FAINT, linewidths=0.4, zorder=order)


def _draw_legend(axes: Axes, classes: dict[str, _Style], spell: Callable[[str], str]) -> None:
    from matplotlib.lines import Line2D

    columns = math.ceil(len(classes) * _LEGEND_LINE / axes.get_ylim()[0])
    drawn: dict[str, Any] = {"linestyle": "", "markeredgecolor": FAINT, "markeredgewidth": 0.4}
    handles = [
        Line2D([], [], color=style.color, marker=style.sign, label=shortened(spell(name)), **drawn)
        for name, style in classes.items()
    ]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0, ncols=columns)
