"""A network that gives embeddings: a backbone, some of it frozen, the mean of its maps, and a projection."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.errors import ParameterError, WeightsError
from imgsim.models.header import Header
from imgsim.models.onnx_file import write_onnx
from imgsim.models.session import Session
from imgsim.models.vision import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from imgsim.training.embeddings.backbone import Backbone
    from imgsim.training.embeddings.linear_head import Projection

nn = torch.nn
TOLERANCE = 1e-4  # of a value of a row of length 1, between torch and ONNX Runtime
ALL = "all"  # of the stages
IMAGES = 4  # axes of what convolutions multiply by
NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class EmbeddingNetwork(nn.Module):
    """From normalised images (N, 3, h, w) to embeddings (N, dim) of length 1.

    The first `frozen` stages do not learn, nor, where `still`, does any batch normalisation.
    """

    def __init__(self, backbone: Backbone, *, dim: int, frozen: int, still: bool, generator: torch.Generator) -> None:
        super().__init__()
        self.stages = backbone.stages
        self.frozen = frozen
        self._still = still
        self.head = nn.Linear(count_channels(backbone), dim)
        nn.init.orthogonal_(self.head.weight, generator=generator)  # distances begin as those between pooled maps
        nn.init.zeros_(self.head.bias)
        for module in self._unlearning():
            module.requires_grad_(False)
        self.train()

    def lay_out(self, device: torch.device) -> None:
        """Move to a device; on a processor with channels last, by which a step takes a quarter less time."""
        self.to(device)
        for one in self.parameters() if device.type == "cpu" else ():
            if one.ndim == IMAGES:
                one.data = one.data.contiguous(memory_format=torch.channels_last)

    def begin_head(self, projection: Projection) -> None:
        """Let the projection begin as another than an orthogonal one."""
        self.head.load_state_dict({name: torch.from_numpy(given) for name, given in projection._asdict().items()})

    def begin(self, images: torch.Tensor) -> torch.Tensor:
        """Run the stages that do not learn, by which a photo can be known ever after; pooled, where all are."""
        with torch.no_grad():
            maps: torch.Tensor = self.stages[: self.frozen](images)
            return maps.mean(dim=(2, 3), keepdim=True) if self.frozen == len(self.stages) else maps

    def pool(self, maps: torch.Tensor) -> torch.Tensor:
        """Run the other stages, and pool: rows (N, C) of length 1, which are what the backbone's own extractor gives.

        `maps` are what `begin` gave.
        """
        made: torch.Tensor = self.stages[self.frozen :](maps)
        return nn.functional.normalize(made.mean(dim=(2, 3)))

    def finish(self, maps: torch.Tensor) -> torch.Tensor:
        """Give embeddings of what `begin` gave."""
        return nn.functional.normalize(self.head(self.pool(maps)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Give embeddings of images."""
        return self.finish(self.begin(images))

    def train(self, mode: bool = True) -> EmbeddingNetwork:  # noqa: FBT001, FBT002 (torch's signature)
        """Let what learns behave as in training, or nothing."""
        super().train(mode)
        for module in self._unlearning():
            module.eval()
        return self

    def _unlearning(self) -> Iterator[nn.Module]:
        yield from list(self.stages)[: self.frozen]
        if self._still:
            yield from (module for module in self.stages.modules() if isinstance(module, NORMALISATIONS))

    def learning(self, rate: float, decay: float, *, head_rate: float, head_decay: float) -> list[dict[str, Any]]:
        """Give what an optimiser takes: the stages' parameters that learn, and the head's, by rates of their own."""
        stages = [one for one in self.stages.parameters() if one.requires_grad]
        head = {"params": list(self.head.parameters()), "lr": rate * head_rate, "weight_decay": decay * head_decay}
        return [*([{"params": stages, "lr": rate, "weight_decay": decay}] if stages else []), head]


def count_channels(backbone: Backbone) -> int:
    """Count the maps that a backbone gives."""
    side = backbone.preprocessing.crop
    with torch.inference_mode():
        return int(backbone.stages.eval()(torch.zeros(1, 3, side, side)).shape[1])


def count_frozen(text: str, backbone: Backbone) -> int:
    """Read how many stages are frozen: a number, or all."""
    most = len(backbone.stages)
    if text == ALL:
        return most
    if not (text.isascii() and text.isdecimal() and int(text) <= most):
        raise ParameterError(f"freeze {text}: {backbone.architecture} has {most} stages: give 0 to {most}, or {ALL}")
    return int(text)


def export_embedding(network: EmbeddingNetwork, backbone: Backbone, recipe: Mapping[str, Any], licence: str) -> bytes:
    """Write a network as the file that the extractor `embedding` runs, and hold it against torch's rows."""
    network.eval()
    side = backbone.preprocessing.crop
    dim = network.head.out_features
    details = {"crop": "whole" if backbone.any_size else "squash", "recipe": dict(recipe)}
    header = Header(
        "embedding",
        {"trunk": backbone.weights},
        backbone.preprocessing,
        {"rows": ("n", dim)},
        details,
        licence,
    )
    axes = {0: "n", 2: "h", 3: "w"} if backbone.any_size else {0: "n"}
    sample = torch.from_numpy(_noise(side, side))
    data = write_onnx(network, sample, header, axes, f"the embedding of {backbone.architecture}")
    session = Session(data, "cpu", "embedding", threads=1)
    sides = [(side, side), (side + 31, side + 64)] if backbone.any_size else [(side, side)]
    for height, width in sides:
        images = _noise(height, width)
        with torch.inference_mode():
            expected = network(torch.from_numpy(images)).numpy()
        worst = float(np.abs(session.run(images) - expected).max())
        if not worst < TOLERANCE:
            told = f"ONNX Runtime departs from torch by {worst:.1e}, more than {TOLERANCE:g}"
            raise WeightsError(f"the embedding: {told}")
    return data


def digest_of(network: nn.Module) -> str:
    """Digest a network's numbers, whichever machine they lie on."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensor.cpu().numpy()).tobytes())
    return digest.hexdigest()


def _noise(height: int, width: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal((2, 3, height, width), np.float32)
