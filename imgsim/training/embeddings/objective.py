"""What an embedding learns by: labels, the loss that is made smaller, its miner, and the sampler of batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.training.embeddings.losses.base_loss import LossSetting
from imgsim.training.embeddings.losses.loss_table import build_loss
from imgsim.training.embeddings.miners.miner_table import build_miner
from imgsim.training.embeddings.samplers.base_sampler import SamplerSetting
from imgsim.training.embeddings.samplers.sampler_table import build_sampler
from imgsim.training.embeddings.samplers.score_partners import ScorePartners
from imgsim.training.embeddings.scored_photos import check_partners, widths_for
from imgsim.training.random_states import generator_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgsim.training.embeddings.losses.base_loss import Loss
    from imgsim.training.embeddings.miners.base_miner import Miner
    from imgsim.training.embeddings.recipe import TrainingRecipe
    from imgsim.training.embeddings.samplers.base_sampler import Sampler
    from imgsim.training.split_file import SplitPhotos

LOSS = 6  # what is drawn, for its random state


class Objective(NamedTuple):
    """What is learned of the photos that train: their classes or scores, (N,), and by what."""

    labels: NDArray[np.int64] | NDArray[np.float64]
    loss: Loss
    miner: Miner | None
    sampler: Sampler


def build_objective(recipe: TrainingRecipe, split: SplitPhotos) -> Objective:
    """Build what a recipe names; EvaluationError where the photos that train are too few for it."""
    labels, names = _learned_labels(recipe, split)
    loss = build_loss(recipe.loss, LossSetting(len(names), recipe.dim, generator_of(recipe.seed, LOSS)))
    widths = widths_for(recipe.widths, split)
    miner = build_miner(recipe.miner, loss, recipe.kind, widths) if recipe.miner else None
    return Objective(labels, loss, miner, _build_sampler(recipe, split))


def check_objective(recipe: TrainingRecipe, split: SplitPhotos, said: Callable[[str], None]) -> None:
    """Make sure that batches can be made of the photos that train, and say which scores have no partner."""
    sampler = _build_sampler(recipe, split)
    widths = widths_for(recipe.widths, split)
    if widths is None:
        return
    check_partners(split, widths)
    said(f"scores are near within {widths.within:g}, and far beyond {widths.beyond:g}")
    if isinstance(sampler, ScorePartners):
        lone = sampler.partners
        lacking = f"{lone.without_near} have no near score, {lone.without_far} no far one"
        said(f"{lone.without} of {lone.photos} photos that train ({lone.share:.1%}) are no anchors: {lacking}")


def _build_sampler(recipe: TrainingRecipe, split: SplitPhotos) -> Sampler:
    labels, names = _learned_labels(recipe, split)
    setting = SamplerSetting(labels, recipe.kind, recipe.batch, recipe.seed, names)
    return build_sampler(recipe.sampler, setting, widths_for(recipe.widths, split))


def _learned_labels(
    recipe: TrainingRecipe, split: SplitPhotos
) -> tuple[NDArray[np.int64] | NDArray[np.float64], list[str]]:
    """Give the classes of the photos that train, numbered from 0, and their names; or their scores."""
    if recipe.kind == "scores":
        return split.scores[split.places("train")], []
    classes, labels = np.unique(split.labels[split.places("train")], return_inverse=True)
    return labels.astype(np.int64), [split.names[number] for number in classes]
