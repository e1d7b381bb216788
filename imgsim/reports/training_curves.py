"""What each epoch of a training came to."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

from imgsim.reports.figures import COLORS, FAINT, PlotError, checked, drawing

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

_WIDTH, _HEIGHT = 6.0, 3.0  # inches of each of the two diagrams
FIGURES = ("recall@1", "map@r"), ("accuracy", "spearman"), ("top-1", "top-3", "macro-f1")  # classes, scores, labels
LOSS = "log-loss"  # of the validation photos, which is drawn beside the loss of those that train


def plot_training(
    log: Sequence[Mapping[str, Any]], path: str | os.PathLike[str], *, title: str = "Training, by epoch"
) -> None:
    """Draw the loss, and the figures of the validation photos, with the best epoch marked; a row of the log each."""
    learned = [row for row in log if row["epoch"]]  # epoch 0 is what the network began as
    if not learned:
        raise PlotError("training: there is no epoch to draw")
    log, begun = learned, log[0]
    epochs = checked([row["epoch"] for row in log], "the epochs", (None,))
    names = next((names for names in FIGURES if names[0] in log[0]), FIGURES[0])
    judged = [name for name in names if not all(isnan(row[name]) for row in log)]  # none where nothing validates
    validated = [LOSS] if LOSS in log[0] and not isnan(log[0][LOSS]) else []
    drawn = ("loss", *validated, *judged)
    values = {name: checked([row[name] for row in log], f"the {name}", (None,)) for name in drawn}
    best = max((row["epoch"] for row in (begun, *log) if row["best"]), default=None)
    with drawing(path, _WIDTH, 2 * _HEIGHT, title) as (figure, _):
        above, below = figure.subplots(2, 1, sharex=True)
        above.plot(epochs, values["loss"], color=COLORS[0], marker=".", label="of what is learned from")
        for name in validated:
            above.plot(epochs, values[name], color=COLORS[4], marker=".", label="of the validation photos")
            above.legend()
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
