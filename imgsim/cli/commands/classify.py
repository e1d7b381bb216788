"""`imgsim classify`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import name_completion, stderr
from imgsim.cli.flags import device_option, format_option, general_options, limits_options
from imgsim.cli.output import RowWriter, choose_format, write_paths
from imgsim.cli.remedies import explain
from imgsim.errors import ImageReadError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imgsim.features.classifier import Classifier
    from imgsim.features.ranked_labels import RankedLabel
    from imgsim.images.limits import Limits

    Answer = tuple[str, list[RankedLabel]]

COLUMNS = ("path", "rank", "label", "probability")
OFFICE, IMAGENET = "office", "imagenet"


@click.command(short_help="Say what kind of thing each PHOTO shows.")
@click.argument("photos", metavar="PHOTO...", nargs=-1, type=click.Path())
@click.option("-k", type=click.IntRange(min=1), default=3, show_default=True, help="Labels wanted for each photo.")
@click.option(
    "-m",
    "--model",
    metavar="MODEL",
    shell_complete=name_completion.classifiers,
    help="A trained classifier: its file, or the name that it was imported under.",
)
@click.option(
    "--kinds",
    type=click.Choice([OFFICE, IMAGENET]),
    help="Without a MODEL: the categories of lost-property offices, or the 1,000 kinds that the network knows.  "
    f"[default: {OFFICE}]",
)
@click.option("--language", type=click.Choice(["en", "ko"]), help="Of the offices' categories.  [default: en]")
@click.option(
    "--only",
    multiple=True,
    metavar="LABEL",
    shell_complete=name_completion.labels,
    help="Only the photos whose likeliest label is this; repeat it for several.",
)
@click.option("--labels", is_flag=True, help="List the labels that there are, and what is filed under each, and stop.")
@format_option("table", "tsv", "csv", "json", "jsonl", "paths")
@click.option("-0", "--null", is_flag=True, help="Write paths that end in NUL, for `xargs -0`.")
@limits_options()
@device_option
@general_options
def classify(
    photos: tuple[str, ...],
    k: int,
    model: str | None,
    kinds: str | None,
    language: str | None,
    only: tuple[str, ...],
    labels: bool,  # noqa: FBT001
    format_: str | None,
    null: bool,  # noqa: FBT001
    limits: Limits,
) -> None:
    """Say what kind of thing each PHOTO shows, the likeliest first.

    Without a MODEL, and without any training, by the network that imgsim comes with: it knows 1,000 kinds of things,
    whose probabilities are added for each category that lost-property offices have. Where none of these reaches 0.25,
    the answer is `other`, which comes last elsewhere. --labels tells which categories no kind covers: card, cash,
    certificates and securities need a classifier that is trained. A FOLDER stands for the photos in it; a PHOTO of -
    reads paths from stdin, or else one picture. Columns: path, rank, label, probability, a row a rank. With --format
    paths, or -0, the paths alone, of what --only names. Exit codes: 0 something was classified, 1 nothing is of
    what --only names, 2 error.
    """
    if null and format_ not in (None, "paths"):
        raise click.UsageError("-0 writes paths: it does not go with another --format")
    classifier = _choose(model, kinds, language)
    format_ = "paths" if null else choose_format(format_)
    if labels:
        _list_labels(classifier, format_)
        return
    if not photos:
        raise click.UsageError("Missing argument 'PHOTO...'")
    for name in only:
        if name not in classifier.labels:
            raise UnknownNameError("label", name, classifier.labels)
    complaints: list[str] = []
    answers = _answers(classifier, photos, limits, complaints)
    wanted = (answer for answer in answers if not only or answer[1][0].label in only)
    found = _write(wanted, format_, k, null=null)
    click.get_current_context().exit(2 if complaints else 0 if found else 1)


def _choose(model: str | None, kinds: str | None, language: str | None) -> Classifier:
    """Make the classifier that is asked for."""
    if model is not None:
        if kinds or language:
            raise click.UsageError("--kinds and --language are of what is known without a MODEL: leave out -m")
        from imgsim.features.classifier import load_classifier

        return load_classifier(model)
    from imgsim.features.kinds import ImageNetKinds, OfficeKinds

    if kinds == IMAGENET:
        if language:
            raise click.UsageError("--language is of the offices' categories: the 1,000 kinds have English names")
        return ImageNetKinds()
    return OfficeKinds("ko" if language == "ko" else "en")


def _answers(classifier: Classifier, photos: Sequence[str], limits: Limits, complaints: list[str]) -> Iterator[Answer]:
    """Classify photos as they come; say and note which cannot be read."""
    from imgsim.cli.answers import asked_photos
    from imgsim.features.measure import Task, measure
    from imgsim.features.ranked_labels import rank_labels

    tasks = (Task(photo.source, photo.name) for group in asked_photos(photos, complaints) for photo in group)
    for photo in measure(tasks, [classifier], limits=limits):
        if isinstance(photo, ImageReadError):
            complaints.append(explain(photo))
            stderr.complain(f"imgsim: {complaints[-1]}")
        else:
            yield photo.record.path, rank_labels(classifier, photo.features[0][0])


def _write(answers: Iterator[Answer], format_: str, k: int, *, null: bool) -> bool:
    """Write answers as they come, or a table whole; tell whether there are any."""
    writer = None if format_ == "paths" else RowWriter(format_, COLUMNS)
    waiting: list[dict[str, Any]] = []
    found = False
    for path, ranked in answers:
        found = True
        if not writer:
            write_paths([path], os.curdir, null=null)
            continue
        waiting += [{"path": path, **label._asdict()} for label in ranked[:k]]
        if format_ != "table":
            writer.write(waiting)
            waiting.clear()
    if writer:
        writer.write(waiting)
    return found


def _list_labels(classifier: Classifier, format_: str) -> None:
    """Write what a classifier can answer and, of the offices' categories, which kinds are filed under each."""
    from imgsim.features.kinds import OfficeKinds

    if format_ == "paths":
        raise click.UsageError("--labels writes labels, not paths: choose another --format")
    if not isinstance(classifier, OfficeKinds):
        RowWriter(format_, ["label"]).write({"label": label} for label in classifier.labels)
        return
    filed = classifier.filed
    RowWriter(format_, ["label", "kinds"]).write({"label": label, "kinds": kinds} for label, kinds in filed.items())
    empty = [label for label, kinds in filed.items() if not kinds and label != classifier.other]
    stderr.say(f"{', '.join(empty)}: none of the 1,000 kinds is filed there: these need a classifier that is trained")
