"""`imgsim train embedding`."""

from __future__ import annotations

from importlib.util import find_spec
from math import isnan
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.cli.flags import format_option, general_options, labels_options, limits_options
from imgsim.cli.output import ROW_FORMATS, RowWriter, choose_format
from imgsim.cli.recipe_options import (
    fit_labels,
    groups_option,
    memory_option,
    recipe_options,
    standing_recipe,
    told_recipe,
    torch_device_option,
)
from imgsim.cli.run_photos import labelled_photos, source_of
from imgsim.training.embeddings.recipe import TrainingRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgsim.images.limits import Limits
    from imgsim.training.embeddings.assembly import Trained
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.training_run import Epoch

COLUMNS = [
    "split",
    "part",
    "rows",
    "photos",
    "classes",
    "recall@1",
    "low",
    "high",
    "map@r",
    "gain",
    "gain_low",
    "gain_high",
]
SCORED_COLUMNS = [
    "split",
    "part",
    "rows",
    "photos",
    "accuracy",
    "low",
    "high",
    "chance",
    "f1_of_true",
    "spearman",
    "gain",
    "gain_low",
    "gain_high",
]
_SPELLED = {"map@r": "MAP@R", "accuracy": "accuracy of triplets"}  # where people read it


@click.command(short_help="Train a network further on the photos in FOLDER.")
@click.argument("folder", type=click.Path())
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), metavar="MODEL.onnx", help="The model.")
@click.option("--resume", is_flag=True, help="Go on with the run in MODEL.run, which was ended.")
@click.option(
    "--config", type=click.Path(), metavar="FILE.toml", help="Options by their names; those given here count."
)
@recipe_options(TrainingRecipe)
@labels_options(scores=True)
@groups_option
@torch_device_option
@memory_option
@format_option(*ROW_FORMATS)
@limits_options()
@general_options
def embedding(
    folder: str,
    output: str,
    resume: bool,  # noqa: FBT001
    config: str | None,
    device: str | None,
    memory: float,
    format_: str | None,
    limits: Limits,
    **options: Any,  # noqa: ANN401 (what click makes of the rest)
) -> None:
    """Train a network further on the photos in FOLDER, whose classes or scores are known, to tell what is alike.

    Needs torch. Of the photos some train, others say which epoch is best, and the rest, of classes that it never saw,
    judge at the end. Writes MODEL.onnx, an extractor as `-x embedding:MODEL.onnx`, and MODEL.run, the run's folder:
    config.toml, splits.csv, log.csv, curves.png, metrics.json, and a checkpoint from which --resume goes on.

    Columns: how photos were split, since figures of one split compare with no other's; the part that asks; whose rows:
    the embedding's, or pooled, the network's as it was before; how many photos ask for the others of their classes, and
    of how many classes; recall@1 with its 95 % interval; MAP@R; and how far recall@1 is above that of the pooled rows,
    with its interval.

    With --scores, the accuracy of triplets, as `imgsim evaluate --triplets` has it, is what recall@1 is for classes,
    0.5 being chance; beside it F1 of true triplets, and Spearman's correlation of distances with differences of scores.
    """
    if not output.endswith(".onnx"):
        raise click.UsageError(f"models are ONNX files: name it {output}.onnx")
    from imgsim.models.imported_weights import require_exporter
    from imgsim.processes import default_jobs

    source = source_of(options, resume=resume)
    told = told_recipe(TrainingRecipe, options, config)
    told = told if resume else fit_labels(told, options)
    require_exporter()
    from imgsim.cli.progress_bars import judging_bar
    from imgsim.training.embeddings.assembly import begin_run, resume_run, spelled
    from imgsim.training.process_team import processors_each
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.run_means import Means

    run = RunFolder.of(output)
    recipe = standing_recipe(TrainingRecipe, run, told, spelled) if resume else _new_recipe(run, told)
    with judging_bar() as advanced:
        jobs = options["jobs"] or processors_each(default_jobs())
        heard = lambda epoch: stderr.say(describe_epoch(epoch))  # noqa: E731
        means = Means(device or "", jobs, int(memory * 1e6), limits, None, stderr.say, heard, advanced)
        if resume:
            trained = resume_run(folder, recipe, run, means)
        else:
            trained = begin_run(labelled_photos(folder, source, options["groups"]), recipe, run, means)
    if trained:
        _write(trained, recipe, run, output, format_)


def _new_recipe(run: RunFolder, told: Mapping[str, Any]) -> TrainingRecipe:
    """Make the recipe of a new run, before anything is decoded for it."""
    from imgsim.training.embeddings.assembly import spelled

    run.check_new()
    return spelled(TrainingRecipe.make(told))


def describe_epoch(epoch: Epoch) -> str:
    """Say what an epoch came to."""
    best = ", the best so far" if epoch.best and epoch.epoch else ""
    waited = f", {epoch.waited:.1f} s of them waiting for photos" if epoch.waited > 0 else ""
    told = [f", {_SPELLED.get(name, name)} {value:.4f}" for name, value in epoch.figures.items()]
    judged = "" if all(map(isnan, epoch.figures.values())) else f"{''.join(told)}{best}"
    loss = f"loss {epoch.loss:.4f}" if epoch.epoch else "as it begins"
    return f"epoch {epoch.epoch}: {loss}{judged} ({epoch.seconds:.1f} s{waited})"


def _write(trained: Trained, recipe: TrainingRecipe, run: RunFolder, output: str, format_: str | None) -> None:
    """Write the model, the picture of its curves, and what it came to."""
    from imgsim.files import write_whole

    write_whole(output, trained.data)
    if find_spec("matplotlib"):
        from imgsim.reports.training_curves import plot_training

        plot_training([epoch.to_row() for epoch in trained.log], run.curves)
    epochs = f"epoch {trained.best.epoch} of {trained.log[-1].epoch}"
    stderr.say(f"{output}: what {epochs} had learned; use it by -x embedding:{output}; all about the run: {run.path}")
    writer = RowWriter(choose_format(format_), SCORED_COLUMNS if recipe.widths else COLUMNS)
    writer.write([{"split": recipe.split, **outcome.to_row()} for outcome in trained.outcomes])
