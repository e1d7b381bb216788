"""What a run is put together of: a network, what it learns by, from which batches, and how its epochs are judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from imgsim.training.process_team import ALONE, ProcessTeam

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.core import Features
    from imgsim.models.vision import torch
    from imgsim.training.batches import Feed
    from imgsim.training.run_loss import RunLoss
    from imgsim.training.staged_network import StagedNetwork


class BatchSource(Protocol):
    """Says which photos are in which batch of an epoch."""

    def batches(self, epoch: int, /) -> list[NDArray[np.intp]]:
        """List each batch's photos."""


class RunParts(NamedTuple):
    """What a run is put together of."""

    network: StagedNetwork
    loss: RunLoss
    miner: Callable[[torch.Tensor, torch.Tensor, torch.Generator], Any] | None
    sampler: BatchSource
    feed: Feed
    labels: NDArray[np.int64] | NDArray[np.float64]  # classes or scores of the photos that train
    paths: Sequence[str]
    embed: Callable[[], Features]  # rows of the photos that validate
    judge: Callable[[Features], Mapping[str, float]]  # their figures, by names that a recipe may choose by
    prepare: Callable[[int], None] = lambda _: None  # what is done before an epoch
    from_start: bool = False  # whether the network as it begins is judged too, as epoch 0
    team: ProcessTeam = ALONE
