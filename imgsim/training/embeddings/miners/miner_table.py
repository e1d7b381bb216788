"""The table of miners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.errors import ParameterError
from imgsim.registry import Registry
from imgsim.training.named_part import build_part, fitting, spell_part

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgsim.evaluation.score_widths import Widths
    from imgsim.training.embeddings.losses.base_loss import Kind, Loss
    from imgsim.training.embeddings.miners.base_miner import Miner

MINERS: Registry[Callable[..., Miner]] = Registry(
    "miner",
    {
        "all": "imgsim.training.embeddings.miners.every_one:EveryTriplet",
        "distance-weighted": "imgsim.training.embeddings.miners.distance_weighted:DistanceWeighted",
        "hard": "imgsim.training.embeddings.miners.batch_hard:BatchHard",
        "random": "imgsim.training.embeddings.miners.random_negatives:RandomNegatives",
        "scores": "imgsim.training.embeddings.miners.score_triplets:ScoreTriplets",
        "semi-hard": "imgsim.training.embeddings.miners.semi_hard:SemiHard",
    },
)


def build_miner(text: str, loss: Loss, kind: Kind = "classes", widths: Widths | None = None) -> Miner:
    """Build the miner that a text names, ``NAME[:key=value,...]``, for a loss, by labels of a kind.

    What it does not say of margin, distance and widths is as loss and sampler have it. ParameterError if they differ.
    """
    if not loss.mined:
        raise ParameterError(f"{loss.name} chooses among all pairs of a batch itself: leave out the miner {text}")
    miner = build_part(MINERS, text, preset=_shared(loss, widths))
    if miner.kind != kind:
        told = f"it is for labels that are {miner.kind}, and these are {kind}: give {fitting(MINERS, kind)}"
        raise ParameterError(f"miner {text}: {told}")
    return miner


def spell_miner(text: str, loss: Loss, widths: Widths | None = None) -> str:
    """Write a miner with every parameter that a text leaves out, as it is beside a loss and a sampler."""
    return spell_part(MINERS, text, preset=_shared(loss, widths))


def _shared(loss: Loss, widths: Widths | None) -> dict[str, object]:
    shared = {key: getattr(loss, key) for key in ("margin", "distance") if hasattr(loss, key)}
    return shared | (widths._asdict() if widths else {})
