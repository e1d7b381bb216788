"""The run of an embedding, from photos and a recipe to a trained model: what it is put together of, in order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import ParameterError
from imgsim.training.embeddings.baseline_rows import begin_linear, make_baseline
from imgsim.training.embeddings.embedding_judge import EmbeddingJudge
from imgsim.training.embeddings.embedding_split import split_for
from imgsim.training.embeddings.network import EmbeddingNetwork, export_embedding
from imgsim.training.embeddings.objective import build_objective, check_objective
from imgsim.training.embeddings.outcome import TRAINED
from imgsim.training.embeddings.product_splits import require_lists
from imgsim.training.embeddings.training_crops import TrainingCrops
from imgsim.training.part_rows import PartRows
from imgsim.training.process_team import join_team, team_size
from imgsim.training.random_states import generator_of
from imgsim.training.readable_photos import decode_again, decode_new
from imgsim.training.run_folder import UnwrittenFolder
from imgsim.training.run_parts import RunParts
from imgsim.training.run_setup import set_up
from imgsim.training.trained_model import TrainedModel, learn_epochs, tell_metrics, tell_recipe, write_beginning

if TYPE_CHECKING:
    from imgsim.training.decoded_photos import DecodedPhotos
    from imgsim.training.embeddings.baseline_rows import BaselineRows
    from imgsim.training.embeddings.recipe import TrainingRecipe
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.run_log import RunStanding
    from imgsim.training.run_means import ClassedPhotos, Means
    from imgsim.training.run_setup import RunSetup
    from imgsim.training.split_file import SplitPhotos
    from imgsim.training.trained_model import ModelOutcome

HEAD = 5  # what is drawn, for its random state


def begin_embedding(
    photos: ClassedPhotos, recipe: TrainingRecipe, folder: RunFolder, means: Means
) -> TrainedModel | None:
    """Split photos, train, and judge: in a new folder, from which `resume_embedding` goes on after a kill.

    Of several processes, as `torchrun` starts them, the first alone judges and writes; the others give nothing.
    """
    require_lists(recipe.split, photos.tests)
    setup = _join(set_up(recipe, folder, means))
    photos = photos.labelled()
    decoded = decode_new(photos, setup)
    split, places = split_for(setup, photos, decoded)
    check_objective(recipe, split, setup.means.said)
    write_beginning(setup, split)
    return _EmbeddingRun(setup, split, decoded.photos.take(places)).train(resumed=False)


def resume_embedding(root: str, recipe: TrainingRecipe, folder: RunFolder, means: Means) -> TrainedModel | None:
    """Go on with a run that was ended: its photos are in its folder's parts, and must all be there."""
    setup = _join(set_up(recipe, folder, means))
    split, decoded = decode_again(root, setup, hashed=False)
    return _EmbeddingRun(setup, split, decoded.photos).train(resumed=True)


def _join(setup: RunSetup[TrainingRecipe]) -> RunSetup[TrainingRecipe]:
    """Meet the other processes of a run, of which the first alone writes and speaks, and none before all are there."""
    if (size := team_size()) > 1 and setup.recipe.batch_norm == "trained":
        told = f"{size} processes see {size} parts of a batch, each with a mean of its own"
        raise ParameterError(f"batch-norm trained: {told}: leave it frozen, or run it without torchrun")
    team, device = join_team(setup.device)
    if team.first:
        return replace(setup, team=team, device=device)
    folder, means = UnwrittenFolder(setup.folder.path), setup.means.silenced()
    return replace(setup, team=team, device=device, folder=folder, means=means)


class _EmbeddingRun:
    """Puts a run together of its split photos, and carries it out."""

    def __init__(self, setup: RunSetup[TrainingRecipe], split: SplitPhotos, photos: DecodedPhotos) -> None:
        recipe = setup.recipe
        self._setup, self._split = setup, split
        self._network = EmbeddingNetwork(
            setup.backbone,
            dim=recipe.dim,
            frozen=setup.frozen,
            still=recipe.batch_norm == "frozen",
            generator=generator_of(recipe.seed, HEAD),
        )
        self._network.lay_out(setup.device)
        self._rows = PartRows(setup, self._network, split, photos)
        self._crops = TrainingCrops(setup, self._network, split, photos, self._rows)
        self._judge = EmbeddingJudge(recipe, split)

    def train(self, *, resumed: bool) -> TrainedModel | None:
        """Train, write what came of it, and give the model; only train, in a process that is not the first."""
        team = self._setup.team
        baseline = self._begin() if team.first else None
        team.spread(self._network)
        standing = learn_epochs(self._setup, self._parts(), resumed=resumed)
        team.part()
        return self._came_to(standing, baseline) if baseline else None

    def _begin(self) -> BaselineRows:
        """Make what the embedding is compared with, and let its projection begin as that if it is told to."""
        recipe = self._setup.recipe
        baseline = make_baseline(self._rows, self._split, recipe)
        if recipe.head == "linear":
            self._network.begin_head(begin_linear(baseline, self._crops, self._split, recipe))
        return baseline

    def _parts(self) -> RunParts:
        objective = build_objective(self._setup.recipe, self._split)
        return RunParts(
            self._network,
            objective.loss.to(self._setup.device),
            objective.miner,
            objective.sampler,
            self._crops.feed(),
            objective.labels,
            self._split.paths_of(self._split.places("train")),
            lambda: self._rows.rows("validation", self._network.finish),
            lambda rows: self._judge.figures("validation", rows).named(),
            team=self._setup.team,
            from_start=self._setup.recipe.head == "linear",  # the map, where nothing that is learned does better
        )

    def _came_to(self, standing: RunStanding, baseline: BaselineRows) -> TrainedModel:
        """Judge the trained network by photos that it did not learn from, and write it and what it came to."""
        outcomes: list[ModelOutcome] = []
        for part in ("validation", "test"):
            if len(self._split.asked(part)):
                rows = {TRAINED: self._rows.rows(part, self._network.finish, TRAINED), **baseline.of(part)}
                outcomes += self._judge.compare(part, rows)
        data = self._export(standing)
        metrics = {"split": self._setup.recipe.split, **tell_metrics(standing, outcomes)}
        self._setup.folder.write_metrics(metrics)
        return TrainedModel(data, outcomes, standing.log, standing.best)

    def _export(self, standing: RunStanding) -> bytes:
        told = tell_recipe(self._setup, standing)
        if self._setup.recipe.kind == "classes":
            told["classes"] = len(np.unique(self._split.labels))
        backbone = self._setup.backbone
        return export_embedding(self._network.cpu(), backbone, told, backbone.licence)
