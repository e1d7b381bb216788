"""A network that tells classes apart: a backbone, some of it frozen, and a head with dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.models.vision import torch
from imgsim.training.staged_network import StagedNetwork, count_channels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.training.backbone import Backbone
    from imgsim.training.classifiers.probe_fit import FittedProbe

nn = torch.nn


class Dropout(NamedTuple):
    """What is left out at random while a head learns: values of a row (dense), whole maps (convolutional), or none."""

    kind: str
    rate: float


class ClassHead(nn.Module):
    """From maps (N, D, h, w) to logits (N, C): their mean, dropout, and a dense layer.

    Whole maps are dropped as by J. Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.
    """

    def __init__(self, channels: int, classes: int, dropout: Dropout, generator: torch.Generator) -> None:
        super().__init__()
        self.maps = nn.Dropout2d(dropout.rate) if dropout.kind == "convolutional" else nn.Identity()
        self.values = nn.Dropout(dropout.rate) if dropout.kind == "dense" else nn.Identity()
        self.dense = nn.Linear(channels, classes)
        self.unit = False
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("scale", torch.ones(channels))
        with torch.no_grad():
            for parameter in self.dense.parameters():
                parameter.uniform_(-(channels**-0.5), channels**-0.5, generator=generator)

    def begin_with(self, probe: FittedProbe, deviation: NDArray[np.float64]) -> None:
        """Begin as a probe of rows of length 1, of a deviation (D,): what these are scaled by then stays as it is."""
        self.unit = True
        spread = np.where(deviation > 0, deviation, 1.0)
        given = {"mean": probe.mean, "scale": 1 / spread, "dense.bias": probe.intercepts}
        given["dense.weight"] = (probe.coefficients * spread[:, None]).T
        made = {name: torch.from_numpy(np.ascontiguousarray(one, np.float32)) for name, one in given.items()}
        self.load_state_dict(made)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Give logits."""
        rows = self.maps(maps).mean(dim=(2, 3))
        if self.unit:
            rows = nn.functional.normalize(rows)
        logits: torch.Tensor = self.dense(self.values((rows - self.mean) * self.scale))
        return logits


class ClassifierNetwork(StagedNetwork):
    """From normalised images (N, 3, h, w) to logits (N, C)."""

    head: ClassHead

    def __init__(
        self,
        backbone: Backbone,
        classes: int,
        *,
        frozen: int,
        still: bool,
        dropout: Dropout,
        generator: torch.Generator,
    ) -> None:
        head = ClassHead(count_channels(backbone), classes, dropout, generator)
        super().__init__(backbone, head, frozen=frozen, still=still)

    def finish(self, maps: torch.Tensor) -> torch.Tensor:
        """Give logits of what `begin` gave."""
        logits: torch.Tensor = self.head(self.stages[self.frozen :](maps))
        return logits

    def probabilities(self, maps: torch.Tensor) -> torch.Tensor:
        """Give probabilities (N, C) of what `begin` gave."""
        return torch.softmax(self.finish(maps), dim=1)
