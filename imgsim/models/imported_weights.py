"""From a weight file to a model in the cache, in a process with limits; torch is asked for only where it is needed."""

from __future__ import annotations

import os
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

from imgsim.errors import MissingDependencyError, WeightsError
from imgsim.models.cache import find_models, make_default, weights_digest
from imgsim.models.model_limits import look_limited
from imgsim.models.session import read_sealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgsim.models.cache import ModelFile
    from imgsim.models.trunk_spec import TrunkSpec


def import_weights(path: str, spec: TrunkSpec, leaving_out: Callable[[str], None] | None = None) -> ModelFile:
    """Export a network with the weights of a file, unless the cache has it already, whole and with a digest.

    `leaving_out` hears what the file holds that the network does without, where it is read.
    """
    weights = weights_digest(path)
    there = find_models(spec.architecture, weights=weights, padding=spec.padding, layer=spec.layer)
    good = next(filter(_is_good, there), None)
    if good:
        make_default(good)
        return good
    require_exporter()
    exported, left_out = look_limited(path, _export, path, spec)
    if left_out and leaving_out:
        leaving_out(left_out)
    for file in there:
        if file != exported:  # it replaced those of its own name
            with suppress(OSError):
                os.unlink(file.path)
    return exported


def require_exporter() -> None:
    """Raise MissingDependencyError where what exports networks is not installed, without importing it."""
    for package in ("torch", "torchvision", "onnx"):
        if find_spec(package) is None:
            raise MissingDependencyError(package, "deep")


def _export(path: str, spec: TrunkSpec) -> tuple[ModelFile, str]:
    from imgsim.models.export import export_checkpoint

    return export_checkpoint(path, spec)


def _is_good(file: ModelFile) -> bool:
    try:
        read_sealed(file)
    except WeightsError:
        return False
    return True
