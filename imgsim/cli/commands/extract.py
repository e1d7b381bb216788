"""`imgsim extract`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from imgsim.cli.flags import (
    device_option,
    extractor_option,
    format_option,
    general_options,
    limits_options,
)
from imgsim.cli.inputs import measure_photos
from imgsim.errors import ImageReadError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imgsim.core import Extractor
    from imgsim.features.measure import Measured
    from imgsim.images.limits import Limits


@click.command()
@click.argument("photos", metavar="[PHOTO...]", nargs=-1, type=click.Path())
@click.option("--index", "index_path", type=click.Path(), metavar="PATH", help="Write the rows that this index holds.")
@click.option(
    "--paths",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="With --index: write to FILE whose rows they are, a path a line.",
)
@extractor_option(fused=False)
@format_option("jsonl", "json", "csv", "npy", default="jsonl")
@limits_options()
@device_option
@general_options
def extract(
    photos: tuple[str, ...],
    index_path: str | None,
    paths: str | None,
    extractors: tuple[str, ...],
    format_: str | None,
    limits: Limits,
) -> None:
    """Write the features of each PHOTO.

    Rows of json and jsonl hold path, extractor and features (a list); of csv the path, the extractor and a value a
    column. npy is one float32 array of a row a photo, by a single extractor; the row of a photo that cannot be read is
    NaN. With --index, in place of a PHOTO, npy is a row of each photo of the index that has one, by path, and --paths
    says which they are: what other programs need to compare by.
    """
    if index_path is not None or paths is not None:
        _write_index(photos, index_path, paths, extractors, format_)
        return
    if not photos:
        raise click.UsageError("Missing argument 'PHOTO...', or --index PATH")
    from imgsim.cli.networks import choose_extractors
    from imgsim.features import load_extractor

    chosen = [load_extractor(text) for text in choose_extractors(extractors)]
    if format_ in ("csv", "npy") and len(chosen) > 1:
        raise ParameterError(f"--format {format_} takes one extractor; json and jsonl take several")
    write = _write_npy if format_ == "npy" else _write_rows
    complete = write(measure_photos(photos, chosen, limits), chosen, format_ or "jsonl")
    click.get_current_context().exit(0 if complete else 2)


def _write_index(
    photos: Sequence[str], place: str | None, paths: str | None, extractors: Sequence[str], format_: str | None
) -> None:
    """Write the rows that an index holds, and whose they are."""
    if place is None or photos or format_ != "npy":
        raise click.UsageError("--index writes what an index holds: give it --format npy, --paths FILE, and no PHOTO")
    from imgsim.cli.output import write_npy
    from imgsim.files import write_whole
    from imgsim.index.index import Index

    with Index.open(place) as index:
        specs = index.distance(extractors).specs
        if len(specs) > 1:
            raise ParameterError(f"--format npy takes one extractor: name one of {', '.join(specs)}")
        rows, names = index.features(specs[0])
    if paths is not None:
        end = "\0" if any("\n" in name for name in names) else "\n"
        write_whole(paths, b"".join(os.fsencode(f"{name}{end}") for name in names))
    write_npy(rows)


def _write_rows(photos: Iterator[Measured | ImageReadError], extractors: list[Extractor], format_: str) -> bool:
    """Write a row a photo and extractor; tell whether every photo could be read."""
    from imgsim.cli.output import RowWriter

    names = [f"f{place}" for place in range(extractors[0].dim)] if format_ == "csv" else []
    writer = RowWriter(format_, ["path", "extractor", *names])
    complete = True
    for photo in photos:
        if isinstance(photo, ImageReadError):
            complete = False
            continue
        for extractor, features in zip(extractors, photo.features.values(), strict=True):
            row: dict[str, object] = {"path": photo.record.path, "extractor": str(extractor.spec)}
            # A float32 as text: the shortest that reads back as the same float32.
            values = [float(str(value)) for value in features[0]]
            row |= dict(zip(names, values, strict=True)) if names else {"features": values}
            writer.write([row])
    return complete


def _write_npy(photos: Iterator[Measured | ImageReadError], extractors: list[Extractor], format_: str) -> bool:
    """Write one array, NaN where a photo cannot be read; tell whether all could."""
    del format_
    import numpy as np

    from imgsim.cli.output import write_npy

    (extractor,) = extractors
    unread = np.full((1, extractor.dim), np.nan)
    rows = [unread if isinstance(photo, ImageReadError) else photo.features[0] for photo in photos]
    write_npy(np.concatenate([unread[:0], *rows]).astype(np.float32))
    return all(row is not unread for row in rows)
