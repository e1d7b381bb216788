"""Training networks that name colours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.evaluation.probabilities import log_loss
from imgsim.models.header import Header
from imgsim.models.tensors import torch
from imgsim.training.colors.perceptron import NamingModel, ToLab, build_perceptron, export_namer, make_features
from imgsim.training.colors.recipes import CANDIDATES, Recipe
from imgsim.training.colors.rows import ColorRows, split_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from imgsim.core import Image

FOLDS = 5
TEMPERATURES = (0.25, 4.0)  # within which the best is looked for


class ScoredRecipe(NamedTuple):
    """What cross-validation says of a recipe."""

    recipe: Recipe
    parameters: int
    accuracy: float
    log_loss: float


def fit_perceptron(recipe: Recipe, rows: ColorRows, seed: int) -> torch.nn.Sequential:
    """Train a perceptron on all the rows given."""
    seen, labels = _see(recipe, rows.colors), torch.from_numpy(rows.labels)
    with torch.random.fork_rng(devices=[]), _one_thread():
        torch.manual_seed(seed)
        perceptron = build_perceptron(recipe.features, recipe.hidden, len(rows.names))
        optimizer = torch.optim.AdamW(perceptron.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
        schedule = _schedule(optimizer, recipe, recipe.epochs * -(-len(labels) // recipe.batch))
        for _ in range(recipe.epochs):
            for batch in torch.randperm(len(labels)).split(recipe.batch):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(perceptron(seen[batch]), labels[batch]).backward()
                optimizer.step()
                schedule.step()
    return perceptron.eval()


def train_namer(
    rows: ColorRows, architecture: str, recipe: Recipe, *, split: str = "contributors", seed: int = 0
) -> bytes:
    """Train, calibrate and export a model that names colours."""
    parts = split_rows(rows, split, seed)
    perceptron = fit_perceptron(recipe, rows.take(parts.training), seed)
    temperature = 1.0
    if recipe.calibrated:
        seen = rows.take(parts.seen)
        temperature = fit_temperature(cross_validate(recipe, seen, seed), seen)
    added = ("black", "white") if recipe.knows_black_and_white and not {"black", "white"} & set(rows.names) else ()
    model = NamingModel(recipe.features, perceptron, temperature, black_and_white=bool(added))
    described = {**recipe._asdict(), "temperature": round(temperature, 4), "parameters": count_weights(perceptron)}
    names = [*rows.names, *added]
    told = {"architecture": architecture, "names": names, "recipe": described, "split": split, "seed": seed}
    outputs = {"probabilities": ("n", len(names))}
    return export_namer(model, Header("color-names", {"data": rows.digest} if rows.digest else {}, None, outputs, told))


def fit_temperature(scores: NDArray[np.float64], rows: ColorRows) -> float:
    """Find what to divide scores by, so that probabilities say how often they are right.

    Parameters
    ----------
    scores : ndarray of float64, shape (N, names)
        Of networks that did not learn from these rows.
    rows : ColorRows
        What to calibrate by.

    Returns
    -------
    float
        The temperature of least log loss.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import softmax

    def loss(temperature: float) -> float:
        return log_loss(rows.labels, softmax(scores / temperature, axis=1))

    return float(minimize_scalar(loss, bounds=TEMPERATURES, method="bounded").x)


def cross_validate(recipe: Recipe, rows: ColorRows, seed: int, folds: int = FOLDS) -> NDArray[np.float64]:
    """Score every row by a network that learned from other contributors.

    Gives (N, names).
    """
    from sklearn.model_selection import GroupKFold

    scores = np.zeros((len(rows), len(rows.names)))
    for training, rest in GroupKFold(folds).split(rows.colors, rows.labels, rows.contributors):
        perceptron = fit_perceptron(recipe, rows.take(training), seed)
        with torch.inference_mode():
            scores[rest] = perceptron(_see(recipe, rows.colors[rest])).numpy()
    return scores


def compare_candidates(rows: ColorRows, seed: int, folds: int = FOLDS) -> Iterator[ScoredRecipe]:
    """Cross-validate every candidate over contributors."""
    from scipy.special import softmax

    for recipe in CANDIDATES:
        probabilities = softmax(cross_validate(recipe, rows, seed, folds), axis=1)
        accuracy = float((probabilities.argmax(axis=1) == rows.labels).mean())
        size = count_weights(build_perceptron(recipe.features, recipe.hidden, len(rows.names)))
        yield ScoredRecipe(recipe, size, accuracy, log_loss(rows.labels, probabilities))


def count_weights(network: torch.nn.Module) -> int:
    """Count the numbers that a network learns."""
    return sum(parameter.numel() for parameter in network.parameters())


def _see(recipe: Recipe, colors: Image) -> torch.Tensor:
    values = torch.from_numpy(colors.astype(np.float32))
    with torch.inference_mode():
        seen = make_features(recipe.features, values, ToLab()(values))
    return seen.clone()  # one that gradients may be computed from


def _schedule(optimizer: torch.optim.Optimizer, recipe: Recipe, steps: int) -> torch.optim.lr_scheduler.LRScheduler:
    if recipe.schedule == "constant":
        return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    return torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps + 1)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch use one thread: sums come in one order, and matrices this small gain nothing from two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
