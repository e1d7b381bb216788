"""The options of commands that train networks which are also keys of their configurations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
from click.core import ParameterSource

from imgsim.cli.flags import refuse_nan
from imgsim.training.classifiers.classifier_recipe import ClassifierRecipe
from imgsim.training.embeddings.recipe import DIMS, SCORED, USUAL_WIDTHS, TrainingRecipe
from imgsim.training.run_recipe import RunRecipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from imgsim.training.run_folder import RunFolder

F = TypeVar("F", bound="Callable[..., Any]")
R = TypeVar("R", bound=RunRecipe)

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
    "average": "How much of the mean of past weights is kept in each step; 0 takes the weights as they are.",
    "precision": "In what the network learns: float32, bfloat16 with weights in float32, or that on GPUs that have it.",
    "split": "What validates and tests: whole classes, photos of all, or a protocol of Stanford Online Products; of "
    "--scores photos, or whole --groups.",
    "shares": "The shares of the photos that train, validate and test.",
    "widths": "WITHIN:BEYOND, of --scores: those that differ by no more than WITHIN are near, by more than BEYOND far; "
    "in their unit, or as quantiles: q0.1:q0.6.  [default: 5:30]",
}
_OF_CLASSES = {  # what classifiers have beside it, or is said of them otherwise
    "freeze": "How many of its stages, from the first, do not learn; but-last, or all.",
    "unfreeze": "EPOCH:STAGES[,...]: from that epoch on only so many are frozen.",
    "crop": "What it sees of a photo: all of it; all, in a square that is filled up; the middle; or squeezed.",
    "normalise": "By which colours values are centred: the network's own, or the mean of the photos that train.",
    "start": "What the head begins as: a logistic regression of the network's rows, or random numbers.",
    "dropout": "What is left out of the head at random: values of a row, whole maps, or none.",
    "dropout_rate": "How much of it.",
    "class_weights": "Whether all classes count alike, however few photos they have.",
    "smoothing": "The share of each label that goes to all classes alike.",
    "augment": "What is made of photos of classes below the mean size: pictures up to it, or by another system's rule.",
    "head_lr": "By how much the head's learning rate is multiplied.",
    "step_epochs": "Of the schedules step and plateau: after how many epochs (plateau: without a better one).",
    "step_factor": "Of the schedules step and plateau: by how much it is multiplied then.",
    "views": "Make so many pictures of each photo once, and keep what frozen stages make of them; 0 makes new ones.",
    "test": "The share of each class that tests.",
    "validation": "The share of the rest of each that validates.",
}
_UNITS = {str: "TEXT", int: "N", float: "X"}


class RecipeOption(NamedTuple):
    """A recipe's field as an option: what is said of it, and the recipe that has it."""

    name: str
    said: str
    recipe: RunRecipe

    def add(self, command: F) -> F:
        """Add it to a command, None unless given."""
        default, choices = getattr(self.recipe, self.name), self.recipe.choices.get(self.name)
        kind: Any = click.Choice(choices) if choices else type(default)
        kind = click.Choice([str(dim) for dim in DIMS]) if self.name == "dim" else kind
        return click.option(
            f"--{self.name.replace('_', '-')}",
            self.name,
            type=kind,
            metavar=None if isinstance(kind, click.Choice) else _UNITS[type(default)],
            help=self.said + _default(self.name, default, self.recipe),
        )(command)


def _options_of(recipe: type[RunRecipe]) -> list[RecipeOption]:
    """List a kind of recipe's options but the seed."""
    plain = recipe()
    if recipe is TrainingRecipe:
        return [RecipeOption(name, said, plain) for name, said in _SAID.items()]
    known = plain.as_fields()
    return [RecipeOption(name, said, plain) for name, said in (_SAID | _OF_CLASSES).items() if name in known]


def recipe_options(*recipes: type[RunRecipe]) -> Callable[[F], F]:
    """Add an option for each key of configurations but the seed, None unless given; of several kinds the first's."""
    options = {one.name: one for recipe in reversed(recipes) for one in _options_of(recipe)}
    first = [one.name for one in _options_of(recipes[0])]
    names = [*first, *(name for name in options if name not in first)]

    def add(command: F) -> F:
        for name in reversed(names):
            command = options[name].add(command)
        return command

    return add


def _default(name: str, default: object, recipe: RunRecipe) -> str:
    if name in SCORED and isinstance(recipe, TrainingRecipe):
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
    told = {"widths": USUAL_WIDTHS, **grouped, **told}
    split = told.get("split")
    if options["groups"] and split != "groups":
        raise click.UsageError(f"split {split} goes without --groups: give one of them")
    if split == "groups" and not options["groups"]:
        raise click.UsageError("split groups: say by --groups FILE:COLUMN which there are")
    return told


def told_recipe(recipe: type[RunRecipe], options: Mapping[str, Any], config: str | None) -> dict[str, Any]:
    """Collect what a configuration and the options say: options come first, and the seed if it is one of them."""
    told = recipe.read(config) if config else {}
    given = given_options(options, (one.name for one in _options_of(recipe)))
    return {**told, **given}


def told_for_sweep(kind: type[RunRecipe], options: Mapping[str, Any]) -> dict[str, Any]:
    """Collect options that were given for all runs of a kind; UsageError where that kind has no such option."""
    known = [one.name for one in _options_of(kind)]
    for recipe in (TrainingRecipe, ClassifierRecipe):
        for one in _options_of(recipe):
            if one.name not in known and options[one.name] is not None:
                told = f"{recipe.kind_of_run}s have it, and these are {kind.kind_of_run}s"
                raise click.UsageError(f"--{one.name.replace('_', '-')}: {told}: leave it out")
    return given_options(options, known)


def given_options(options: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Collect those options that were given, and the seed if it was."""
    given = {name: options[name] for name in names if options[name] is not None}
    if "dim" in given:
        given["dim"] = int(given["dim"])
    if click.get_current_context().get_parameter_source("seed") == ParameterSource.COMMANDLINE:
        given["seed"] = options["seed"]
    return given


def standing_recipe(kind: type[R], run: RunFolder, told: Mapping[str, Any], spelled: Callable[[R], R]) -> R:
    """Read the recipe of a run that goes on; what is told must be what it was told then."""
    from imgsim.training.run_folder import RunError

    run.check_standing()
    recipe = kind.make(kind.read(run.config))
    if key := _differing(spelled(kind.make(recipe.as_fields(), told)), recipe):
        raise RunError(f"{run.path}: the run was begun with {key} {recipe.as_options()[key]}: leave --{key} out")
    return recipe


def _differing(now: RunRecipe, then: RunRecipe) -> str | None:
    """Name an option that differs between recipes, if there is one."""
    told = now.as_options()
    return next((key for key, value in then.as_options().items() if told[key] != value), None)
