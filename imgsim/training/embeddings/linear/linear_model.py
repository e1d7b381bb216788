"""From rows and classes to a linear map, judged on classes held out, and to the model file that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.models.header import LINEAR, Header
from imgsim.models.linear_graph import write_linear
from imgsim.training.embeddings.linear.held_out_classes import (
    FIGURES,
    FOLDS,
    Beside,
    HeldOut,
    choose_form,
    cross_validate,
    judge_plain,
    mean_figure,
    split_classes,
)
from imgsim.training.embeddings.linear.linear_methods import (
    METHODS,
    USUAL_SHRINKAGE,
    Form,
    LinearMap,
    choose_dim,
    fit_map,
)
from imgsim.training.embeddings.linear.refusals import LearningError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import ExtractorSpec, Features
    from imgsim.training.embeddings.linear.held_out_classes import Distances


class LinearSettings(NamedTuple):
    """How a map is to be learned; what is None is chosen."""

    method: str = "whitening"
    dim: int | None = None
    shrinkage: float | None = None
    by: str = "map@r"
    folds: int = FOLDS
    seed: int = 0
    scale: bool = True  # whether values brought to one scale are tried


class Learnable(NamedTuple):
    """Rows of photos that have company in their class, (N, D), the classes 0 to C - 1, and who was left out.

    `places` (N,) tells which of the photos they are; `beside` is what else stands there where classes are judged.
    """

    rows: NDArray[np.float64]
    codes: NDArray[np.intp]
    places: NDArray[np.intp]
    alone: int
    classes: int
    beside: Beside | None = None


class Learned(NamedTuple):
    """A map, its form, and what this and other forms came to on held-out classes: nothing where there are too few."""

    map: LinearMap
    form: Form
    judged: list[HeldOut]

    def figures(self) -> dict[str, dict[str, float]]:
        """Give the figures on held-out classes, of the map's form and of rows as they are."""
        if not self.judged:
            return {}
        named = {"mapped": self.form, "unmapped": None}
        return {
            name: {by: round(mean_figure(self.judged, form, by), 6) for by in FIGURES} for name, form in named.items()
        }


def find_learnable(rows: Features, codes: NDArray[np.intp], beside: Beside | None = None) -> Learnable:
    """Take the photos that have company in their class: of rows (N, D) and classes (N,), below 0 for none.

    LearningError where there are no two such classes, or rows are not finite.
    """
    known = codes >= 0
    counts = np.bincount(codes[known])
    alone = int(np.count_nonzero(counts == 1))
    shared = known & (counts[np.maximum(codes, 0)] > 1) if known.any() else known
    classes = int(np.count_nonzero(counts > 1))
    if classes < 2:
        there = "no class has" if not classes else "only one class has"
        raise LearningError(f"{there} two photos or more: two such classes are needed to learn what differs between")
    if not np.isfinite(rows[shared]).all():
        count = np.count_nonzero(~np.isfinite(rows[shared]).all(axis=1))
        raise LearningError(f"the rows of {count} photos are not finite numbers")
    kept, numbered = np.unique(codes[shared], return_inverse=True)
    if beside:
        pairs = beside.pairs[np.isin(beside.pairs[:, 1], kept)]
        beside = Beside(beside.rows, np.stack([pairs[:, 0], np.searchsorted(kept, pairs[:, 1])], axis=1))
    places = np.flatnonzero(shared)
    return Learnable(rows[shared].astype(np.float64), numbered.astype(np.intp), places, alone, classes, beside)


def learn_map(known: Learnable, asked: LinearSettings, distances: Distances) -> Learned:
    """Learn a map, its form chosen on held-out classes; `distances` are those of rows as they are."""
    method, width = METHODS[asked.method], known.rows.shape[1]
    dim = choose_dim(asked.method, asked.dim, width, len(known.rows), known.classes)
    shrinkages = method.shrinkages if asked.shrinkage is None else (asked.shrinkage,)
    folds = split_classes(known.codes, asked.folds, asked.seed)
    settings: dict[str, Any] = {"dim": asked.dim, "shrinkages": shrinkages, "seed": asked.seed, "beside": known.beside}
    settings["scalings"] = (False, True) if asked.scale else (False,)
    judged = list(cross_validate(known.rows, known.codes, asked.method, folds, **settings))
    form = choose_form(judged, asked.by) if judged else Form(asked.shrinkage or USUAL_SHRINKAGE)
    fitted = fit_map(known.rows, known.codes, asked.method, form, dim=dim, seed=asked.seed)
    plain = judge_plain(known.rows, known.codes, folds, distances, known.beside)
    return Learned(fitted, form, [*plain, *judged])


def write_model(learned: Learned, known: Learnable, asked: LinearSettings, base: ExtractorSpec, photos: str) -> bytes:
    """Write a map as a model file; `photos` is the SHA-256 of what it was learned from."""
    mean, projection = (values.astype(np.float32) for values in learned.map)
    recipe = {
        "method": asked.method,
        "paper": METHODS[asked.method].paper,
        "shrinkage": learned.form.shrinkage,
        "scaled": learned.form.scaled,
        "seed": asked.seed,
        "photos": len(known.rows),
        "classes": known.classes,
        "held_out": learned.figures(),
    }
    details = {"base": base.to_json(), "recipe": recipe}
    outputs = {"rows": ("n", projection.shape[1])}
    return write_linear(mean, projection, Header(LINEAR, {"photos": photos}, None, outputs, details))
