"""How steps are taken: the optimisers that a recipe may name, each part of a network at a rate of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.models.vision import torch

if TYPE_CHECKING:
    from imgsim.training.run_loss import RunLoss
    from imgsim.training.run_recipe import RunRecipe
    from imgsim.training.staged_network import StagedNetwork

MOMENTUM = 0.9  # of SGD


def make_optimizer(recipe: RunRecipe, network: StagedNetwork, loss: RunLoss) -> torch.optim.Optimizer:
    """Make the optimiser of what a network and its loss learn, each at rates of their own."""
    groups = network.learning(recipe.lr, recipe.decay, head_rate=recipe.head_lr, head_decay=recipe.head_decay)
    if own := [one for one in loss.parameters() if one.requires_grad]:
        groups.append({"params": own, "lr": recipe.lr * loss.rate, "weight_decay": 0.0})
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=recipe.lr, momentum=MOMENTUM)
    kind = torch.optim.AdamW if recipe.optimizer == "adamw" else torch.optim.Adam
    return kind(groups, lr=recipe.lr)
