"""Precision against recall, and probabilities against what happened."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from imgsim.evaluation.probabilities import expected_calibration_error
from imgsim.reports.checks import PlotError, checked
from imgsim.reports.figures import COLORS, FAINT, HAIRLINE, drawing
from imgsim.reports.fonts import shortened

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

_STROKES = ("-", "--", "-.", ":")
_DRAWN = 4000  # points of a curve beyond which a picture shows no difference
_SIDE, _BELOW = 5.0, 1.7  # inches of a diagram, and of the histogram with its room
_BAR = 0.04  # width of a bar of the histogram


def plot_precision_recall(
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    path: str | os.PathLike[str],
    *,
    baselines: Mapping[str, float] | None = None,
    title: str = "Precision and recall",
) -> None:
    r"""Draw precision-recall curves in one picture, the best first in the legend."""
    if not curves:
        raise PlotError("precision and recall: there is no curve to draw")
    ready = {name: _ascending(name, recall, precision) for name, (recall, precision) in curves.items()}
    areas = {name: float(np.diff(recall) @ precision[1:]) for name, (recall, precision) in ready.items()}
    chances = {name: float(checked(share, f"the baseline {name}", ())) for name, share in (baselines or {}).items()}
    strokes = dict(zip(ready, product(_STROKES, COLORS), strict=False))
    with drawing(path, _SIDE, _SIDE, title) as (figure, spell):
        axes = figure.add_axes((0, 0, 1, 1))
        _prepare_unit_square(axes, "recall", "precision")
        for name in sorted(ready, key=lambda one: -areas[one]):
            stroke, color = strokes.get(name, ("-", FAINT))
            label = f"{shortened(spell(name))}  AP {areas[name]:.3f}"
            axes.plot(*_thinned(*ready[name]), stroke, color=color, drawstyle="steps-pre", label=label)
        for name, chance in chances.items():
            label = f"{shortened(spell(name))}  {chance:.3f}"
            axes.axhline(chance, color=FAINT, linestyle=(0, (4, 4)), linewidth=1, label=label)
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), borderaxespad=0)


def plot_reliability(
    predicted: ArrayLike,
    observed: ArrayLike,
    counts: ArrayLike,
    path: str | os.PathLike[str],
    *,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    title: str = "Reliability",
) -> None:
    r"""Draw a reliability diagram above a histogram of its bins.

    Parameters
    ----------
    predicted, observed : array_like of float, shape (B,)
        Mean probability and share of pairs that belong together, in each bin.
    counts : array_like of int, shape (B,)
        Pairs in each bin; what the other arrays hold for a bin of 0 plays no part.
    path : str or path-like
        The picture, PNG or SVG by its ending.
    low, high : array_like of float, shape (B,), optional
        The interval of each observed share.
    title : str, default "Reliability"
        What stands above it; the expected calibration error follows in a line below.

    Raises
    ------
    PlotError
        If there is no bin with pairs, shapes differ, or values are NaN or outside [0, 1].

    Notes
    -----
    The expected calibration error is :math:`\sum_b n_b |o_b - p_b| / \sum_b n_b`.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, equation 3.
    """
    numbers = checked(counts, "the counts of the bins", (None,))
    filled = numbers > 0
    if not filled.any():
        raise PlotError("reliability: every bin is empty")
    guess = _bin_values(predicted, "the predicted probabilities", filled)
    truth = _bin_values(observed, "the observed shares", filled)
    below = truth - (truth if low is None else _bin_values(low, "the lower ends", filled))
    above = (truth if high is None else _bin_values(high, "the upper ends", filled)) - truth
    weights = numbers[filled]
    error = expected_calibration_error(guess, truth, weights)
    heading = f"{title}\nExpected calibration error {error:.3f}, {int(weights.sum()):,} pairs"
    with drawing(path, _SIDE, _SIDE + _BELOW, heading) as (figure, _):
        axes = figure.add_axes((0, _BELOW / (_SIDE + _BELOW), 1, _SIDE / (_SIDE + _BELOW)))
        _prepare_unit_square(axes, "", "share that belongs together")
        axes.plot([0, 1], [0, 1], color=FAINT, linestyle=(0, (4, 4)), linewidth=1)
        spans = np.maximum([below, above], 0)
        axes.errorbar(guess, truth, spans, fmt="o", color=COLORS[0], capsize=3, elinewidth=1, clip_on=False)
        axes.tick_params(labelbottom=False)
        bars = figure.add_axes((0, 0, 1, 0.75 * _BELOW / (_SIDE + _BELOW)), sharex=axes)
        _draw_counts(bars, guess, weights)


def _prepare_unit_square(axes: Axes, x_label: str, y_label: str) -> None:
    axes.set(xlim=(0, 1), ylim=(0, 1.005), xlabel=x_label, ylabel=y_label)
    axes.grid(visible=True)


def _draw_counts(axes: Axes, centres: NDArray[np.float64], counts: NDArray[np.float64]) -> None:
    """Draw the bins' sizes about their centres."""
    from matplotlib.ticker import MaxNLocator

    axes.bar(centres, counts, width=_BAR, color=COLORS[0], edgecolor="white", linewidth=0.5)
    axes.grid(visible=True, axis="y", color=HAIRLINE)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set(xlabel="probability", ylabel="pairs")


def _ascending(name: str, recall: ArrayLike, precision: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give a curve from a recall of 0 to the highest."""
    across = _checked_shares(recall, f"the recall of {name}", None)
    up = _checked_shares(precision, f"the precision of {name}", len(across))
    if across[0] > across[-1]:
        across, up = across[::-1], up[::-1]
    if (np.diff(across) < 0).any():
        raise PlotError(f"the recall of {name}: neither ascending nor descending")
    wide = np.diff(across, prepend=0) > 0  # steps without width have no area, but would be drawn as whiskers
    across, up = across[wide], up[wide]
    return np.concatenate([[0.0], across]), np.concatenate([up[:1] if up.size else [0.0], up])


def _thinned(
    recall: NDArray[np.float64], precision: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Keep so many points of a long curve that no difference shows."""
    kept = np.unique(np.linspace(0, len(recall) - 1, _DRAWN).astype(int))
    return recall[kept], precision[kept]


def _bin_values(values: ArrayLike, what: str, filled: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Give what the filled bins hold."""
    array = np.asarray(values, np.float64)
    if array.shape != filled.shape:
        raise PlotError(f"{what}: {array.shape} values for {len(filled)} bins")
    return _checked_shares(array[filled], what, None)


def _checked_shares(values: ArrayLike, what: str, size: int | None) -> NDArray[np.float64]:
    shares = checked(values, what, (size,))
    if shares.min() < 0 or shares.max() > 1:
        raise PlotError(f"{what}: values from {shares.min():g} to {shares.max():g}, not within 0 and 1")
    return shares
