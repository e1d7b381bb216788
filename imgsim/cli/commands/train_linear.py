"""`imgsim train linear`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from imgsim.cli import name_completion, stderr
from imgsim.cli.flags import device_option, general_options, labels_options
from imgsim.cli.labels import LabelSource, attributes_in, indexed, labels_for, leave_out_copies
from imgsim.cli.lock_wait import wait_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.core import Extractor, Features
    from imgsim.index.index import Index
    from imgsim.training.embeddings.linear.linear_model import Learnable, Learned, LinearSettings
    from imgsim.training.embeddings.linear.linear_run import LinearRun

METHODS = ("whitening", "lda", "nca")  # a test compares them with the table's
FIGURES = ("map@r", "recall@1")


@click.command(short_help="Learn a linear map of an extractor's rows; no torch.")
@click.argument("folder", type=click.Path())
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), metavar="MODEL.onnx", help="The model.")
@labels_options(scores=False)
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
    **settings: Any,  # noqa: ANN401 (each has its own type)
) -> None:
    """Learn a linear map of an extractor's rows from the photos in FOLDER, whose classes are known.

    Photos are measured into the folder's index where it lacks them. The map and its shrinkage are chosen by how well
    photos of held-out classes find each other, which is told beside what they find without a map. Writes MODEL.onnx,
    for -x embedding:MODEL.onnx, and MODEL.run, a folder that says how it was learned (config.toml), what it came to
    (metrics.json) and what each shrinkage did (cross_validation.csv). A model of before is replaced, nothing else.
    """
    if not output.endswith(".onnx"):
        raise click.UsageError(f"models are ONNX files: name it {output}.onnx")
    from imgsim.features import write_out
    from imgsim.training.embeddings.linear.linear_model import LinearSettings
    from imgsim.training.embeddings.linear.linear_run import LinearRun

    run = LinearRun(output)
    run.check()
    source = LabelSource(labels, key, encoding, strict).checked()
    source.check_known(index_path or folder)
    wanted = write_out([extractor]) if extractor else []
    if len(wanted) > 1:
        raise click.UsageError(f"{extractor} is several extractors: name one of {', '.join(wanted)}")
    with indexed(folder, index_path, wanted, jobs=jobs, strict=strict, reading=True) as index:
        photos = _read_photos(index, wanted, source)
    told = {"folder": folder, "labels": labels or "folders", "key": key, "encoding": encoding, "index": index_path}
    _learn(run, photos, LinearSettings(**settings), told)


class LabelledPhotos(NamedTuple):
    """An extractor, its rows of an index's photos, (N, D), their classes, (N,), and the SHA-256 of both."""

    base: Extractor
    rows: Features
    codes: NDArray[np.intp]
    names: tuple[str, ...]
    digests: list[bytes]


def _read_photos(index: Index, wanted: Sequence[str], source: LabelSource) -> LabelledPhotos:
    """Read rows and classes; a photo without either has no class."""
    import numpy as np

    from imgsim.naming import is_external

    distance = index.distance(wanted)
    if len(distance.extractors) > 1:
        several = ", ".join(distance.specs)
        raise click.UsageError(f"the index's default distance is of several extractors: name one by -x: {several}")
    base = distance.extractors[0].extractor
    if is_external(base.spec.name):
        raise click.UsageError(f"{base.spec}: its rows come from a file, so no further photo could be mapped")
    rows, present = distance.features()
    labels = leave_out_copies(labels_for(source, index.root, index.paths, attributes_in(index)), index)
    digests = {record.path: record.digest for record in index}
    codes = np.where(present, labels.codes, -1)
    return LabelledPhotos(base, rows, codes, labels.names, [digests[path] for path in index.paths])


def _learn(run: LinearRun, photos: LabelledPhotos, asked: LinearSettings, told: Mapping[str, Any]) -> None:
    """Learn a map, write it, and say what it came to."""
    import hashlib

    from imgsim import __version__
    from imgsim.metrics.fusion import fused_distances
    from imgsim.training.embeddings.linear.linear_model import (
        find_learnable,
        learn_map,
        photos_digest,
        write_model,
    )

    known = find_learnable(photos.rows, photos.codes)
    if known.alone:
        stderr.say(f"{known.alone} photo{'s' * (known.alone > 1)} left out: alone in {_their(known.alone)} class")

    def distances(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        single = [rows.astype("f4")]
        return fused_distances([photos.base], single, single, weights=[1])

    learned = learn_map(known, asked, distances)
    names = [photos.names[photos.codes[place]] for place in known.places]
    digest = photos_digest([photos.digests[place] for place in known.places], names)
    data = write_model(learned, known, asked, photos.base.spec, digest)
    figures = learned.figures()
    metrics = {
        "model": hashlib.sha256(data).hexdigest(),
        "learned_from": digest,
        "extractor": str(photos.base.spec),
        "values": learned.map.projection.shape[1],
        "photos": len(known.rows),
        "classes": known.classes,
        "left_out": known.alone,
        **learned.form._asdict(),
        "held_out": figures,
    }
    config = {**told, "extractor": str(photos.base.spec), **asked._asdict(), "imgsim": __version__}
    run.write(data, config, metrics, learned.judged)
    _say(run, learned, known, asked)


def _their(count: int) -> str:
    return "its" if count == 1 else "their"


def _say(run: LinearRun, learned: Learned, known: Learnable, asked: LinearSettings) -> None:
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
