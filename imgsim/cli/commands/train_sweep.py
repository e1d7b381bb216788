"""`imgsim train sweep`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.cli.flags import format_option, general_options, labels_options, limits_options
from imgsim.cli.labels import LabelSource
from imgsim.cli.output import ROW_FORMATS, RowWriter, choose_format, write_text
from imgsim.cli.recipe_options import (
    fit_labels,
    groups_option,
    memory_option,
    recipe_options,
    told_for_sweep,
    torch_device_option,
)
from imgsim.cli.run_photos import labelled_photos
from imgsim.cli.trained_runs import describe_epoch
from imgsim.training.classifiers.classifier_recipe import ClassifierRecipe
from imgsim.training.embeddings.recipe import TrainingRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgsim.images.limits import Limits
    from imgsim.training.sweep import Sweep


@click.command(short_help="Train many networks on the photos in FOLDER, and compare them.")
@click.argument("config", metavar="CONFIG.toml|NAME", type=click.Path())
@click.argument("folder", type=click.Path())
@click.option("-o", "--output", required=True, type=click.Path(file_okay=False), metavar="RUNS", help="Their folders.")
@recipe_options(TrainingRecipe, ClassifierRecipe)
@labels_options(scores=True)
@groups_option
@torch_device_option
@memory_option
@format_option(*ROW_FORMATS, "markdown")
@limits_options()
@general_options
def sweep(
    config: str,
    folder: str,
    output: str,
    device: str | None,
    memory: float,
    format_: str | None,
    limits: Limits,
    **options: Any,  # noqa: ANN401 (what click makes of the rest)
) -> None:
    """Train networks on the photos in FOLDER as CONFIG.toml says, each as `imgsim train embedding` would.

    imgsim ships four, by their NAME: sop, four losses and miners, three widths, ResNet50, for --labels products;
    streets, three margins of the triplet loss, ResNet50, for --scores; lost-property, Xception, as photos are and with
    pictures made of rare kinds; and furniture, three networks, each by batch, schedule and dropout. The last two train
    classifiers, as `imgsim train classifier` would, whose help has their defaults: so does each that says
    train = "classifier".

    CONFIG.toml has options for all runs; [grid], of which every combination of values is run; [[case]], each a name in
    case and options of its own; and [[published]], figures of others. Options given here hold for all runs. Each run
    has a folder in RUNS: what is there already is not run again, and a run that was ended goes on. No models are
    written: `imgsim train embedding --config RUNS/RUN/config.toml` makes one.

    Columns: what the runs differ in; how photos were split; the part that asks; how many seeds; the mean of recall@1
    over seeds, with Student's 95 % interval; MAP@R; recall@1 of the pooled rows, and of a linear map; how far recall@1
    is above the pooled rows', with its interval; and what was published, by which split. Of --scores the accuracy of
    triplets stands for recall@1, with F1 of true triplets and Spearman's correlation. Of classifiers: whether what a
    row is of did best on the photos that validate; the log loss, top-1, top-3 and macro F1, each with its interval (of
    one seed over photos); top-1 of a logistic regression of the network's rows; and what was published.
    """
    from imgsim.models.imported_weights import require_exporter
    from imgsim.processes import default_jobs

    source = LabelSource(*(options[name] for name in LabelSource._fields)).checked()
    read = _read(config, options)
    require_exporter()
    from imgsim.cli.progress_bars import judging_bar
    from imgsim.training.process_team import refuse_team

    refuse_team("a sweep")
    from imgsim.training.run_means import Decoder, Means
    from imgsim.training.shared_work import SharedWork
    from imgsim.training.sweep_runs import run_all, tabulate, trainer_of

    for run in read.runs:
        trainer_of(read.kind).spelled(run.recipe)  # refused before anything is decoded
    with judging_bar() as advanced:
        jobs = options["jobs"] or default_jobs()
        heard = lambda epoch: stderr.detail(describe_epoch(epoch))  # noqa: E731
        means = Means(
            device or "", jobs, int(memory * 1e6), limits, Decoder(), stderr.detail, heard, advanced, SharedWork()
        )
        done = run_all(read, labelled_photos(folder, source, options["groups"]), output, means, stderr.say)
    rows = tabulate(read, done)
    _write(rows, format_)


def _read(config: str, options: Mapping[str, Any]) -> Sweep:
    """Read a sweep, and refuse labels that are not what its runs are of."""
    from imgsim.training.sweep import kind_of_sweep, read_sweep

    kind = kind_of_sweep(config)
    given = told_for_sweep(kind, options)
    if kind is ClassifierRecipe:
        for name in ("scores", "groups"):
            if options[name]:
                raise click.UsageError(f"--{name}: classifiers are of classes: leave it out")
        return read_sweep(config, given)
    read = read_sweep(config, {"split": "groups", **given} if options["groups"] else given)
    for run in read.runs:
        if options["scores"] and not run.recipe.as_fields()["widths"]:
            raise click.UsageError(f"{config}: its runs are of classes: give --widths beside --scores, or --labels")
        fit_labels(run.recipe.as_fields(), options)
    return read


def _write(rows: list[dict[str, Any]], format_: str | None) -> None:
    if format_ == "markdown":
        from imgsim.reports.markdown import markdown_table

        write_text(markdown_table(list(rows[0]), [list(row.values()) for row in rows]))
        return
    RowWriter(choose_format(format_), list(rows[0])).write(rows)
