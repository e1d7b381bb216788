"""`imgsim extract`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from imgsim.cli.flags import (
    device_option,
    extractor_option,
    format_option,
    general_options,
    limits_options,
    photos_argument,
)
from imgsim.cli.inputs import measure_photos
from imgsim.errors import ImageReadError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgsim.core import Extractor
    from imgsim.features.measure import Measured
    from imgsim.images.limits import Limits


@click.command()
@photos_argument
@extractor_option(fused=False)
@format_option("jsonl", "csv", "npy", default="jsonl")
@limits_options()
@device_option
@general_options
def extract(photos: tuple[str, ...], extractors: tuple[str, ...], format_: str | None, limits: Limits) -> None:
    """Write the features of each PHOTO.

    jsonl rows hold path, extractor and features (a list); csv rows the path, the extractor and a value a column. npy is
    one float32 array of a row a photo, by a single extractor; the row of a photo that cannot be read is NaN.
    """
    from imgsim.cli.networks import choose_extractors
    from imgsim.features import load_extractor

    chosen = [load_extractor(text) for text in choose_extractors(extractors)]
    if format_ in ("csv", "npy") and len(chosen) > 1:
        raise ParameterError(f"--format {format_} takes one extractor; jsonl takes several")
    write = _write_npy if format_ == "npy" else _write_rows
    complete = write(measure_photos(photos, chosen, limits), chosen, format_ or "jsonl")
    click.get_current_context().exit(0 if complete else 2)


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
