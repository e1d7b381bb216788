"""A sweep's runs, one after another, and what they came to over seeds."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.evaluation.intervals import CONFIDENCE, Estimate
from imgsim.training.classifiers.classifier_recipe import ClassifierRecipe
from imgsim.training.run_folder import RunError, RunFolder
from imgsim.training.sweep import BESIDE, FIGURE, SEED, SPLIT, Sweep, SweepRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.training.run_means import ClassedPhotos, Means
    from imgsim.training.run_recipe import RunRecipe

STAGES = ("architecture", "weights", "size", "freeze", "crop", "normalise")  # by what photos are seen
PHOTOS = (*STAGES, "split", "shares", "test", "validation", "seed")  # and which of them train
VIEWS = (*PHOTOS, "views", "least_crop", "flip", "augment")  # and which crops of those are kept
Done = tuple[SweepRun, dict[str, Any]]  # a run, and what it came to


class Trainer(NamedTuple):
    """How runs of a kind are spelled, begun and gone on with."""

    spelled: Callable[[Any], Any]
    begin: Callable[[ClassedPhotos, Any, RunFolder, Means], object]
    resume: Callable[[str, Any, RunFolder, Means], object]


def trainer_of(kind: type[RunRecipe]) -> Trainer:
    """Load what trains by a kind of recipe."""
    if kind is ClassifierRecipe:
        from imgsim.training.classifiers.classifier_run import begin_classifier, resume_classifier

        return Trainer(lambda recipe: recipe, begin_classifier, resume_classifier)
    from imgsim.training.embeddings.embedding_run import begin_embedding, resume_embedding
    from imgsim.training.embeddings.spelled_recipe import spelled

    return Trainer(spelled, begin_embedding, resume_embedding)


def run_all(sweep: Sweep, photos: ClassedPhotos, folder: str, means: Means, said: Callable[[str], None]) -> list[Done]:
    """Carry out the runs that are not done yet, each in a folder of its own, and give what each came to.

    Those that see photos alike follow one another, so that they share what they make of the same photos and crops.
    """
    done: dict[str, dict[str, Any]] = {}
    trainer = trainer_of(sweep.kind)
    runs: Sequence[SweepRun] = sweep.runs
    for fields in (VIEWS, PHOTOS, STAGES):
        runs = _neighbours(runs, fields)
    for number, run in enumerate(runs, 1):
        said(f"run {number} of {len(sweep.runs)}: {run.name}")
        done[run.name] = _run(run, trainer, photos, RunFolder(os.path.join(folder, run.name)), means)
    return [(run, done[run.name]) for run in sweep.runs]


def _neighbours(runs: Sequence[SweepRun], fields: Sequence[str]) -> list[SweepRun]:
    """Bring runs whose recipes have the same in these fields next to each other, where the first of them is."""
    groups: dict[tuple[Any, ...], list[SweepRun]] = {}
    for run in runs:
        groups.setdefault(tuple(getattr(run.recipe, name, None) for name in fields), []).append(run)
    return [run for group in groups.values() for run in group]


def _run(run: SweepRun, trainer: Trainer, photos: ClassedPhotos, folder: RunFolder, means: Means) -> dict[str, Any]:
    """Carry out a run, or go on with it; of one that is over, only what it came to is read."""
    recipe = trainer.spelled(run.recipe)
    begun = os.path.exists(folder.config)
    if begun and recipe.make(recipe.read(folder.config)) != recipe:
        raise RunError(f"{folder.path}: there already, and begun with other options: sweep into another folder")
    if not os.path.exists(folder.metrics):
        if begun:
            trainer.resume(photos.root, recipe, folder, means)
        else:
            trainer.begin(photos, recipe, folder, means)
    with suppress(OSError):
        os.unlink(folder.checkpoint)  # of a run that is over: --config makes its model
    try:
        metrics: dict[str, Any] = json.loads(Path(folder.metrics).read_bytes())
    except (OSError, ValueError) as error:
        raise RunError(f"{folder.metrics}: cannot be read: remove {folder.path}, and sweep again") from error
    return metrics


def tabulate(sweep: Sweep, done: Sequence[Done]) -> list[dict[str, Any]]:
    """Put together, for each combination of options, what its seeds came to: a row for each part."""
    if sweep.kind is ClassifierRecipe:
        from imgsim.training.classifiers.label_table import tabulate_labels

        return tabulate_labels(done, sweep.published)
    from imgsim.training.embeddings.embedding_table import tabulate_embeddings

    return tabulate_embeddings(done, sweep.published)


def over_seeds(done: Iterable[Done]) -> Iterator[tuple[dict[str, Any], list[Done]]]:
    """Give each combination of options, and its runs, which differ by their seeds."""
    groups: dict[str, list[Done]] = {}
    for run, metrics in done:
        keys = {key: value for key, value in run.keys.items() if key != SEED}
        groups.setdefault(json.dumps(keys), []).append((run, metrics))
    for told, members in groups.items():
        yield json.loads(told), members


def of_part(metrics: Mapping[str, Any], part: str) -> dict[str, Mapping[str, Any]]:
    """Give a part's figures by whose rows they are of."""
    return {row["rows"]: row for row in metrics["outcomes"] if row["part"] == part}


def find_published(run: SweepRun, published: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Find the published figures of a run's options; none where there are none."""
    known = {**run.recipe.as_options(), **run.keys}
    figures = {FIGURE, SPLIT, *BESIDE[type(run.recipe)]}
    for row in published:
        if all(known.get(key) == value for key, value in row.items() if key not in figures):
            return row
    return {}


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


def rounded(value: float) -> float | None:
    """Round a figure as tables have it; None where there is none."""
    return None if np.isnan(value) else round(float(value), 4)
