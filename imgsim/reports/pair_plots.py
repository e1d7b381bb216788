"""The pictures of an evaluation by decided pairs: what is found, and how far confirmed and rejected pairs are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from imgsim.reports.curves import plot_precision_recall
from imgsim.reports.evaluation_plots import PAIRS, EvaluationPlot, draw_retrieval, slug, title_of
from imgsim.reports.figures import COLORS, FAINT, HAIRLINE, PlotError, checked, drawing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from imgsim.evaluation.judge import Judgement
    from imgsim.evaluation.pair_judge import FoundThings
    from imgsim.evaluation.pair_labels import PairLabels

MOST_BINS = 40
_GRID = {"hspace": 0.5, "left": 0, "right": 1, "bottom": 0, "top": 0.94}
_WIDTH, _HEIGHT = 6.0, 1.5  # inches, of each kind of pairs


def draw_pairs(
    folder: str, kind: str, labels: PairLabels, found: Sequence[FoundThings], judgements: Sequence[Judgement]
) -> Iterator[EvaluationPlot]:
    """Draw what was found out by decided pairs."""
    yield from draw_retrieval(folder, kind, judgements)
    plain = [one for one in judgements if not one.candidate.rerank]  # re-ranking changes no distance
    curves = {title_of(one): (one.pairs.recalls, one.pairs.precisions) for one in plain if one.pairs is not None}
    if curves:
        path = os.path.join(folder, f"precision-recall.{kind}")
        share = labels.confirmed / (labels.confirmed + labels.rejected)
        plot_precision_recall(curves, path, baselines={"chance": share}, title=PAIRS)
        yield EvaluationPlot(path, PAIRS)
    lengths_of = {(one.candidate.name, one.candidate.metric): one.lengths for one in found}
    for judgement in plain:
        path = os.path.join(folder, f"pair-distances-{slug(title_of(judgement))}.{kind}")
        title = f"{title_of(judgement)}: how far the photos of pairs are"
        every = lengths_of[judgement.candidate.name, judgement.candidate.metric]
        lengths = {name: every[kept & np.isfinite(every)] for name, kept in _kinds(labels).items()}
        threshold = judgement.pairs.threshold if judgement.pairs else None
        there = {name: some for name, some in lengths.items() if len(some)}
        plot_pair_distances(there, path, threshold=threshold, title=title, metric=judgement.metric)
        yield EvaluationPlot(path, title)


def _kinds(labels: PairLabels) -> dict[str, NDArray[np.bool_]]:
    return {
        "confirmed": labels.same,
        "rejected": labels.decided & ~labels.same,
        "said, and passed over": ~labels.decided,
    }


def plot_pair_distances(
    distances: Mapping[str, ArrayLike],
    path: str | os.PathLike[str],
    *,
    threshold: float | None = None,
    title: str = "Distances of pairs",
    metric: str = "distance",
) -> None:
    """Draw how many pairs of each kind are how far, kind below kind over one axis, and a threshold across."""
    if not distances:
        raise PlotError("distances of pairs: there is no pair to draw")
    ready = {
        name: checked(values, f"the distances of pairs that are {name}", (None,)) for name, values in distances.items()
    }
    joined = np.concatenate(list(ready.values()))
    low, high = float(joined.min()), float(joined.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, 1 + int(np.clip(2 * np.sqrt(len(joined)), 8, MOST_BINS)))
    with drawing(path, _WIDTH, _HEIGHT * len(ready), title) as (figure, spell):
        axes = figure.subplots(len(ready), 1, sharex=True, squeeze=False, gridspec_kw=_GRID)[:, 0]
        for place, (name, values) in enumerate(ready.items()):
            _draw_kind(axes[place], values, edges, COLORS[place])
            axes[place].set_title(f"{spell(name)}: {len(values):,}, median {np.median(values):.3g}")
            if threshold is not None:
                axes[place].axvline(threshold, color=FAINT, linestyle=(0, (4, 4)), linewidth=1)
        told = "" if threshold is None else f"; broken line: the threshold of the figures, {threshold:.3g}"
        axes[-1].set_xlabel(f"{spell(metric)}{told}")


def _draw_kind(axes: Axes, values: NDArray[np.float64], edges: NDArray[np.float64], color: str) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.hist(values, bins=edges.tolist(), color=color, edgecolor="white", linewidth=0.5)
    axes.grid(visible=True, axis="y", color=HAIRLINE)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.set_ylabel("pairs")
