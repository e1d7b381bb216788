"""`imgsim train probe`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import name_completion, stderr
from imgsim.cli.figure_table import write_figures
from imgsim.cli.flags import check_model_name, device_option, format_option, general_options, labels_options, refuse_nan
from imgsim.cli.labels import LabelSource, attributes_in, indexed, labels_for
from imgsim.cli.lock_wait import wait_option
from imgsim.cli.output import ROW_FORMATS
from imgsim.cli.splits_option import check_splits, splits_option
from imgsim.naming import HASH, find_weighted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.training.classifiers.probe_model import LearnedProbe
    from imgsim.training.fitted_run import FittedRun

ABOUT = ["part", "photos", "classes"]


@click.command(short_help="Learn classes from an extractor's rows; no torch.")
@click.argument("folder", type=click.Path())
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), metavar="MODEL.onnx", help="The model.")
@labels_options(scores=False)
@click.option(
    "-x",
    "--extractor",
    "extractors",
    multiple=True,
    metavar="NAME[:KEY=VALUE,...]",
    shell_complete=name_completion.extractors,
    help="Whose rows are told apart; repeat it to join several.  [default: the index's, or that of a new index]",
)
@click.option(
    "--strength",
    type=click.FloatRange(min=0, min_open=True),
    callback=refuse_nan,
    metavar="C",
    help="How much it may lean on single values: small holds it back.  [default: what does best by cross-validation]",
)
@click.option(
    "--folds", type=click.IntRange(2, 50), default=5, show_default=True, help="Parts of the cross-validation."
)
@splits_option
@click.option("--index", "index_path", type=click.Path(), metavar="PATH", help="The index's own folder.")
@wait_option
@format_option(*ROW_FORMATS)
@device_option
@general_options
def probe(
    folder: str,
    output: str,
    extractors: tuple[str, ...],
    splits: str | None,
    index_path: str | None,
    jobs: int | None,
    labels: str | None,
    key: str | None,
    encoding: str | None,
    strict: bool,  # noqa: FBT001
    format_: str | None,
    **settings: Any,  # noqa: ANN401 (each has its own type)
) -> None:
    """Learn to tell the classes of the photos in FOLDER apart: a logistic regression on an extractor's rows.

    Minutes, without torch: what a trained network is compared with. Photos are measured into the folder's index where
    it lacks them. A fifth of each class tests, a tenth of the others validates, which is left to `train ensemble`, and
    copies stay together; the rest is learned from, and says by cross-validation how. Writes MODEL.onnx, for `imgsim
    classify -m MODEL.onnx`, which needs the extractor beside it, and MODEL.run, a folder that says how it was learned:
    config.toml, splits.csv, metrics.json, and cross_validation.csv. A model of before is replaced, nothing else.

    Columns: the part that is judged; photos, copies counted once, and classes; log loss, how often the class is the
    first said and among the first three, and the mean of F1 over classes, each with its 95 % interval.
    """
    check_model_name(output)
    from imgsim.training.classifiers.classed_rows import deal_rows
    from imgsim.training.classifiers.probe_model import ProbeSettings
    from imgsim.training.classifiers.probe_run import run_of, write_run

    run = run_of(output)
    run.check()
    source = LabelSource(labels, key, encoding, strict).checked()
    check_splits(splits, ("--labels", labels))
    source.check_known(index_path or folder)
    wanted, asked = _without_weights(extractors), ProbeSettings(**settings)
    measured = _beside_hash(wanted, index_path or folder)
    with indexed(folder, index_path, measured, jobs=jobs, strict=strict, reading=True) as index:
        classes = lambda: labels_for(source, index.root, index.paths, attributes_in(index))  # noqa: E731
        photos = deal_rows(index, wanted, classes, splits, asked.seed, stderr.say)
    told = {"folder": folder, "labels": labels or "folders", "key": key, "encoding": encoding}
    learned = write_run(run, photos, asked, {**told, "splits": splits, "index": index_path})
    _say(run, learned, photos.bases)
    write_figures(learned.outcomes, ABOUT, format_)


def _without_weights(extractors: Sequence[str]) -> list[str]:
    """Write out the extractors that are joined, which have no weights."""
    from imgsim.features import write_out

    if text := find_weighted(extractors):
        raise click.UsageError(f"-x {text}: what is learned weighs extractors itself: leave the weight out")
    return write_out(extractors)


def _beside_hash(wanted: Sequence[str], place: str) -> list[str]:
    """Name what is measured: what is wanted, or where nothing is there, the default; and what tells copies."""
    from imgsim.cli.networks import choose_extractors
    from imgsim.errors import IndexNotFoundError
    from imgsim.index.index import open_index

    there = False
    with suppress(IndexNotFoundError), open_index(place) as index:
        there = bool(index.extractors)
    return [*(wanted if wanted or there else choose_extractors(())), HASH]


def _say(run: FittedRun, learned: LearnedProbe, bases: Sequence[object]) -> None:
    form, left_out = learned.form, learned.left_out
    what = "value" if form.scaling == "columns" else "extractor" if len(bases) > 1 else ""
    scaled = f", each {what} brought to one scale" if what else ""
    stderr.say(f"learned from {learned.photos:,} photos: strength {form.strength:.3g}{scaled}")
    stderr.say(f"photos left out by turns: log loss {left_out.log_loss:.3f}, right at once {left_out.top_1:.3f}")
    stderr.say(f"{run.model}: use it by imgsim classify -m {run.model}; how it was learned is told in {run.folder}")
