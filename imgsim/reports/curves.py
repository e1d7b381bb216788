"""Precision against recall, recall against matches looked at, and probabilities against what happened."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from imgsim.evaluation.intervals import wilson
from imgsim.reports.figures import COLORS, FAINT, HAIRLINE, PlotError, checked, drawing
from imgsim.reports.fonts import shortened

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from imgsim.evaluation.probabilities import Reliability

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
    with _unit_figure(ready, path, title, "recall", "precision") as (axes, strokes, spell):
        for name in sorted(ready, key=lambda one: -areas[one]):
            stroke, color = strokes.get(name, ("-", FAINT))
            label = f"{shortened(spell(name))}  AP {areas[name]:.3f}"
            axes.plot(*_thinned(*ready[name]), stroke, color=color, drawstyle="steps-pre", label=label)
        for name, chance in chances.items():
            label = f"{shortened(spell(name))}  {chance:.3f}"
            axes.axhline(chance, color=FAINT, linestyle=(0, (4, 4)), linewidth=1, label=label)


def plot_interpolated(
    curves: Mapping[str, ArrayLike], path: str | os.PathLike[str], *, title: str = "Precision by recall"
) -> None:
    """Draw precision at equal steps of recall from 0 to 1, the best mean first in the legend."""
    ready = _checked_curves(curves, "the precision of")
    with _unit_figure(ready, path, title, "recall", "interpolated precision") as (axes, strokes, spell):
        for name in sorted(ready, key=lambda one: -ready[one].mean()):
            stroke, color = strokes.get(name, ("-", FAINT))
            label = f"{shortened(spell(name))}  mean {ready[name].mean():.3f}"
            levels = np.linspace(0, 1, len(ready[name]))
            axes.plot(levels, ready[name], stroke, color=color, marker="o", markersize=4, clip_on=False, label=label)


def plot_recall_at_k(
    curves: Mapping[str, ArrayLike], path: str | os.PathLike[str], *, title: str = "Recall at k"
) -> None:
    """Draw recall@k over k from 1, drawn by its logarithm, the best recall@1 first in the legend."""
    ready = _checked_curves(curves, "recall@k of")
    last = max(map(len, ready.values()))
    with _unit_figure(ready, path, title, "k, the matches looked at", "recall@k") as (axes, strokes, spell):
        for name in sorted(ready, key=lambda one: tuple(-ready[one])):
            stroke, color = strokes.get(name, ("-", FAINT))
            label = f"{shortened(spell(name))}  @1 {ready[name][0]:.3f}"
            marker = "o" if last == 1 else ""
            axes.plot(np.arange(1, len(ready[name]) + 1), ready[name], stroke, color=color, marker=marker, label=label)
        ticks = [k for k in (number * 10**power for power in range(10) for number in (1, 2, 5)) if k <= last]
        axes.set_xscale("log")
        axes.set_xlim(1, max(2, last))
        axes.set_xticks(ticks, [f"{k:,}" for k in ticks])
        axes.set_xticks([], minor=True)


def _checked_curves(curves: Mapping[str, ArrayLike], what: str) -> dict[str, NDArray[np.float64]]:
    if not curves:
        raise PlotError(f"{what} nothing: there is no curve to draw")
    return {name: _checked_shares(values, f"{what} {name}", None) for name, values in curves.items()}


@contextmanager
def _unit_figure(
    names: Iterable[str], path: str | os.PathLike[str], title: str, x_label: str, y_label: str
) -> Iterator[tuple[Axes, dict[str, tuple[str, str]], Callable[[str], str]]]:
    """Open a square from 0 to 1 for some curves: its axes, a stroke and colour for each, and how names are spelled."""
    with drawing(path, _SIDE, _SIDE, title) as (figure, spell):
        axes = figure.add_axes((0, 0, 1, 1))
        _prepare_unit_square(axes, x_label, y_label)
        yield axes, dict(zip(names, product(_STROKES, COLORS), strict=False)), spell
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), borderaxespad=0)


def plot_reliability(
    reliability: Reliability,
    path: str | os.PathLike[str],
    *,
    title: str = "Reliability",
    unit: str = "pairs",
    share: str = "share that belongs together",
) -> None:
    """Draw a reliability diagram, the shares with Wilson's intervals, above a histogram of its bins.

    `unit` is what is counted, `share` what came true of it.
    """
    guess, truth, counts = reliability.predicted, reliability.observed, reliability.count
    if not len(counts):
        raise PlotError("reliability: every bin is empty")
    shares = [wilson(hits, count) for hits, count in zip(reliability.hits.tolist(), counts.tolist(), strict=True)]
    low, high = np.array([[share.low, share.high] for share in shares]).T
    heading = f"{title}\nExpected calibration error {reliability.calibration_error:.3f}, {counts.sum():,} {unit}"
    with drawing(path, _SIDE, _SIDE + _BELOW, heading) as (figure, _):
        axes = figure.add_axes((0, _BELOW / (_SIDE + _BELOW), 1, _SIDE / (_SIDE + _BELOW)))
        _prepare_unit_square(axes, "", share)
        axes.plot([0, 1], [0, 1], color=FAINT, linestyle=(0, (4, 4)), linewidth=1)
        spans = np.maximum([truth - low, high - truth], 0)
        axes.errorbar(guess, truth, spans, fmt="o", color=COLORS[0], capsize=3, elinewidth=1, clip_on=False)
        axes.tick_params(labelbottom=False)
        bars = figure.add_axes((0, 0, 1, 0.75 * _BELOW / (_SIDE + _BELOW)), sharex=axes)
        _draw_counts(bars, guess, counts, unit)


def _prepare_unit_square(axes: Axes, x_label: str, y_label: str) -> None:
    axes.set(xlim=(0, 1), ylim=(0, 1.005), xlabel=x_label, ylabel=y_label)
    axes.grid(visible=True)


def _draw_counts(axes: Axes, centres: NDArray[np.float64], counts: NDArray[np.intp], unit: str) -> None:
    """Draw the bins' sizes about their centres."""
    from matplotlib.ticker import MaxNLocator

    axes.bar(centres, counts, width=_BAR, color=COLORS[0], edgecolor="white", linewidth=0.5)
    axes.grid(visible=True, axis="y", color=HAIRLINE)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set(xlabel="probability", ylabel=unit)


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


def _checked_shares(values: ArrayLike, what: str, size: int | None) -> NDArray[np.float64]:
    shares = checked(values, what, (size,))
    if shares.min() < 0 or shares.max() > 1:
        raise PlotError(f"{what}: values from {shares.min():g} to {shares.max():g}, not within 0 and 1")
    return shares
