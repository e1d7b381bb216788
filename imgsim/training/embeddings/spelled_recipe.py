"""A recipe in full: what its loss, miner and sampler leave to their defaults is written out."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from imgsim.evaluation.score_widths import Widths, check_widths
from imgsim.naming import parse_naming
from imgsim.training.embeddings.losses.base_loss import LossSetting
from imgsim.training.embeddings.losses.loss_table import build_loss, spell_loss
from imgsim.training.embeddings.miners.miner_table import build_miner, spell_miner
from imgsim.training.embeddings.samplers.sampler_table import check_kind, spell_sampler
from imgsim.training.random_states import generator_of

if TYPE_CHECKING:
    from imgsim.training.embeddings.recipe import TrainingRecipe

SCORES = "scores"  # the miner of losses of triplets, where labels are scores


def spelled(recipe: TrainingRecipe) -> TrainingRecipe:
    """Write out what a recipe's loss, miner and sampler leave to their defaults; ParameterError where one is wrong.

    Widths of scores are the recipe's, and left out unless miner or sampler have others.
    """
    if recipe.widths:
        check_widths("widths", *recipe.widths.split(":"))
    classes = 2 if recipe.kind == "classes" else 0
    loss = build_loss(recipe.loss, LossSetting(classes, recipe.dim, generator_of(recipe.seed)))
    miner = recipe.miner or (SCORES if loss.mined and recipe.kind == "scores" else "")
    if miner:
        build_miner(miner, loss, recipe.kind)
        miner = _without_widths(spell_miner(miner, loss), miner)
    check_kind(recipe.sampler, recipe.kind)
    sampler = _without_widths(spell_sampler(recipe.sampler), recipe.sampler)
    return dataclasses.replace(recipe, loss=spell_loss(recipe.loss), miner=miner, sampler=sampler)


def _without_widths(text: str, given: str) -> str:
    """Leave widths out of a text with all parameters, but for those that are given."""
    (name, params, _), known = parse_naming(text), parse_naming(given)[1]
    kept = [f"{key}={value}" for key, value in params.items() if key in known or key not in Widths._fields]
    return f"{name}:{','.join(kept)}" if kept else name
