"""How red, green and blue are distributed in photos: small multiples that compare at a glance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from imgsim.reports.figures import FAINT, PlotError, checked, drawing
from imgsim.reports.fonts import shortened

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

MOST = 100  # panels
_CHANNELS = {"red": "#d55e00", "green": "#009e73", "blue": "#0072b2"}  # told apart by colour-blind people too
_EDGES = np.arange(257)
_COLUMNS = 4
_WIDTH, _HEIGHT = 2.6, 1.7  # inches of a panel with its room
_TALL = 98.0  # percentile of the bins that all panels show whole


def plot_color_distributions(
    histograms: Mapping[str, ArrayLike],
    path: str | os.PathLike[str],
    *,
    reference: str | None = None,
    title: str = "Distribution of red, green and blue",
) -> None:
    """Draw the distributions of red, green and blue, a panel for each photo or set of photos.

    `histograms` (3, 256).
    """
    if not 1 <= len(histograms) <= MOST:
        raise PlotError(f"{len(histograms):,} colour distributions: a picture holds 1 to {MOST}")
    shares = {name: _checked_shares(name, counts) for name, counts in histograms.items()}
    if reference is not None:
        if reference not in shares:
            raise PlotError(f"{reference!r} is not among the colour distributions")
        shares = {reference: shares[reference], **shares}
    panels = np.stack(list(shares.values()))
    top = 1.15 * float(np.percentile(panels, _TALL, axis=(1, 2)).max() or panels.max())
    columns = min(_COLUMNS, math.ceil(math.sqrt(len(shares))))
    rows = math.ceil(len(shares) / columns)
    with drawing(path, _WIDTH * columns, _HEIGHT * rows, title) as (figure, spell):
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
        above = 1 - 0.25 / figure.get_figheight()  # the names of the first row
        figure.subplots_adjust(left=0, right=1, bottom=0, top=above, wspace=0.12, hspace=0.5)
        for axes, (name, panel) in zip(grid, shares.items(), strict=False):
            axes.set_title(shortened(spell(name)))
            _draw_panel(axes, panel, top)
            if reference is not None and name != reference:
                _draw_outlines(axes, shares[reference])
        for axes in grid[::columns]:
            axes.set_ylabel("share of pixels", fontsize=8)
        for axes in grid[len(shares) :]:
            axes.axis("off")
        _draw_legend(figure, None if reference is None else shortened(spell(reference)))


def _draw_panel(axes: Axes, shares: NDArray[np.float64], top: float) -> None:
    """Draw three filled outlines, and say how high the tallest reaches where it is cut."""
    from matplotlib.ticker import MaxNLocator

    for color, share in zip(_CHANNELS.values(), shares, strict=True):
        axes.stairs(share, _EDGES, fill=True, color=color, alpha=0.18)
        axes.stairs(share, _EDGES, color=color, linewidth=0.9)
    axes.set(xlim=(0, 256), ylim=(0, top), xticks=(0, 64, 128, 192, 256))
    axes.tick_params(labelsize=8)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    highest = shares.max(axis=0)
    if highest.max() > top:
        left = min((8, 88, 168), key=lambda start: float(highest[start : start + 80].max()))  # where there is room
        text = f"{highest.max():.0%} at {highest.argmax()}"
        behind = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.7}
        axes.text(left + 40, top, text, fontsize=8, ha="center", va="top", bbox=behind)


def _draw_legend(figure: Figure, reference: str | None) -> None:
    """Say below the panels what the colours are, and whose the dotted outlines."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=color, label=channel) for channel, color in _CHANNELS.items()]
    if reference is not None:
        handles.append(Line2D([], [], color=FAINT, linewidth=1, linestyle=":", label=reference))
    below = -0.3 / figure.get_figheight()
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0, below), borderaxespad=0, ncols=4)


def _draw_outlines(axes: Axes, shares: NDArray[np.float64]) -> None:
    """Draw the reference's channels as dotted outlines."""
    for color, share in zip(_CHANNELS.values(), shares, strict=True):
        axes.stairs(share, _EDGES, color=color, linewidth=0.9, linestyle=":")


def _checked_shares(name: str, counts: ArrayLike) -> NDArray[np.float64]:
    """Divide each channel by its sum."""
    array = checked(counts, f"the colours of {name}", (3, 256))
    totals = array.sum(axis=1, keepdims=True)
    if array.min() < 0 or not totals.all():
        raise PlotError(f"the colours of {name}: a channel is empty, or a count is below 0")
    shares: NDArray[np.float64] = array / totals
    return shares
