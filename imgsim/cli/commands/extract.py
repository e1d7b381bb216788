"""`imgsim extract`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from imgsim.cli.flags import (
    device_option,
    extractor_option,
    format_option,
    general_options,
    megapixels_option,
    photos_argument,
)
from imgsim.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgsim.cli.measuring import Measured
    from imgsim.core import Extractor


@click.command()
@photos_argument
@extractor_option(fused=False)
@format_option("jsonl", "csv", "npy", default="jsonl")
@megapixels_option
@device_option
@general_options
def extract(photos: tuple[str, ...], extractors: tuple[str, ...], format_: str | None, max_megapixels: float) -> None:
    """Write the features of each PHOTO.

    jsonl rows hold path, extractor and features (a list); csv rows the path, the extractor and a value a column. npy is
    one float32 array of a row a photo, by a single extractor; the row of a photo that cannot be read is NaN.
    """
    from imgsim.cli.measuring import measure_named
    from imgsim.features import DEFAULT_EXTRACTOR, load_extractor

    chosen = [load_extractor(text) for text in extractors or (DEFAULT_EXTRACTOR,)]
    if format_ in ("csv", "npy") and len(chosen) > 1:
        raise ParameterError(f"--format {format_} takes one extractor; jsonl takes several")
    failed: list[str] = []
    measured = _watched(measure_named(photos, chosen, max_megapixels), failed)
    if format_ == "npy":
        _write_npy(measured, chosen[0])
    else:
        _write_rows(measured, chosen, format_ or "jsonl")
    click.get_current_context().exit(2 if failed else 0)


def _watched(measured: Iterator[Measured], failed: list[str]) -> Iterator[Measured]:
    for photo in measured:
        if photo.features is None:
            failed.append(photo.name)
        yield photo


def _write_rows(measured: Iterator[Measured], extractors: list[Extractor], format_: str) -> None:
    from imgsim.cli.output import RowWriter

    names = [f"f{place}" for place in range(extractors[0].dim)] if format_ == "csv" else []
    writer = RowWriter(format_, ["path", "extractor", *names])
    for photo in measured:
        for extractor, features in zip(extractors, photo.features or [], strict=False):
            row: dict[str, object] = {"path": photo.name, "extractor": str(extractor.spec)}
            # A float32 as text: the shortest that reads back as the same float32.
            values = [float(str(value)) for value in features[0]]
            row |= dict(zip(names, values, strict=True)) if names else {"features": values}
            writer.write([row])


def _write_npy(measured: Iterator[Measured], extractor: Extractor) -> None:
    import numpy as np

    from imgsim.cli.output import write_npy

    rows = [np.full((1, extractor.dim), np.nan) if photo.features is None else photo.features[0] for photo in measured]
    write_npy(np.concatenate([np.zeros((0, extractor.dim)), *rows]).astype(np.float32))
