"""Many runs that differ in a few options: what a sweep's configuration asks for."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.errors import UnknownNameError
from imgsim.training.classifiers.classifier_recipe import ClassifierRecipe
from imgsim.training.embeddings.recipe import TrainingRecipe
from imgsim.training.run_recipe import RecipeError, RunRecipe, read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHIPPED = Path(__file__).parent / "shipped"
SHIPPED_SWEEPS = ("sop", "streets", "lost-property", "furniture")
TABLES = ("grid", "case", "published")
NAME, SEED, SPLIT, TRAIN = "case", "seed", "split", "train"
FIGURE, F1, TOP_1, TOP_3 = "figure", "f1", "top-1", "top-3"
BESIDE: dict[type[RunRecipe], tuple[str, ...]] = {TrainingRecipe: (F1,), ClassifierRecipe: (TOP_1, TOP_3)}
RECIPES: dict[str, type[RunRecipe]] = {one.kind_of_run: one for one in BESIDE}
MOST_RUNS = 10_000


class SweepRun(NamedTuple):
    """A run of a sweep: the name of its folder, the options that tell it from others, and all of them."""

    name: str
    keys: dict[str, Any]
    recipe: RunRecipe


class Sweep(NamedTuple):
    """Runs of a kind, and figures that others published, each with the options that it is of."""

    kind: type[RunRecipe]
    runs: list[SweepRun]
    published: list[dict[str, Any]]


def kind_of_sweep(path: str) -> type[RunRecipe]:
    """Tell what a sweep trains: embeddings, unless it says otherwise."""
    kind = read_toml(_found(path)).get(TRAIN, TrainingRecipe.kind_of_run)
    if kind not in RECIPES:
        raise RecipeError(f"{path}: {TRAIN} is {' or '.join(map(repr, RECIPES))}, not {kind!r}")
    return RECIPES[kind]


def _found(path: str) -> str:
    return str(SHIPPED / f"{path}.toml") if path in SHIPPED_SWEEPS else path


def read_sweep(path: str, given: Mapping[str, Any]) -> Sweep:
    """Read a sweep, or the one of a name that imgsim ships; what is `given`, by fields, holds for all runs.

    `[grid]` has values whose combinations are all run, of every `[[case]]`, which has a name and options of its own.
    """
    kind, raw = kind_of_sweep(path), read_toml(_found(path))
    raw.pop(TRAIN, None)
    grid, cases, published = (raw.pop(name, {} if name == "grid" else []) for name in TABLES)
    shared = kind.checked_keys(path, raw)
    if not isinstance(grid, dict) or not all(isinstance(values, list) and values for values in grid.values()):
        raise RecipeError(f"{path}: [grid] has lists of values, such as batch = [64, 128]")
    named = isinstance(cases, list) and all(isinstance(one, dict) and isinstance(one.get(NAME), str) for one in cases)
    if not named:
        raise RecipeError(f'{path}: each [[{NAME}]] has a name: {NAME} = "triplet, random"')
    runs: dict[RunRecipe, SweepRun] = {}
    for keys, options in _combinations(path, kind, grid, cases):
        recipe = kind.make(shared, options, given)
        told = {key: recipe.as_options().get(key, value) for key, value in keys.items()}
        runs.setdefault(recipe, SweepRun(_folder_name(told, recipe), told, recipe))
    if len({run.name for run in runs.values()}) < len(runs):
        raise RecipeError(f"{path}: cases of one name, which differ: give each a name of its own")
    return Sweep(kind, list(runs.values()), _checked_published(path, kind, published))


def _combinations(
    path: str, kind: type[RunRecipe], grid: Mapping[str, list[Any]], cases: list[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Give each run's keys, and its options by the recipe's fields."""
    count = max(len(cases), 1)
    for values in grid.values():
        count *= len(values)
    if count > MOST_RUNS:
        raise RecipeError(f"{path}: it asks for {count:,} runs, more than {MOST_RUNS:,}")
    for case in cases or [{}]:
        own = kind.checked_keys(path, {key: value for key, value in case.items() if key != NAME})
        for chosen in product(*grid.values()):
            point = dict(zip(grid, chosen, strict=True))
            named = {NAME: case[NAME]} if case else {}
            yield named | point, own | kind.checked_keys(path, point)


def _folder_name(keys: Mapping[str, Any], recipe: RunRecipe) -> str:
    """Name a run's folder by its options, in letters that every file system has."""
    told = [str(value) if key == NAME else f"{key}={value}" for key, value in keys.items() if key != SEED]
    return re.sub(r"[^\w.=-]+", "-", "_".join([*told, f"{SEED}={recipe.seed}"]))


def _checked_published(path: str, kind: type[RunRecipe], published: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (whatever TOML holds)
    figures = (FIGURE, *BESIDE[kind])
    known = [NAME, *figures, *kind().as_options()]
    for row in published if isinstance(published, list) else [None]:
        if not isinstance(row, dict) or {type(row.get(name, 0.0 if name != FIGURE else None)) for name in figures} != {
            float
        }:
            raise RecipeError(f"{path}: each [[published]] has a number: {FIGURE} = 0.7229")
        for key in row:
            if key not in known:
                raise RecipeError(f"{path}: {UnknownNameError('key', key, known)}")
    return list(published)
