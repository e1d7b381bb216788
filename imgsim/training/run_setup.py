"""What a run is begun with before it has seen a photo: the network that its recipe names, and where it works."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Generic, TypeVar

from imgsim.errors import ParameterError
from imgsim.training.backbone import Backbone, load_backbone
from imgsim.training.process_team import ALONE, ProcessTeam
from imgsim.training.run_means import find_device
from imgsim.training.run_recipe import RunRecipe
from imgsim.training.staged_network import count_frozen

if TYPE_CHECKING:
    from imgsim.models.vision import torch
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.run_means import Means

R = TypeVar("R", bound=RunRecipe)


@dataclass(frozen=True)
class RunSetup(Generic[R]):
    """A recipe, the backbone that it names, and where and by whom the run is done."""

    recipe: R
    backbone: Backbone
    freezes: list[tuple[int, int]]  # from which epochs on how many stages are frozen
    crop: str  # what the network sees of a photo
    folder: RunFolder
    means: Means
    device: torch.device
    team: ProcessTeam = ALONE

    @property
    def frozen(self) -> int:
        """How many stages never learn."""
        return self.freezes[-1][1]


def set_up(recipe: R, folder: RunFolder, means: Means, *, crop: str = "whole") -> RunSetup[R]:
    """Make ready what a recipe names; ParameterError where it does not fit the network, or this machine."""
    device = find_device(means.device)
    backbone = load_backbone(recipe.architecture, recipe.weights)
    freezes = count_freezes(recipe, backbone)
    if not freezes[-1][1] and recipe.views:
        raise ParameterError("views are what frozen stages are given, and none is frozen: freeze some, or views 0")
    return RunSetup(recipe, backbone.resized(recipe.size), freezes, backbone.crop_for(crop), folder, means, device)


def count_freezes(recipe: RunRecipe, backbone: Backbone) -> list[tuple[int, int]]:
    """List from which epochs on how many stages are frozen; ParameterError where not fewer and fewer are."""
    counts = [(epoch, count_frozen(stages, backbone)) for epoch, stages in recipe.freezes]
    if any(later >= earlier for (_, earlier), (_, later) in pairwise(counts)):
        told = ",".join(f"{epoch}:{stages}" for epoch, stages in recipe.freezes[1:])
        raise ParameterError(f"unfreeze {told}: after freeze {recipe.freeze} it freezes fewer and fewer")
    return counts
