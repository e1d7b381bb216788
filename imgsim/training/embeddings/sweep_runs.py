"""A sweep's runs, one after another, and what they came to over seeds."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.evaluation.intervals import CONFIDENCE, Estimate
from imgsim.training.embeddings.assembly import MAPPED, TRAINED, ClassedPhotos, Means, begin_run, resume_run, spelled
from imgsim.training.embeddings.outcome import POOLED
from imgsim.training.embeddings.recipe import make_recipe, read_recipe
from imgsim.training.embeddings.run_folder import RunError, RunFolder
from imgsim.training.embeddings.sweep import F1, FIGURE, SEED, SPLIT, Sweep, SweepRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

SCORED = "accuracy"  # of triplets
FIGURES = {"recall@1": ("map@r",), SCORED: ("f1_of_true", "spearman")}  # what is estimated, and what stands beside it
PARTS = ("validation", "test")
STAGES = ("architecture", "weights", "size", "freeze")  # by what photos are seen
ALIKE = (*STAGES, "split", "shares", "seed", "views", "least_crop", "flip")  # and which crops of which photos


def run_all(
    sweep: Sweep, photos: ClassedPhotos, folder: str, means: Means, said: Callable[[str], None]
) -> list[tuple[SweepRun, dict[str, Any]]]:
    """Carry out the runs that are not done yet, each in a folder of its own, and give what each came to.

    Those that see the same crops of the same photos by the same frozen stages follow one another, and share them.
    """
    done: dict[str, dict[str, Any]] = {}
    for number, run in enumerate(_neighbours(_neighbours(sweep.runs, ALIKE), STAGES), 1):
        said(f"run {number} of {len(sweep.runs)}: {run.name}")
        done[run.name] = _run(run, photos, RunFolder(os.path.join(folder, run.name)), means)
    return [(run, done[run.name]) for run in sweep.runs]


def _neighbours(runs: Sequence[SweepRun], fields: Sequence[str]) -> list[SweepRun]:
    """Bring runs whose recipes have the same in these fields next to each other, where the first of them is."""
    groups: dict[tuple[Any, ...], list[SweepRun]] = {}
    for run in runs:
        groups.setdefault(tuple(getattr(run.recipe, name) for name in fields), []).append(run)
    return [run for group in groups.values() for run in group]


def _run(run: SweepRun, photos: ClassedPhotos, folder: RunFolder, means: Means) -> dict[str, Any]:
    """Carry out a run, or go on with it; of one that is over, only what it came to is read."""
    recipe = spelled(run.recipe)
    begun = os.path.exists(folder.config)
    if begun and make_recipe(read_recipe(folder.config)) != recipe:
        raise RunError(f"{folder.path}: there already, and begun with other options: sweep into another folder")
    if not os.path.exists(folder.metrics):
        if begun:
            resume_run(photos.root, recipe, folder, means)
        else:
            begin_run(photos, recipe, folder, means)
    with suppress(OSError):
        os.unlink(folder.checkpoint)  # of a run that is over: `imgsim train embedding --config` makes its model
    try:
        metrics: dict[str, Any] = json.loads(Path(folder.metrics).read_bytes())
    except (OSError, ValueError) as error:
        raise RunError(f"{folder.metrics}: cannot be read: remove {folder.path}, and sweep again") from error
    return metrics


def tabulate(
    done: Sequence[tuple[SweepRun, Mapping[str, Any]]], published: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Put together, for each combination of options, what its seeds came to: a row for each part."""
    groups: dict[str, list[tuple[SweepRun, Mapping[str, Any]]]] = {}
    for run, metrics in done:
        keys = {key: value for key, value in run.keys.items() if key != SEED}
        groups.setdefault(json.dumps(keys), []).append((run, metrics))
    rows = []
    for told, members in groups.items():
        split = {SPLIT: members[0][0].recipe.split}
        for part in PARTS:
            of_part = [_of_part(metrics, part) for _, metrics in members]
            if all(of_part):
                others = _published(members[0][0], published)
                rows.append({**json.loads(told), **split, "part": part, **_figures(of_part), **others})
    return rows


def _of_part(metrics: Mapping[str, Any], part: str) -> dict[str, Mapping[str, Any]]:
    """Give a part's figures by whose rows they are of."""
    return {row["rows"]: row for row in metrics["outcomes"] if row["part"] == part}


def _figures(seeds: Sequence[Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    main, others = next(figures for figures in FIGURES.items() if figures[0] in seeds[0][TRAINED])

    def values(rows: str, figure: str = main) -> NDArray[np.float64]:
        return np.array([seed[rows][figure] for seed in seeds if rows in seed], np.float64)

    recall, gain = estimate_mean(values(TRAINED)), estimate_mean(values(TRAINED) - values(POOLED))
    mapped = values(MAPPED)
    told = {
        main: recall.value,
        "low": np.maximum(recall.low, 0.0),  # Student's interval knows no bounds
        "high": np.minimum(recall.high, 1.0),
        **{name: values(TRAINED, name).mean() for name in others},
        "pooled": values(POOLED).mean(),
        **({} if main == SCORED else {"linear": mapped.mean() if len(mapped) else np.nan}),
        "gain": gain.value,
        "gain_low": gain.low,
        "gain_high": gain.high,
    }
    return {"seeds": len(seeds), **{key: _rounded(value) for key, value in told.items()}}


def estimate_mean(values: NDArray[np.float64]) -> Estimate:
    """Estimate the mean that seeds vary about, with Student's interval; without one where there is but one seed.

    Examples
    --------
    >>> mean = estimate_mean(np.array([1.0, 2.0, 3.0]))
    >>> mean.value, round(mean.low, 6), round(mean.high, 6)
    (2.0, -0.484138, 4.484138)
    """
    from scipy.stats import t

    value = float(values.mean())
    if len(values) < 2:
        return Estimate(value, np.nan, np.nan)
    reach = float(t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5)
    return Estimate(value, value - reach, value + reach)


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def _published(run: SweepRun, published: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Find the published figure of a run's options, if there is one, and by which split it is."""
    known = {**run.recipe.as_options(), **run.keys}
    for row in published:
        if all(known.get(key) == value for key, value in row.items() if key not in {FIGURE, F1, SPLIT}):
            return {"published": row[FIGURE], **_beside(run, row)}
    return {"published": None, **_beside(run, {})}


def _beside(run: SweepRun, row: Mapping[str, Any]) -> dict[str, Any]:
    """Give what else is told of a published figure: F1, or by which split it is."""
    return {"published_f1": row.get(F1)} if run.recipe.widths else {"published_split": row.get(SPLIT)}
