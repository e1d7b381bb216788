"""The log of a run: what its epochs came to, and what the best of them had learned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from imgsim.models.vision import torch
    from imgsim.training.run_recipe import RunRecipe


class Epoch(NamedTuple):
    """What an epoch came to: a row of the log, with the figures of the photos that validate.

    `waited` are the seconds that the network waited for photos.
    """

    epoch: int
    loss: float
    rate: float
    figures: dict[str, float]
    best: bool
    seconds: float
    waited: float

    def to_row(self) -> dict[str, Any]:
        """Name its figures as the log does."""
        return {
            "epoch": self.epoch,
            "loss": self.loss,
            "lr": self.rate,
            **self.figures,
            "best": int(self.best),
            "seconds": round(self.seconds, 2),
            "waited": round(self.waited, 2),
        }


@dataclass
class RunStanding:
    """Where a run stands: epochs that are done, and what the best of them had learned."""

    log: list[Epoch] = field(default_factory=list)
    learned: dict[str, torch.Tensor] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """The last epoch that is over."""
        return self.log[-1].epoch if self.log else 0

    @property
    def best(self) -> Epoch:
        """The best epoch so far."""
        return [epoch for epoch in self.log if epoch.best][-1]

    def is_over(self, recipe: RunRecipe) -> bool:
        """Tell whether all epochs are done, or as many without a better one as patience lasts."""
        done = self.done
        return done >= recipe.epochs or (done > 0 and done - self.best.epoch >= recipe.patience)
