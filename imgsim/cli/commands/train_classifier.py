"""`imgsim train classifier`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.cli.figure_table import write_figures
from imgsim.cli.flags import check_model_name, format_option, general_options, labels_options, limits_options
from imgsim.cli.output import ROW_FORMATS
from imgsim.cli.recipe_options import (
    memory_option,
    recipe_options,
    standing_recipe,
    told_recipe,
    torch_device_option,
)
from imgsim.cli.run_photos import labelled_photos, source_of
from imgsim.cli.splits_option import check_splits, splits_option
from imgsim.cli.trained_runs import describe_epoch, run_arguments, write_model
from imgsim.training.classifiers.classifier_recipe import ClassifierRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgsim.images.limits import Limits
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.trained_model import TrainedModel


@click.command(short_help="Train a network to say what the photos in FOLDER show.")
@run_arguments
@recipe_options(ClassifierRecipe)
@labels_options(scores=False)
@splits_option
@torch_device_option
@memory_option
@format_option(*ROW_FORMATS)
@limits_options()
@general_options
def classifier(
    folder: str,
    output: str,
    resume: bool,  # noqa: FBT001
    config: str | None,
    splits: str | None,
    device: str | None,
    memory: float,
    format_: str | None,
    limits: Limits,
    **options: Any,  # noqa: ANN401 (what click makes of the rest)
) -> None:
    """Train a network further on the photos in FOLDER, whose classes are known, to say what a photo shows.

    Needs torch. Of each class a share of the photos tests, a share of the others says which epoch is best, and the
    rest train. Writes MODEL.onnx, for `imgsim classify -m MODEL.onnx`, and MODEL.run, the run's folder: config.toml,
    splits.csv, classes.csv, failures.csv, samples.png (what the network is given of its rarest classes), log.csv,
    curves.png, metrics.json, and a checkpoint from which --resume goes on.

    Columns: the part that is judged; whose probabilities: the trained network's, or those of a logistic regression of
    the network's rows as they were before; how many photos, of how many classes; the log loss; how often the truth is
    said first (top-1), or among the first three (top-3); and the mean over classes of F1; each with its 95 % interval.
    """
    check_model_name(output)
    from imgsim.models.imported_weights import require_exporter
    from imgsim.processes import default_jobs

    source = source_of(options | {"splits": splits}, resume=resume)
    check_splits(splits, ("--labels", options["labels"]))
    told = told_recipe(ClassifierRecipe, options, config)
    require_exporter()
    from imgsim.cli.progress_bars import judging_bar
    from imgsim.training.process_team import refuse_team

    refuse_team("training a classifier")
    from imgsim.models.header import CLASSIFIERS
    from imgsim.training.classifiers.classifier_run import begin_classifier, resume_classifier
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.run_means import Means

    run = RunFolder.of(output, *CLASSIFIERS)
    recipe = standing_recipe(ClassifierRecipe, run, told, lambda one: one) if resume else _new_recipe(run, told)
    with judging_bar() as advanced:
        jobs = options["jobs"] or default_jobs()
        heard = lambda epoch: stderr.say(describe_epoch(epoch))  # noqa: E731
        means = Means(device or "", jobs, int(memory * 1e6), limits, None, stderr.say, heard, advanced)
        if resume:
            trained = resume_classifier(folder, recipe, run, means)
        else:
            trained = begin_classifier(labelled_photos(folder, source, splits=splits), recipe, run, means)
    _write(trained, run, output, format_)


def _new_recipe(run: RunFolder, told: Mapping[str, Any]) -> ClassifierRecipe:
    """Make the recipe of a new run, before anything is decoded for it."""
    run.check_new()
    return ClassifierRecipe.make(told)


def _write(trained: TrainedModel, run: RunFolder, output: str, format_: str | None) -> None:
    """Write the model, the picture of its curves, and what it came to."""
    write_model(trained.data, output, trained.log, run)
    epochs = f"what epoch {trained.best.epoch} of {trained.log[-1].epoch} had learned"
    if not trained.best.epoch:
        epochs = "as it began, a logistic regression: no epoch was better on the photos that validate"
    stderr.say(f"{output}: {epochs}; use it by imgsim classify -m {output}; all about the run: {run.path}")
    write_figures([one.to_row() for one in trained.outcomes], ["part", "rows", "photos", "classes"], format_)
