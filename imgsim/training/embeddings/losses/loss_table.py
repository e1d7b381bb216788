"""The table of losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.registry import Registry
from imgsim.training.named_part import build_part, fitting, spell_part

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgsim.training.embeddings.losses.base_loss import Kind, Loss, LossSetting

LOSSES: Registry[Callable[..., Loss]] = Registry(
    "loss",
    {
        "contrastive": "imgsim.training.embeddings.losses.contrastive:ContrastiveLoss",
        "log-ratio": "imgsim.training.embeddings.losses.log_ratio:LogRatioLoss",
        "margin": "imgsim.training.embeddings.losses.margin_based:MarginLoss",
        "multi-similarity": "imgsim.training.embeddings.losses.multi_similarity:MultiSimilarityLoss",
        "n-pair": "imgsim.training.embeddings.losses.n_pair:NPairLoss",
        "proxy-anchor": "imgsim.training.embeddings.losses.proxy_anchor:ProxyAnchorLoss",
        "supcon": "imgsim.training.embeddings.losses.supcon:SupConLoss",
        "triplet": "imgsim.training.embeddings.losses.triplet:TripletLoss",
    },
)


def build_loss(text: str, setting: LossSetting) -> Loss:
    """Build the loss that a text names, ``NAME[:key=value,...]``, for the classes and embeddings of a setting.

    UnknownNameError if no loss has that name, ParameterError if a parameter, its value or the setting does not fit.
    """
    loss = build_part(LOSSES, text, setting)
    kind: Kind = "classes" if setting.classes else "scores"
    told = f"it is for labels that are {' or '.join(loss.kinds)}, and these are {kind}"
    if kind not in loss.kinds:
        loss.require(False, f"{told}: give {fitting(LOSSES, kind)}")
    return loss


def spell_loss(text: str) -> str:
    """Write a loss with every parameter that a text leaves out: ``triplet:margin=0.3,distance=sqeuclidean``."""
    return spell_part(LOSSES, text)
