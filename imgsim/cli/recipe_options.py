"""The options of `imgsim train embedding` that are also keys of its configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from imgsim.cli.flags import refuse_nan
from imgsim.training.embeddings.recipe import CHOICES, DIMS, SCORED, TrainingRecipe, read_recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

F = TypeVar("F", bound="Callable[..., Any]")

_SAID = {
    "architecture": "The network that is trained further: `imgsim models list --all`.",
    "weights": "The file of its weights, where they are no package's.",
    "size": "Pixels of the square that it is trained on.",
    "dim": "Values of an embedding.",
    "head": "What the projection begins as: orthogonal, or the linear map that the photos' classes teach.",
    "freeze": "How many of its stages, from the first, do not learn; or all.",
    "batch_norm": "Whether its batch normalisation learns and goes on counting.",
    "loss": "NAME[:KEY=VALUE,...]: what is made smaller.",
    "miner": "NAME[:KEY=VALUE,...]: which triplets of a batch count. Without it: all.",
    "sampler": "NAME[:KEY=VALUE,...]: which photos make a batch.",
    "batch": "Photos of a batch.",
    "accumulate": "Batches whose gradients make a step.",
    "optimizer": "How steps are taken.",
    "lr": "The learning rate.",
    "decay": "The weight decay.",
    "head_lr": "By how much the projection's learning rate is multiplied.",
    "head_decay": "By how much its weight decay is.",
    "schedule": "How the learning rate falls.",
    "step_epochs": "Of the schedule step: after how many epochs, each time.",
    "step_factor": "Of the schedule step: by how much it is multiplied then.",
    "epochs": "How often all photos are learned from, at most.",
    "patience": "After how many epochs without a better one training ends.",
    "by": "The figure of the validation photos by which an epoch is better.",
    "least_crop": "The smallest share of a photo that is cut from it to learn from.",
    "flip": "Whether photos are also mirrored.",
    "views": "Cut so many crops of each photo once, and keep what frozen stages make of them; 0 always cuts new ones.",
    "split": "What validates and tests: whole classes, photos of all, or a protocol of Stanford Online Products; of "
    "--scores photos, or whole --groups.",
    "shares": "The shares of the photos that train, validate and test.",
    "widths": "WITHIN:BEYOND, of --scores: those that differ by no more than WITHIN are near, by more than BEYOND far; "
    "in their unit, or as quantiles: q0.1:q0.6.  [default: 5:30]",
}
WIDTHS = "5:30"  # of scores, as `imgsim evaluate --triplets` has them
_UNITS = {str: "TEXT", int: "N", float: "X"}


def recipe_options(command: F) -> F:
    """Add an option for each key of a configuration but the seed, None unless given."""
    plain = TrainingRecipe()
    for name, said in reversed(_SAID.items()):
        default = getattr(plain, name)
        kind: Any = click.Choice(CHOICES[name]) if name in CHOICES else type(default)
        kind = click.Choice([str(dim) for dim in DIMS]) if name == "dim" else kind
        command = click.option(
            f"--{name.replace('_', '-')}",
            name,
            type=kind,
            metavar=None if isinstance(kind, click.Choice) else _UNITS[type(default)],
            help=said + _default(name, default),
        )(command)
    return command


def _default(name: str, default: object) -> str:
    if name in SCORED:
        return f"  [default: {default}; of --scores: {SCORED[name]}]"
    return f"  [default: {default}]" if default != "" else ""


def torch_device_option(command: F) -> F:
    """Add `--device`, of torch's."""
    return click.option("--device", metavar="cpu|cuda", help="Where to train.  [default: cuda where there is one]")(
        command
    )


def memory_option(command: F) -> F:
    """Add `--memory`."""
    return click.option(
        "--memory",
        type=click.FloatRange(min=0, min_open=True),
        callback=refuse_nan,
        default=2000,
        show_default=True,
        metavar="MB",
        help="For decoded photos; those beyond it are decoded again and again.",
    )(command)


def groups_option(command: F) -> F:
    """Add `--groups`, of scores."""
    return click.option(
        "--groups",
        metavar="folders|FILE:COLUMN|attribute:NAME",
        help="With --scores: what is never in two parts, such as a city's photos; then --split is groups.",
    )(command)


def fit_labels(told: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Complete what a recipe is told by what labels are, scores or classes; refuse what does not go together."""
    if not options["scores"]:
        for name, value in (("--groups", options["groups"]), ("widths", told.get("widths"))):
            if value:
                raise click.UsageError(f"{name} {value}: only scores have such: say where these are by --scores")
        return told
    grouped = {"split": "groups"} if options["groups"] else {}
    told = {"widths": WIDTHS, **grouped, **told}
    split = told.get("split")
    if options["groups"] and split != "groups":
        raise click.UsageError(f"split {split} goes without --groups: give one of them")
    if split == "groups" and not options["groups"]:
        raise click.UsageError("split groups: say by --groups FILE:COLUMN which there are")
    return told


def told_recipe(options: Mapping[str, Any], config: str | None) -> dict[str, Any]:
    """Collect what a configuration and the options say: options come first, and the seed if it is one of them."""
    told = read_recipe(config) if config else {}
    given = {name: options[name] for name in _SAID if options[name] is not None}
    if "dim" in given:
        given["dim"] = int(given["dim"])
    if click.get_current_context().get_parameter_source("seed") == ParameterSource.COMMANDLINE:
        given["seed"] = options["seed"]
    return {**told, **given}


def differing(now: TrainingRecipe, then: TrainingRecipe) -> str | None:
    """Name an option that differs between recipes, if there is one."""
    told = now.as_options()
    return next((key for key, value in then.as_options().items() if told[key] != value), None)
