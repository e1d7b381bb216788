"""`imgsim train ensemble`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from imgsim.cli import name_completion, stderr
from imgsim.cli.classified_photos import deal_folder, known_photos, measure_folder
from imgsim.cli.figure_table import write_figures
from imgsim.cli.flags import (
    check_model_name,
    device_option,
    format_option,
    general_options,
    labels_options,
    limits_options,
)
from imgsim.cli.labels import LabelSource
from imgsim.cli.output import ROW_FORMATS
from imgsim.cli.splits_option import check_splits, splits_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgsim.features.classifier import Classifier
    from imgsim.images.limits import Limits
    from imgsim.training.classifiers.ensemble_model import JudgedPart, Voter, VoteSettings
    from imgsim.training.fitted_run import FittedRun
    from imgsim.training.split_file import SplitPhotos

ABOUT = ["model", "part", "photos", "classes"]
OF_PHOTOS = ("labels", "key", "encoding", "splits")


@click.command(short_help="Let several classifiers vote, as one model; no torch.")
@click.argument("models", metavar="MODEL...", nargs=-1, shell_complete=name_completion.classifiers)
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), metavar="MODEL.onnx", help="The vote.")
@click.option(
    "--photos",
    "folder",
    type=click.Path(),
    metavar="FOLDER",
    help="Fit the vote to these photos, and judge it by them.",
)
@click.option(
    "--config",
    type=click.Path(),
    metavar="NAME|FILE.toml",
    help="Options by their names, and models; furniture-vote ships. Those given here count.",
)
@click.option(
    "--vote",
    type=click.Choice(["mean", "weighted"]),
    help="The plain mean of what members say, or weights fitted to the photos that validate.  [default: mean]",
)
@click.option(
    "--temperature",
    type=click.Choice(["fitted", "none"]),
    help="How sure members are, and their vote: fitted to those photos, or as it is.  [default: fitted]",
)
@labels_options(scores=False)
@splits_option
@format_option(*ROW_FORMATS)
@limits_options()
@device_option
@general_options
def ensemble(
    models: tuple[str, ...],
    output: str,
    folder: str | None,
    config: str | None,
    splits: str | None,
    format_: str | None,
    limits: Limits,
    **options: Any,  # noqa: ANN401 (each has its own type)
) -> None:
    """Let several classifiers that know the same classes vote: the mean of their probabilities, as one model.

    A MODEL is a file, the name that one was imported under, or the digits that `imgsim models list` shows: networks of
    any size and probes together. With --photos FOLDER, the photos that validate say how sure each member may be (its
    temperature), and those that test judge every member, their plain mean and the vote; parts are dealt as in training,
    so give the seed, or by --splits the file, of the members' runs. Without it the mean is taken as it is. Writes
    MODEL.onnx, in which the members are whole, and MODEL.run: config.toml, splits.csv and metrics.json.
    """
    from imgsim.models.header import CLASSIFIERS
    from imgsim.training.classifiers.ensemble_model import check_voters, read_voter
    from imgsim.training.classifiers.vote_recipe import make_vote_recipe
    from imgsim.training.fitted_run import FittedRun

    check_model_name(output)
    given = {key: options.pop(key) for key in ("vote", "temperature")}
    names, settings = make_vote_recipe(config, models, given | {"seed": _seed(options)})
    if not names:
        raise click.UsageError("Missing argument 'MODEL...': name the classifiers that vote, or a --config that does")
    for name in OF_PHOTOS:
        if not folder and (splits if name == "splits" else options[name]):
            raise click.UsageError(f"--{name} is of photos: say by --photos which")
    check_splits(splits, ("--labels", options["labels"]))
    run = FittedRun(output, "ensemble", "an ensemble", CLASSIFIERS)
    run.check()
    found = [_find(name) for name in names]
    voters = [read_voter(name, data) for name, (data, _) in zip(names, found, strict=True)]
    check_voters(voters)
    asked = _Asked(folder, splits, limits, options)
    _write(run, voters, [one for _, one in found], settings, asked, format_)


class _Asked(NamedTuple):
    """What was asked for of photos."""

    folder: str | None
    splits: str | None
    limits: Limits
    options: Mapping[str, Any]


def _seed(options: Mapping[str, Any]) -> int | None:
    """Give the seed, where it was typed."""
    from click.core import ParameterSource

    typed = click.get_current_context().get_parameter_source("seed") == ParameterSource.COMMANDLINE
    return int(options["seed"]) if typed else None


def _find(name: str) -> tuple[bytes, Classifier]:
    """Find a classifier: its file's content, and what runs it."""
    from imgsim.features.classifier import load_classifier
    from imgsim.models.classifier_model import CLASSIFIER_MODELS
    from imgsim.models.regular_file import read_regular

    classifier = load_classifier(name)
    model = CLASSIFIER_MODELS.find(dict(classifier.spec.params)["sha256"])  # type: ignore[arg-type]
    with model.about():
        return read_regular(model.verify()), classifier


