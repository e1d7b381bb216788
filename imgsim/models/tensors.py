"""torch without torchvision, imported in one place, for networks that are trained on numbers rather than photos."""

from __future__ import annotations

from imgsim.errors import MissingDependencyError

__all__ = ["torch"]

try:
    import torch
except ImportError as error:
    raise MissingDependencyError("torch", "deep") from error
