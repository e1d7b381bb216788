"""What the commands that train one network share: their first options, and what they say and write of a run."""

from __future__ import annotations

from importlib.util import find_spec
from math import isnan
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from imgsim.training.run_folder import RunFolder
    from imgsim.training.run_log import Epoch

F = TypeVar("F", bound="Callable[..., Any]")

_SPELLED = {"map@r": "MAP@R", "accuracy": "accuracy of triplets"}  # where people read it


def run_arguments(command: F) -> F:
    """Add the FOLDER of photos, `--output`, `--resume` and `--config`."""
    folder = click.argument("folder", type=click.Path())
    file = click.Path(dir_okay=False)
    output = click.option("-o", "--output", required=True, type=file, metavar="MODEL.onnx", help="The model.")
    resume = click.option("--resume", is_flag=True, help="Go on with the run in MODEL.run, which was ended.")
    said = "Options by their names; those given here count."
    config = click.option("--config", type=click.Path(), metavar="FILE.toml", help=said)
    return folder(output(resume(config(command))))


def describe_epoch(epoch: Epoch) -> str:
    """Say what an epoch came to."""
    best = ", the best so far" if epoch.best and epoch.epoch else ""
    waited = f", {epoch.waited:.1f} s of them waiting for photos" if epoch.waited > 0 else ""
    told = [f", {_SPELLED.get(name, name)} {value:.4f}" for name, value in epoch.figures.items()]
    judged = "" if all(map(isnan, epoch.figures.values())) else f"{''.join(told)}{best}"
    loss = f"loss {epoch.loss:.4f}" if epoch.epoch else "as it begins"
    return f"epoch {epoch.epoch}: {loss}{judged} ({epoch.seconds:.1f} s{waited})"


def write_model(data: bytes, output: str, log: Iterable[Epoch], run: RunFolder) -> None:
    """Write a trained model, and the picture of its run's curves where matplotlib is installed."""
    from imgsim.files import write_whole

    write_whole(output, data)
    if find_spec("matplotlib"):
        from imgsim.reports.training_curves import plot_training

        plot_training([epoch.to_row() for epoch in log], run.curves)
