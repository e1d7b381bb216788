"""SegFormers that another program wrote, for `imgsim models import`."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from imgsim.cli.learned_models import check_learned_name, import_learned, shelf_of_file, tell_imported
from imgsim.errors import MissingDependencyError, WeightsError
from imgsim.models.segmenter_model import SEGMENTER_MODELS

if TYPE_CHECKING:
    from collections.abc import Iterator


def import_segmenter(place: str, name: str) -> None:
    """Import a SegFormer from a folder, from the hub or as it was exported, and say how to use it."""
    if os.path.isfile(place):
        if shelf_of_file(place) != SEGMENTER_MODELS:
            raise WeightsError(f"{place}: a file, where the folder is meant that transformers wrote")
        import_learned(place, name, SEGMENTER_MODELS)
        return
    if not name:
        raise click.UsageError("--architecture segformer takes a --name, by which --segment NAME means it")
    check_learned_name(name, SEGMENTER_MODELS)
    with _or_elsewhere():
        from imgsim.models.segformer_export import import_segformer

        tell_imported(*import_segformer(place, name), name)


@contextmanager
def _or_elsewhere() -> Iterator[None]:
    """Say how to do without what exports a SegFormer, where it is not installed."""
    try:
        yield
    except MissingDependencyError as error:
        exported = "`imgsim models export NAME FILE.onnx` there, `imgsim models import FILE.onnx` here"
        raise WeightsError(f"{error}; or use a machine that has it: {exported}") from error