def _write(
    run: FittedRun,
    voters: Sequence[Voter],
    classifiers: Sequence[Classifier],
    settings: VoteSettings,
    asked: _Asked,
    format_: str | None,
) -> None:
    """Fit the vote, write it, and say what it came to."""
    import hashlib

    from imgsim import __version__
    from imgsim.training.classifiers.ensemble_model import compare_with_best, fit_vote, judge_vote, write_vote
    from imgsim.training.split_file import spell_splits

    parts: dict[str, JudgedPart] = {}
    parents: dict[str, str] = {}
    files: dict[str, bytes] = {}
    if asked.folder:
        split, parts, parents = _judged(asked, voters, classifiers, settings.seed)
        files = {"splits.csv": spell_splits(split)}
    else:
        stderr.say("no --photos to fit it to: the plain mean of the members as they are")
    vote = fit_vote(parts.get("validation"), len(voters), settings)
    data = write_vote(voters, vote, settings, parents)
    outcomes = [one.to_row() for one in judge_vote(voters, data, parts, settings.seed)]
    for voter, temperature, weight in zip(voters, vote.temperatures, vote.weights, strict=True):
        stderr.say(f"{voter.name}: temperature {temperature:.3f}, weight {weight:.3f}")
    metrics = {"model": hashlib.sha256(data).hexdigest(), **vote._asdict(), "outcomes": outcomes}
    if {"validation", "test"} <= {*parts}:
        gain = compare_with_best(voters, vote, parts["validation"], parts["test"], settings.seed)
        metrics["gain"] = gain.to_row()
        stderr.say(gain.describe())
    told = {"models": [voter.name for voter in voters], "photos": asked.folder, "splits": asked.splits}
    labels = {name: asked.options[name] for name in ("labels", "key", "encoding")}
    run.write(data, {**told, **labels, **settings._asdict(), "imgsim": __version__}, metrics, files)
    stderr.say(f"{run.model}: use it by imgsim classify -m {run.model}; how it came about is told in {run.folder}")
    if outcomes:
        write_figures(outcomes, ABOUT, format_)


def _judged(
    asked: _Asked, voters: Sequence[Voter], classifiers: Sequence[Classifier], seed: int
) -> tuple[SplitPhotos, dict[str, JudgedPart], dict[str, str]]:
    """Ask every member about the photos that validate and test."""
    import numpy as np

    from imgsim.processes import default_jobs
    from imgsim.training.classifiers.ensemble_model import judged_part
    from imgsim.training.photos_digest import digest_of_part

    options, folder = asked.options, asked.folder or ""
    source = LabelSource(options["labels"], options["key"], options["encoding"], options["strict"]).checked()
    jobs = options["jobs"] or default_jobs()
    dealt, digests = deal_folder(folder, source, asked.splits, asked.limits, jobs=jobs, seed=seed)
    split = dealt.split
    learned = digest_of_part(split, digests, "train")
    _say_others([one.name for one in voters if one.header.parents["photos"] != learned])
    parts = {}
    for part in ("validation", "test"):
        places = split.asked(part)
        known = known_photos(split.names, split.labels[places], [split.paths[one] for one in places], classifiers[0])
        if known.paths:
            said = measure_folder(folder, known.paths, classifiers, asked.limits, jobs=jobs, strict=source.strict)
            kept = np.flatnonzero(said.readable)
            parts[part] = judged_part([rows[kept] for rows in said.rows], known.truth[kept])
    return split, parts, {"photos": digest_of_part(split, digests, "validation")}


def _say_others(names: Sequence[str]) -> None:
    """Say which members may have learned from photos that are to judge them."""
    from imgsim.errors import first_few

    if names:
        told = "learned from other photos than those that train here, perhaps from some that validate or test"
        stderr.say(f"{first_few(names)}: {told}: give the seed or the --splits of its run")
