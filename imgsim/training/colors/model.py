"""From rows of named colours to a model and its judgement."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scipy.special import softmax

from imgsim.colors.names import ColorNamer
from imgsim.errors import ParameterError
from imgsim.evaluation.probabilities import LabelReport, judge_labels
from imgsim.training.colors.fit import ScoredRecipe, compare_candidates, cross_validate, train_namer
from imgsim.training.colors.held_out import NamerJudgement, judge_namer
from imgsim.training.colors.recipes import ARCHITECTURES, Recipe
from imgsim.training.colors.rows import ColorRows, split_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Elsewhere(NamedTuple):
    """How a recipe does otherwise than on the rows that its model is judged by."""

    by_rows: NamerJudgement
    cross_validated: LabelReport
    candidates: Sequence[ScoredRecipe]


class ColorModel(NamedTuple):
    """A model that names colours, ready to be written and described."""

    data: bytes
    namer: ColorNamer
    judged: NamerJudgement
    elsewhere: Elsewhere


def make_color_model(
    rows: ColorRows,
    architecture: str,
    *,
    split: str = "contributors",
    seed: int = 0,
    choose: bool = False,
    heard: Callable[[str], None] = lambda _: None,
) -> ColorModel:
    """Train a model that names colours, and judge it."""
    recipe = ARCHITECTURES[architecture]
    candidates: list[ScoredRecipe] = []
    if choose and architecture != "lab":
        raise ParameterError(f"architecture {architecture}: its recipe is the reference's, there is nothing to choose")
    if choose:
        recipe, candidates = choose_recipe(rows, split, seed, heard)
    namer = ColorNamer(data := train_namer(rows, architecture, recipe, split=split, seed=seed))
    judged = judge_namer(namer, rows.take(split_rows(rows, split, seed).held_out))
    other = ColorNamer(train_namer(rows, architecture, recipe, split="rows", seed=seed))
    crossed = judge_labels(rows.labels, softmax(cross_validate(recipe, rows, seed), axis=1))
    by_rows = judge_namer(other, rows.take(split_rows(rows, "rows", seed).held_out))
    return ColorModel(data, namer, judged, Elsewhere(by_rows, crossed, candidates))


def choose_recipe(
    rows: ColorRows, split: str, seed: int, heard: Callable[[str], None]
) -> tuple[Recipe, list[ScoredRecipe]]:
    """Choose the candidate of least log loss, by cross-validation over contributors."""
    candidates = []
    for candidate in compare_candidates(rows.take(split_rows(rows, split, seed).seen), seed):
        heard(f"{candidate.recipe}: accuracy {candidate.accuracy:.4f}, log loss {candidate.log_loss:.4f}")
        candidates.append(candidate)
    return min(candidates, key=lambda candidate: candidate.log_loss).recipe, candidates
