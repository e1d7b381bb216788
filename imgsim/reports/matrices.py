"""Matrices with the classes along both sides: which are taken for which, and how far apart photos are."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from imgsim.reports.figures import INK, SEQUENTIAL, PlotError, add_color_bar, checked, checked_names, drawing
from imgsim.reports.fonts import name_ticks

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    RowsOf = Callable[[slice], NDArray[np.floating]]

_COUNTED = 20  # classes up to which the counts stand in the cells
_WIDE, _NARROW, _SMALL, _LARGE = 0.5, 0.15, 2.5, 16.0  # inches of a cell, and of the whole matrix
CELLS = 1500  # of a heat map, a side
_INCHES = 9.0
_AT_ONCE = 1 << 23  # distances held at a time, 64 MB as float64
_SHOWN = (1.0, 99.0)  # percentiles of the distances that the colours span
_FEW, _LINES = 30, 150  # classes up to which the lines between them are thick, and up to which there are any


def plot_confusion(
    matrix: ArrayLike, names: Sequence[str], path: str | os.PathLike[str], *, title: str = "Confusion matrix"
) -> None:
    """Draw a confusion matrix.

    `matrix` (K, K).
    """
    counts = checked(matrix, "the confusion matrix", (None, None))
    size = len(counts)
    if counts.shape[1] != size:
        raise PlotError(f"the confusion matrix: {size} x {counts.shape[1]}, not square")
    if counts.min() < 0:
        raise PlotError("the confusion matrix: a count is below 0")
    classes = checked_names(names, "classes", size)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    cell = _cell_inches(size)
    with drawing(path, cell * size, cell * size, title) as (figure, spell):
        axes = figure.add_axes((0, 0, 1, 1))
        image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
        _name_sides(axes, np.arange(size, dtype=np.float64), classes, spell, cell)
        axes.set(xlabel="predicted class", ylabel="true class")
        if size <= _COUNTED:
            _write_counts(axes, counts, shares)
        add_color_bar(image, axes, "share of the true class", cell * size)


def _name_sides(
    axes: Axes, places: NDArray[np.float64], names: Sequence[str], spell: Callable[[str], str], inches: float
) -> None:
    """Write the classes along both sides, without a frame or ticks."""
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    name_ticks(axes.yaxis, places, names, spell=spell, inches=inches)
    name_ticks(axes.xaxis, places, names, spell=spell, inches=inches, rotation=90)


def _cell_inches(size: int) -> float:
    """Give the side of a cell: comfortable for few classes, readable for a hundred, never a picture beyond bounds."""
    comfortable = min(_WIDE, max(_NARROW, 9.0 / size))
    return min(max(comfortable, _SMALL / size), _LARGE / size)


def _write_counts(axes: Axes, counts: NDArray[np.float64], shares: NDArray[np.float64]) -> None:
    """Write every count but 0 in its cell, light on dark."""
    digits = len(f"{counts.max():.0f}")
    points = min(9.0, 72 * _WIDE / (0.7 * digits))
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = "white" if shares[row, column] > 0.5 else INK
            axes.text(column, row, f"{count:.0f}", color=color, fontsize=points, ha="center", va="center")


def distance_mosaic(rows_of: RowsOf, count: int, cells: int = CELLS) -> NDArray[np.float64]:
    """Bring the distances between many photos down to a small square of means, a few rows at a time.

    Gives (C, C).

    Examples
    --------
    >>> matrix = np.arange(16.0).reshape(4, 4)
    >>> distance_mosaic(matrix.__getitem__, 4, cells=2)
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    if count < 1:
        raise PlotError("the distance matrix: there is nothing in it to draw")
    side = min(count, cells)
    edges = np.arange(side + 1) * count // side
    sizes = np.diff(edges)
    step = max(1, int(_AT_ONCE // count // sizes.max()))  # rows of blocks
    mosaic = np.empty((side, side))
    for first in range(0, side, step):
        starts = edges[first : first + step + 1]
        rows = checked(rows_of(slice(int(starts[0]), int(starts[-1]))), "the distance matrix", (None, count))
        sums = np.add.reduceat(np.add.reduceat(rows, edges[:-1], axis=1), starts[:-1] - starts[0], axis=0)
        mosaic[first : first + step] = sums / np.outer(sizes[first : first + step], sizes)
    return mosaic


def plot_distance_matrix(
    distances: ArrayLike | RowsOf,
    labels: Sequence[str],
    path: str | os.PathLike[str],
    *,
    title: str = "Distances",
    metric: str = "distance",
) -> None:
    """Draw the distances between photos, each class beside itself.

    `distances` (N, N).
    """
    count = len(labels)
    names, edges = _class_edges(labels)
    rows_of = (
        distances if callable(distances) else checked(distances, "the distance matrix", (count, count)).__getitem__
    )
    with drawing(path, _INCHES, _INCHES, title) as (figure, spell):
        mosaic = distance_mosaic(rows_of, count)
        low, high = np.percentile(_without_diagonal(mosaic), _SHOWN).tolist()
        flat = low == high
        axes = figure.add_axes((0, 0, 1, 1))
        extent = (0.0, float(count), float(count), 0.0)
        image = axes.imshow(mosaic, cmap=SEQUENTIAL, vmin=low, vmax=low + 1 if flat else high, extent=extent)
        _draw_borders(axes, edges)
        _name_sides(axes, (edges[:-1] + edges[1:]) / 2, names, spell, _INCHES / count)
        add_color_bar(image, axes, spell(metric), _INCHES, extend="neither" if flat else "both")


def _without_diagonal(square: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave out the distances of photos to themselves, unless there is nothing else."""
    return square[~np.eye(len(square), dtype=bool)] if len(square) > 1 else square


def _class_edges(labels: Sequence[str]) -> tuple[list[str], NDArray[np.float64]]:
    """Give the classes in order, and where each begins, with the end of the last."""
    runs = [(name, len(list(run))) for name, run in groupby(checked_names(labels, "photos", len(labels)))]
    names = [name for name, _ in runs]
    if len(set(names)) < len(names):
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise PlotError(f"the distance matrix: class {twice!r} appears in two places; sort the photos by class")
    return names, np.cumsum([0.0, *(float(size) for _, size in runs)])


def _draw_borders(axes: Axes, edges: NDArray[np.float64]) -> None:
    """Draw a thin line between classes, unless there are so many that they would hide what they part."""
    if len(edges) - 2 <= _LINES:
        thickness = 0.7 if len(edges) <= _FEW else 0.25
        axes.hlines(edges[1:-1], 0, edges[-1], color="white", linewidth=thickness)
        axes.vlines(edges[1:-1], 0, edges[-1], color="white", linewidth=thickness)
