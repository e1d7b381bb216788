"""torch and torchvision, imported in one place.

Beside a torch of another build (CPU only, say), torchvision's compiled operators do not load, and its import fails
where it describes them to the tracer. Only then are their schemas declared first; models, weights and transforms need
no more.
"""

from __future__ import annotations

import contextlib
import warnings

from imgsim.errors import MissingDependencyError
from imgsim.models.tensors import torch

__all__ = ["torch", "torchvision"]

_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


def _declare_operators() -> torch.library.Library:
    library = torch.library.Library("torchvision", "DEF")
    for schema in _OPERATORS:
        library.define(schema)
    return library


def _operators_load() -> bool:
    """Tell whether torchvision's compiled operators are there and fit this torch."""
    from importlib.machinery import PathFinder
    from importlib.util import find_spec

    spec = find_spec("torchvision")
    if spec is None or spec.origin is None:
        raise MissingDependencyError("torchvision", "deep")
    library = PathFinder.find_spec("_C", spec.submodule_search_locations)
    if library and library.origin:
        with contextlib.suppress(OSError):
            torch.ops.load_library(library.origin)
            return True
    return False


# Kept for as long as the process lives: the schemas go with it.
_declared = None if _operators_load() else _declare_operators()

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that image files cannot be read by it: imgsim reads them itself
    import torchvision
