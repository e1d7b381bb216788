"""A network in stages that learn or do not, the mean of its maps, and a head: what is trained of any kind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from imgsim.errors import ParameterError
from imgsim.models.vision import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgsim.training.backbone import Backbone

nn = torch.nn
ALL, BUT_LAST = "all", "but-last"  # of the stages
IMAGES = 4  # axes of what convolutions multiply by
NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class StagedNetwork(nn.Module, ABC):
    """From normalised images (N, 3, h, w) to rows; what a head makes of pooled maps is a subclass's.

    The first `frozen` stages never learn, nor, where `still`, does any batch normalisation; `hold` holds more of them.
    """

    def __init__(self, backbone: Backbone, head: nn.Module, *, frozen: int, still: bool) -> None:
        super().__init__()
        self.stages = backbone.stages
        self.frozen = self._held = frozen
        self._still = still
        self.head = head
        self.hold(frozen)

    def hold(self, count: int) -> None:
        """Let all stages but the first so many learn, from now on, of those that ever do."""
        self._held = max(count, self.frozen)
        self.stages.requires_grad_(True)
        for module in self._unlearning():
            module.requires_grad_(False)
        self.train()

    def lay_out(self, device: torch.device) -> None:
        """Move to a device; on a processor with channels last, by which a step takes a quarter less time."""
        self.to(device)
        for one in self.parameters() if device.type == "cpu" else ():
            if one.ndim == IMAGES:
                one.data = one.data.contiguous(memory_format=torch.channels_last)

    def begin(self, images: torch.Tensor) -> torch.Tensor:
        """Run the stages that never learn, by which a photo can be known ever after; pooled, where all are."""
        with torch.no_grad():
            maps: torch.Tensor = self.stages[: self.frozen](images)
            return maps.mean(dim=(2, 3), keepdim=True) if self.frozen == len(self.stages) else maps

    def pool(self, maps: torch.Tensor) -> torch.Tensor:
        """Run the other stages, and pool: rows (N, C) of length 1, which are what the backbone's own extractor gives.

        `maps` are what `begin` gave.
        """
        made: torch.Tensor = self.stages[self.frozen :](maps)
        return nn.functional.normalize(made.float().mean(dim=(2, 3)))

    @abstractmethod
    def finish(self, maps: torch.Tensor) -> torch.Tensor:
        """Give rows of what `begin` gave."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Give rows of images."""
        return self.finish(self.begin(images))

    def train(self, mode: bool = True) -> StagedNetwork:  # noqa: FBT001, FBT002 (torch's signature)
        """Let what learns behave as in training, or nothing."""
        super().train(mode)
        for module in self._unlearning():
            module.eval()
        return self

    def _unlearning(self) -> Iterator[nn.Module]:
        yield from list(self.stages)[: self._held]
        if self._still:
            yield from (module for module in self.stages.modules() if isinstance(module, NORMALISATIONS))

    def learning(self, rate: float, decay: float, *, head_rate: float, head_decay: float) -> list[dict[str, Any]]:
        """Give what an optimiser takes: the stages' parameters that learn, and the head's, by rates of their own."""
        held = self._held
        self.hold(self.frozen)
        stages = [one for one in self.stages.parameters() if one.requires_grad]
        self.hold(held)
        head = {"params": list(self.head.parameters()), "lr": rate * head_rate, "weight_decay": decay * head_decay}
        return [*([{"params": stages, "lr": rate, "weight_decay": decay}] if stages else []), head]


def count_channels(backbone: Backbone) -> int:
    """Count the maps that a backbone gives."""
    side = backbone.preprocessing.crop
    with torch.inference_mode():
        return int(backbone.stages.eval()(torch.zeros(1, 3, side, side)).shape[1])


def count_frozen(text: str, backbone: Backbone) -> int:
    """Read how many stages are frozen: a number, all but the last, or all."""
    most = len(backbone.stages)
    if text in (ALL, BUT_LAST):
        return most - (text == BUT_LAST)
    if not (text.isascii() and text.isdecimal() and int(text) <= most):
        told = f"{backbone.architecture} has {most} stages: give 0 to {most}, {BUT_LAST} or {ALL}"
        raise ParameterError(f"freeze {text}: {told}")
    return int(text)
