"""What a network has learned so far, and the running mean of it, by which it is judged where one is kept."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgsim.models.vision import torch
    from imgsim.training.staged_network import StagedNetwork


class AveragedWeights:
    """Weights of a network, and their exponential moving average, of which each step keeps a share; 0 has none."""

    def __init__(self, network: StagedNetwork, kept: float) -> None:
        self._network = network
        self._kept = kept
        self.mean = self.now() if kept else {}

    def now(self) -> dict[str, torch.Tensor]:
        """Copy what can have changed of the network."""
        frozen = tuple(f"stages.{stage}." for stage in range(self._network.frozen))
        state = self._network.state_dict()
        return {name: tensor.detach().cpu().clone() for name, tensor in state.items() if not name.startswith(frozen)}

    def step(self) -> None:
        """Move the mean towards the weights of now, where one is kept."""
        if self.mean:
            for name, tensor in self.now().items():
                whole = not tensor.is_floating_point()
                self.mean[name] = tensor if whole else self._kept * self.mean[name] + (1 - self._kept) * tensor

    def judged(self) -> dict[str, torch.Tensor]:
        """Copy the weights that are judged."""
        return {name: one.clone() for name, one in self.mean.items()} if self.mean else self.now()

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the network have its mean weights, where one is kept, while it is judged."""
        if not self.mean:
            yield
            return
        now = self.now()
        self._network.load_state_dict(self.mean, strict=False)
        yield
        self._network.load_state_dict(now, strict=False)
