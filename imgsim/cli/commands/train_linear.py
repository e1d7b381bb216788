"""`imgsim train linear`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import name_completion, stderr
from imgsim.cli.flags import check_model_name, device_option, general_options, labels_options
from imgsim.cli.labels import LabelSource, indexed
from imgsim.cli.learned_photos import photos_of_classes, photos_of_pairs
from imgsim.cli.lock_wait import wait_option
from imgsim.cli.pair_sources import PairSource, pairs_options

if TYPE_CHECKING:
    from imgsim.training.embeddings.linear.linear_model import Learnable, Learned, LinearSettings
    from imgsim.training.fitted_run import FittedRun

METHODS = ("whitening", "lda", "nca")  # a test compares them with the table's
FIGURES = ("map@r", "recall@1")


@click.command(short_help="Learn a linear map of an extractor's rows; no torch.")
@click.argument("folder", type=click.Path())
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), metavar="MODEL.onnx", help="The model.")
@labels_options(scores=False)
@pairs_options
@click.option(
    "-x",
    "--extractor",
    metavar="NAME[:KEY=VALUE,...]",
    shell_complete=name_completion.extractors,
    help="Whose rows are mapped.  [default: the index's, or that of a new index]",
)
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="whitening",
    show_default=True,
    help="whitening divides by what photos of a class differ by; lda keeps what classes differ by; nca (neighbourhood "
    "components) learns step by step.",
)
@click.option(
    "--dim",
    type=click.IntRange(min=1),
    metavar="N",
    help="Values of a row.  [default: as many as before; lda: classes less one; nca: 64]",
)
@click.option(
    "--shrinkage",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="A",
    help="How far what photos of a class differ by is taken for the same along all axes: 0 to 1.  [default: what does "
    "best on classes held out]",
)
@click.option(
    "--by",
    type=click.Choice(FIGURES),
    default="map@r",
    show_default=True,
    help="What chooses the shrinkage.",
)
@click.option(
    "--folds", type=click.IntRange(2, 50), default=5, show_default=True, help="Parts that classes are held out in."
)
@click.option("--index", "index_path", type=click.Path(), metavar="PATH", help="The index's own folder.")
@wait_option
@device_option
@general_options
def linear(
    folder: str,
    output: str,
    extractor: str | None,
    index_path: str | None,
    jobs: int | None,
    labels: str | None,
    key: str | None,
    encoding: str | None,
    strict: bool,  # noqa: FBT001
    pairs: bool,  # noqa: FBT001
    lost: str | None,
    where: tuple[str, ...],
    thing: str | None,
    **settings: Any,  # noqa: ANN401 (each has its own type)
) -> None:
    """Learn a linear map of an extractor's rows from the photos in FOLDER, whose classes are known.

    Photos are measured into the folder's index where it lacks them. The map and its shrinkage are chosen by how well
    photos of held-out classes find each other, which is told beside what they find without a map. Writes MODEL.onnx,
    for -x embedding:MODEL.onnx, and MODEL.run, a folder that says how it was learned (config.toml), what it came to
    (metrics.json) and what each shrinkage did (cross_validation.csv). A model of before is replaced, nothing else.

    With --pairs a class is a thing: what the pairs that `imgsim pair` confirmed chain together, on both sides, 5 things
    or more. Different chains are taken to be different things. Rejected pairs do not change the map but choose it:
    what was rejected as a thing, and is none itself, stands beside it where its photos are held out.
    """
    check_model_name(output)
    from imgsim.features import write_out
    from imgsim.training.embeddings.linear.linear_model import LinearSettings
    from imgsim.training.embeddings.linear.linear_run import run_of, write_run

    run = run_of(output)
    run.check()
    source = LabelSource(labels, key, encoding, strict).checked()
    decided = PairSource(pairs, lost, where, thing).checked()
    source.check_known(index_path or folder)
    wanted = write_out([extractor]) if extractor else []
    if len(wanted) > 1:
        raise click.UsageError(f"{extractor} is several extractors: name one of {', '.join(wanted)}")
    with indexed(folder, index_path, wanted, jobs=jobs, strict=strict, reading=True) as index:
        if pairs:
            photos = photos_of_pairs(index, wanted, decided, jobs=jobs, strict=strict)
        else:
            photos = photos_of_classes(index, wanted, source)
    of_pairs = {"pairs": True, "lost": lost, "where": where or None, "thing": thing}
    classes = of_pairs if pairs else {"labels": labels or "folders", "key": key, "encoding": encoding}
    told = {"folder": folder, **classes, "index": index_path}
    asked = LinearSettings(**settings, scale=not pairs)
    _say(run, asked, *write_run(run, photos, asked, told, stderr.say))


def _say(run: FittedRun, asked: LinearSettings, learned: Learned, known: Learnable) -> None:
    scaled = ", values brought to one scale" * learned.form.scaled
    told = f"{asked.method} of {len(known.rows):,} photos of {known.classes:,} classes, shrinkage"
    stderr.say(f"{told} {learned.form.shrinkage:g}{scaled}")
    figures = learned.figures()
    if not figures:
        stderr.say("fewer than four classes: none is held out, and the shrinkage is not chosen but the usual one")
    else:
        mapped, plain = figures["mapped"], figures["unmapped"]
        compared = ", ".join(f"{by} {mapped[by]:.3f} (without the map {plain[by]:.3f})" for by in FIGURES)
        stderr.say(f"photos of classes held out find each other: {compared}")
        if mapped[asked.by] <= plain[asked.by]:
            stderr.say("the map finds no more than the rows do without it")
    stderr.say(f"{run.model}: use it as -x embedding:{run.model}; how it was learned is told in {run.folder}")
