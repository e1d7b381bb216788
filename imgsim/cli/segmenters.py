"""Imported segmenters, for `imgsim models`."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.errors import WeightsError
from imgsim.models.cache import SHOWN_DIGITS
from imgsim.models.segmenter_model import list_segmenters, segmenter_names

if TYPE_CHECKING:
    from imgsim.models.segmenter_model import SegmenterModel


def import_segmenter(place: str, name: str) -> None:
    """Import a SegFormer from a folder, or from the hub, under a name, and say how to use it."""
    from imgsim.models.own_names import check_name
    from imgsim.models.segformer_export import import_segformer
    from imgsim.segment.segmenter_table import SEGMENTERS

    if not name:
        raise click.UsageError("--architecture segformer takes a --name, by which --segment NAME means it")
    check_name(name, {*SEGMENTERS})
    model, before = import_segformer(place, name)
    if before:
        stderr.say(f"{name} stood for the segmenter {before.sha256[:SHOWN_DIGITS]} before")
    header = model.header()
    licence = f", licence {header.licence}" if header.licence else ""
    stderr.say(f"imported the segmenter {model.sha256[:SHOWN_DIGITS]}, {header.dim} labels{licence}: --segment {name}")


def segmenter_rows() -> list[dict[str, Any]]:
    """Describe the segmenters in the cache, the newest first, for the columns of `imgsim models list`."""
    rows, names = [], segmenter_names()
    for model in list_segmenters():
        with suppress(WeightsError, OSError):
            header = model.header()
            row: dict[str, Any] = {"architecture": "segformer", "weights": model.sha256[:SHOWN_DIGITS]}
            row |= {"padding": "", "layer": "", "megabytes": round(os.path.getsize(model.path) / 1e6, 1)}
            row |= {"path": model.path, "kind": header.kind, "licence": header.licence, "source": header.source}
            rows.append(row | {"name": ", ".join(name for name, one in names.items() if one == model)})
    return rows


def named_segmenters(name: str) -> list[SegmenterModel]:
    """Give the segmenters that a name means: all for ``segformer``, otherwise the one that was given it."""
    if name == "segformer":
        return list_segmenters()
    return [model for own, model in segmenter_names().items() if own == name]


def remove_segmenters(models: list[SegmenterModel]) -> None:
    """Remove segmenters from the cache, with their names."""
    for model in models:
        with suppress(FileNotFoundError):
            os.unlink(model.path)
            stderr.say(f"removed {model.path}")
