"""What an embedding is compared with: rows as the network makes them before training, and a linear map of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.metrics.product import unit_rows
from imgsim.training.embeddings.linear.linear_model import LinearSettings, find_learnable, learn_map
from imgsim.training.embeddings.linear.refusals import LearningError
from imgsim.training.embeddings.linear_head import project_map, whiten_crops
from imgsim.training.embeddings.outcome import MAPPED, POOLED

if TYPE_CHECKING:
    from imgsim.core import Features
    from imgsim.training.embeddings.linear.linear_model import Learned
    from imgsim.training.embeddings.linear_head import Projection
    from imgsim.training.embeddings.recipe import TrainingRecipe
    from imgsim.training.embeddings.training_crops import TrainingCrops
    from imgsim.training.part_rows import PartRows
    from imgsim.training.split_file import SplitPhotos

LINEAR_HEAD = 7  # what is drawn, for its random state


class BaselineRows(NamedTuple):
    """Rows of each part's photos before training, and the linear map that those that train teach, if they do."""

    pooled: dict[str, Features]
    learned: Learned | None

    def of(self, part: str) -> dict[str, Features]:
        """Give a part's rows, by whose they are."""
        rows = {POOLED: self.pooled[part]}
        if self.learned is not None:
            rows[MAPPED] = unit_rows(self.learned.map(self.pooled[part]).astype(np.float32))
        return rows


def make_baseline(rows: PartRows, split: SplitPhotos, recipe: TrainingRecipe) -> BaselineRows:
    """Make the rows before training; a map is learned of classes, and not of scores."""
    pooled = rows.pooled(POOLED)
    learned = _learn_map(rows, pooled["train"], split, recipe.seed) if recipe.kind == "classes" else None
    return BaselineRows(pooled, learned)


def _learn_map(rows: PartRows, pooled: Features, split: SplitPhotos, seed: int) -> Learned | None:
    """Learn a linear map of the pooled rows of the photos that train, as `imgsim train linear` does."""
    places = split.asked("train")
    labels = split.labels[places]
    try:
        known = find_learnable(pooled, labels.astype(np.intp))
    except LearningError:  # one class will do for a network, if its loss is content
        return None
    learn = lambda: learn_map(known, LinearSettings(seed=seed), lambda of: 1 - of @ of.T)  # noqa: E731
    return rows.once("map", (split.paths_of(places), labels.tobytes(), seed), learn)


def begin_linear(
    baseline: BaselineRows, crops: TrainingCrops, split: SplitPhotos, recipe: TrainingRecipe
) -> Projection:
    """Give the projection that begins as the map of the rows (N, C) of the photos that train, and of their views."""
    if baseline.learned is None:
        raise LearningError("head linear: fewer than two classes that train have two photos: give --head orthogonal")
    mapped, rows, seed = baseline.learned.map, baseline.pooled["train"], recipe.seed
    if count := recipe.views:
        labels = split.labels[np.concatenate([split.asked("train"), np.repeat(split.places("train"), count)])]
        rows = np.concatenate([rows, crops.pool_views()])
        mapped = whiten_crops(rows, labels.astype(np.intp), baseline.learned.form, seed)
    return project_map(mapped, rows, recipe.dim, np.random.default_rng([seed, LINEAR_HEAD]))
