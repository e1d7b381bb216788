"""`imgsim evaluate classifier`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import name_completion, stderr
from imgsim.cli.classified_photos import KnownPhotos, known_photos, measure_folder
from imgsim.cli.figure_table import write_figures
from imgsim.cli.flags import device_option, format_option, general_options, labels_options, limits_options
from imgsim.cli.labels import LabelSource, attributes_at, labels_for
from imgsim.cli.output import JSON, ROW_FORMATS, RowWriter, choose_format, write_object, write_text
from imgsim.cli.run_photos import photos_of
from imgsim.cli.splits_option import check_splits, splits_option

if TYPE_CHECKING:
    from imgsim.evaluation.class_judgement import ClassJudgement
    from imgsim.features.classifier import Classifier
    from imgsim.images.limits import Limits

ABOUT = ["model", "photos", "classes"]
CALIBRATION = ["ece", "confidence"]
BY_CLASS = ["class", "photos", "precision", "recall", "recall_low", "recall_high", "f1", "taken_for", "times"]
PARTS = ("train", "validation", "test")  # a test compares them with those of splits


@click.command(short_help="Judge a classifier on the photos in FOLDER.")
@click.argument("model", shell_complete=name_completion.classifiers)
@click.argument("folder", type=click.Path())
@labels_options(scores=False)
@splits_option
@click.option("--part", type=click.Choice(PARTS), help="Of --splits: whose photos judge.  [default: test]")
@click.option("--by-class", is_flag=True, help="Write a row a class; a table has both.")
@click.option(
    "--plots", type=click.Path(file_okay=False), metavar="FOLDER", help="Draw confusions and confidence here."
)
@click.option("--plot-format", type=click.Choice(["png", "svg"]), default="png", show_default=True)
@format_option(*ROW_FORMATS)
@limits_options()
@device_option
@general_options
def classifier(
    model: str,
    folder: str,
    splits: str | None,
    part: str | None,
    by_class: bool,  # noqa: FBT001
    plots: str | None,
    plot_format: str,
    format_: str | None,
    limits: Limits,
    **options: Any,  # noqa: ANN401 (each has its own type)
) -> None:
    """Judge a classifier on the photos in FOLDER, whose classes are known.

    MODEL is a file, the name that one was imported under, or the digits that `imgsim models list` shows. Photos that it
    learned from flatter it: --splits MODEL.run/splits.csv judges by those that test. Columns: log loss, how often the
    class is the first said, and among the first three, and the mean of F1 over classes, each with its 95 % interval; by
    how much the probability of what is said differs from the share that is right (ece), and its mean. By class:
    precision, recall, F1, and which class its photos are most often taken for. All of it is in --format json.
    """
    from imgsim.evaluation.class_judgement import judge_classes
    from imgsim.features.classifier import load_classifier
    from imgsim.processes import default_jobs

    if part and not splits:
        raise click.UsageError("--part is of --splits: give that, too")
    check_splits(splits, ("--labels", options["labels"]))
    if plots:
        from imgsim.reports.evaluation_plots import prepare_folder

        prepare_folder(plots, plot_format)
    source = LabelSource(options["labels"], options["key"], options["encoding"], options["strict"]).checked()
    loaded, jobs = load_classifier(model), options["jobs"] or default_jobs()
    known = _split_photos(folder, source, loaded, splits, part) if splits else _photos(folder, source, loaded, model)
    said = measure_folder(folder, known.paths, [loaded], limits, jobs=jobs, strict=source.strict)
    if not said.readable.any():
        from imgsim.tables.ground_truth import check_photos

        check_photos(folder, 0, known.paths)
    rows, truth = said.rows[0][said.readable], known.truth[said.readable]
    judged = judge_classes(rows, truth, loaded.labels, seed=options["seed"])
    if plots:
        from imgsim.reports.classifier_plots import draw_classifier

        for path in draw_classifier(plots, plot_format, judged, os.path.basename(model)):
            stderr.say(f"drew {path}")
    _write(judged, model, choose_format(format_), by_class=by_class)


def _photos(folder: str, source: LabelSource, loaded: Classifier, model: str) -> KnownPhotos:
    """Find the photos of a folder that have a class that the classifier knows."""
    source.check_known(folder)
    paths = photos_of(folder, strict=source.strict)
    labels = labels_for(source, folder, paths, attributes_at(folder))
    known = known_photos(labels.names, labels.codes, paths, loaded)
    _say_learned(model, known)
    return known


def _say_learned(model: str, known: KnownPhotos) -> None:
    """Say how many of the photos a model was learned from, where its run lies beside it."""
    from imgsim.errors import TableError
    from imgsim.training.split_file import read_splits

    path = f"{os.path.splitext(model)[0]}.run/splits.csv"
    if not os.path.isfile(path):
        return
    try:
        split = read_splits(path)
    except TableError:
        return
    learned = {split.paths[place] for place in split.places("train")} & set(known.paths)
    if learned:
        told = f"{model} learned from {len(learned):,} of these {len(known.paths):,} photos, which flatters it"
        stderr.say(f"{told}: --splits {path} judges it by those that test")


def _split_photos(folder: str, source: LabelSource, loaded: Classifier, splits: str, part: str | None) -> KnownPhotos:
    """Take the photos of a part of a split, copies once, that are in a folder."""
    from imgsim.errors import EvaluationError, first_few
    from imgsim.training.split_file import read_splits

    split, there = read_splits(splits), set(photos_of(folder, strict=source.strict))
    asked = split.asked(part or "test")
    places = [place for place in asked.tolist() if split.paths[place] in there]
    if not places:
        raise EvaluationError(f"{splits}: no photo of its {part or 'test'} part is in {folder}")
    if gone := [split.paths[place] for place in asked.tolist() if split.paths[place] not in there]:
        stderr.say(f"{len(gone)} photos of {splits} are not in {folder}: {first_few(gone)}")
    return known_photos(split.names, split.labels[places], [split.paths[place] for place in places], loaded)


def _write(judged: ClassJudgement, model: str, format_: str, *, by_class: bool) -> None:
    row, classes = {"model": model, **judged.to_row()}, judged.class_rows()
    if format_ in JSON:
        write_object(
            {**row, "by_class": classes, "labels": list(judged.labels), "confusion": judged.confusion.tolist()}
        )
    elif format_ == "table":
        write_figures([row], ABOUT, format_, CALIBRATION)
        write_text("\n")
        RowWriter(format_, BY_CLASS, wide=True).write(classes)
    elif by_class:
        RowWriter(format_, BY_CLASS).write(classes)
    else:
        write_figures([row], ABOUT, format_, CALIBRATION)
