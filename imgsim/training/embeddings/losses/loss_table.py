"""The table of losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.registry import Registry
from imgsim.training.embeddings.named_part import build_part, spell_part

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgsim.training.embeddings.losses.base_loss import Loss, LossSetting

LOSSES: Registry[Callable[..., Loss]] = Registry(
    "loss",
    {
        "margin": "imgsim.training.embeddings.losses.margin_based:MarginLoss",
        "triplet": "imgsim.training.embeddings.losses.triplet:TripletLoss",
    },
)


def build_loss(text: str, setting: LossSetting) -> Loss:
    """Build the loss that a text names, ``NAME[:key=value,...]``, for the classes and embeddings of a setting.

    UnknownNameError if no loss has that name, ParameterError if a parameter is unknown or its value does not fit.
    """
    return build_part(LOSSES, text, setting)


def spell_loss(text: str) -> str:
    """Write a loss with every parameter that a text leaves out: ``triplet:margin=0.3,distance=sqeuclidean``."""
    return spell_part(LOSSES, text)
