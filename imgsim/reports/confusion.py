"""Confusion matrices: which classes are taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.reports.figures import INK, PlotError, add_color_bar, checked, checked_names, drawing
from imgsim.reports.fonts import name_ticks

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

_COUNTED = 20  # classes up to which the counts stand in the cells
_WIDE, _NARROW, _SMALL, _LARGE = 0.5, 0.15, 2.5, 16.0  # inches of a cell, and of the whole matrix


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
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        places = np.arange(size, dtype=np.float64)
        name_ticks(axes.yaxis, places, classes, spell=spell, inches=cell)
        name_ticks(axes.xaxis, places, classes, spell=spell, inches=cell, rotation=90)
        axes.set(xlabel="predicted class", ylabel="true class")
        if size <= _COUNTED:
            _write_counts(axes, counts, shares)
        add_color_bar(image, axes, "share of the true class", cell * size)


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
