"""`imgsim train embedding`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.cli.flags import check_model_name, format_option, general_options, labels_options, limits_options
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
from imgsim.cli.trained_runs import describe_epoch, run_arguments, write_model
from imgsim.training.embeddings.recipe import TrainingRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgsim.images.limits import Limits
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.trained_model import TrainedModel

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


@click.command(short_help="Train a network further on the photos in FOLDER.")
@run_arguments
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
    check_model_name(output)
    from imgsim.models.imported_weights import require_exporter
    from imgsim.processes import default_jobs

    source = source_of(options, resume=resume)
    told = told_recipe(TrainingRecipe, options, config)
    told = told if resume else fit_labels(told, options)
    require_exporter()
    from imgsim.cli.progress_bars import judging_bar
    from imgsim.training.embeddings.embedding_run import begin_embedding, resume_embedding
    from imgsim.training.embeddings.spelled_recipe import spelled
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
            trained = resume_embedding(folder, recipe, run, means)
        else:
            trained = begin_embedding(labelled_photos(folder, source, options["groups"]), recipe, run, means)
    if trained:
        _write(trained, recipe, run, output, format_)


def _new_recipe(run: RunFolder, told: Mapping[str, Any]) -> TrainingRecipe:
    """Make the recipe of a new run, before anything is decoded for it."""
    from imgsim.training.embeddings.spelled_recipe import spelled

    run.check_new()
    return spelled(TrainingRecipe.make(told))


def _write(trained: TrainedModel, recipe: TrainingRecipe, run: RunFolder, output: str, format_: str | None) -> None:
    """Write the model, the picture of its curves, and what it came to."""
    write_model(trained.data, output, trained.log, run)
    epochs = f"epoch {trained.best.epoch} of {trained.log[-1].epoch}"
    stderr.say(f"{output}: what {epochs} had learned; use it by -x embedding:{output}; all about the run: {run.path}")
    writer = RowWriter(choose_format(format_), SCORED_COLUMNS if recipe.widths else COLUMNS)
    writer.write([{"split": recipe.split, **outcome.to_row()} for outcome in trained.outcomes])
