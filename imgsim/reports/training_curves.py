"""What each epoch of a training came to."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

from imgsim.reports.figures import COLORS, FAINT, PlotError, checked, drawing

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

_WIDTH, _HEIGHT = 6.0, 3.0  # inches of each of the two diagrams
FIGURES = ("recall@1", "map@r"), ("accuracy", "spearman")  # of classes, of scores


def plot_training(
    log: Sequence[Mapping[str, Any]], path: str | os.PathLike[str], *, title: str = "Training, by epoch"
) -> None:
    """Draw the loss, and the figures of the validation photos, with the best epoch marked; a row of the log each."""
    if not log:
        raise PlotError("training: there is no epoch to draw")
    epochs = checked([row["epoch"] for row in log], "the epochs", (None,))
    names = next((names for names in FIGURES if names[0] in log[0]), FIGURES[0])
    judged = [name for name in names if not all(isnan(row[name]) for row in log)]  # none where nothing validates
    values = {name: checked([row[name] for row in log], f"the {name}", (None,)) for name in ("loss", *judged)}
    best = max((row["epoch"] for row in log if row["best"]), default=None)
    with drawing(path, _WIDTH, 2 * _HEIGHT, title) as (figure, _):
        above, below = figure.subplots(2, 1, sharex=True)
        above.plot(epochs, values["loss"], color=COLORS[0], marker=".")
        above.set_ylabel("loss")
        for name, color in zip(judged, COLORS[1:], strict=False):
            below.plot(epochs, values[name], color=color, marker=".", label=name)
        below.set_ylabel("of the validation photos")
        below.set_xlabel("epoch")
        below.xaxis.get_major_locator().set_params(integer=True)
        if best is not None and judged:
            below.axvline(best, color=FAINT, linestyle=(0, (4, 4)), linewidth=1, label=f"best: epoch {best}")
        if judged:
            below.legend()
        for axes in (above, below):
            axes.grid(axis="y")
