"""What a run makes smaller, whatever it is of."""

from __future__ import annotations

from typing import ClassVar

from imgsim.models.tensors import torch


class RunLoss(torch.nn.Module):
    """A loss of rows by labels, whose parameters are learned with the network, at `rate` times the learning rate."""

    rate: ClassVar[float] = 1.0
