"""What the runs of a grid came to: a mean over seeds for each point, with its interval, beside what was published."""

from __future__ import annotations

import math
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

from imgsim.evaluation.intervals import CONFIDENCE, Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgsim.training.embeddings.sweep_grid import Sweep


def estimate_over_seeds(values: Sequence[float]) -> Estimate:
    """Estimate a mean over seeds.

    Parameters
    ----------
    values : sequence of float
        A figure of each seed.

    Returns
    -------
    Estimate
        The mean and its interval, not numbers where there is no seed, the interval also where there is one only.

    Notes
    -----
    ``mean ± t sd / sqrt(n)`` with Student's t of n - 1 degrees of freedom, at 95 %. It tells of seeds alone: photos are
    the same in all of them.

    References
    ----------
    Student, "The Probable Error of a Mean", Biometrika 6(1), 1908.
    """
    from scipy.stats import t

    if len(values) < 2:
        return Estimate(values[0] if values else math.nan, math.nan, math.nan)
    half = float(t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * stdev(values) / math.sqrt(len(values))
    return Estimate(mean(values), mean(values) - half, mean(values) + half)


def sweep_rows(sweep: Sweep, done: Mapping[str, Mapping[str, float]], figures: Sequence[str]) -> list[dict[str, Any]]:
    """Give a row a point of a grid, of the figures of the runs that are done, by their names.

    A point none of whose runs is done has its place and what was published of it; what is unknown is None.
    """
    runs = sweep.runs()
    rows = []
    for point in sweep.points:
        here = [done[run.name] for run in runs if run.point is point and run.name in done]
        row: dict[str, Any] = {**point.names, "seeds": len(here)}
        published = sweep.published_at(point)
        for figure in figures:
            found = estimate_over_seeds([one[figure] for one in here if one.get(figure) is not None])
            told = {figure: found.value, f"{figure}_low": found.low, f"{figure}_high": found.high}
            row |= {name: None if math.isnan(value) else value for name, value in told.items()}
        rows.append(row | {f"{name}_published": value for name, value in published.items()})
    return rows
