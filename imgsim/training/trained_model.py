"""From a run that is put together to its model: its epochs, what is written of it, and what its model is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from imgsim.training.split_file import spell_splits
from imgsim.training.training_run import TrainingRun

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgsim.training.run_log import Epoch, RunStanding
    from imgsim.training.run_parts import RunParts
    from imgsim.training.run_setup import RunSetup
    from imgsim.training.split_file import SplitPhotos


class ModelOutcome(Protocol):
    """Figures of some rows on a part's photos."""

    def to_row(self) -> Mapping[str, Any]:
        """Name its figures."""


class TrainedModel(NamedTuple):
    """A trained model's file, and what it came to."""

    data: bytes
    outcomes: Sequence[ModelOutcome]
    log: list[Epoch]
    best: Epoch


def write_beginning(setup: RunSetup[Any], split: SplitPhotos) -> None:
    """Make the folder of a new run, and write what one that goes on reads: the parts, and at last the recipe."""
    setup.folder.make()
    setup.folder.write(setup.folder.splits, spell_splits(split))
    setup.folder.write(setup.folder.config, setup.recipe.to_toml().encode())


def learn_epochs(setup: RunSetup[Any], parts: RunParts, *, resumed: bool) -> RunStanding:
    """Train from the start, or from the last checkpoint, until it is over."""
    run = TrainingRun(setup.recipe, parts, setup.folder)
    if resumed:
        run.resume()
        if run.standing.log:
            setup.means.said(f"{setup.folder.path}: going on after epoch {run.standing.done}")
    run.go(setup.means.heard, setup.means.advanced)
    return run.standing


def tell_recipe(setup: RunSetup[Any], standing: RunStanding) -> dict[str, Any]:
    """Give what a model is told of how it was trained; the file of its weights is known by its hash alone."""
    told = {key: value for key, value in setup.recipe.as_options().items() if key != "weights"}
    return {**told, "epoch": standing.best.epoch}


def tell_metrics(standing: RunStanding, outcomes: Sequence[ModelOutcome]) -> dict[str, Any]:
    """Give what a run came to, as its metrics have it."""
    rows = [one.to_row() for one in outcomes]
    return {"best_epoch": standing.best.epoch, "epochs": standing.done, "outcomes": rows}
