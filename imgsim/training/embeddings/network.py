"""A network that gives embeddings: a backbone, some of it frozen, the mean of its maps, and a projection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.errors import WeightsError
from imgsim.models.header import Header
from imgsim.models.onnx_file import write_onnx
from imgsim.models.session import Session
from imgsim.models.vision import torch
from imgsim.training.staged_network import StagedNetwork, count_channels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from imgsim.training.backbone import Backbone
    from imgsim.training.embeddings.linear_head import Projection

nn = torch.nn
TOLERANCE = 1e-4  # of a value of a row of length 1, between torch and ONNX Runtime


class EmbeddingNetwork(StagedNetwork):
    """From normalised images (N, 3, h, w) to embeddings (N, dim) of length 1."""

    def __init__(self, backbone: Backbone, *, dim: int, frozen: int, still: bool, generator: torch.Generator) -> None:
        head = nn.Linear(count_channels(backbone), dim)
        nn.init.orthogonal_(head.weight, generator=generator)  # distances begin as those between pooled maps
        nn.init.zeros_(head.bias)
        super().__init__(backbone, head, frozen=frozen, still=still)

    def begin_head(self, projection: Projection) -> None:
        """Let the projection begin as another than an orthogonal one."""
        self.head.load_state_dict({name: torch.from_numpy(given) for name, given in projection._asdict().items()})

    def finish(self, maps: torch.Tensor) -> torch.Tensor:
        """Give embeddings of what `begin` gave."""
        return nn.functional.normalize(self.head(self.pool(maps)).float())


def export_embedding(network: EmbeddingNetwork, backbone: Backbone, recipe: Mapping[str, Any], licence: str) -> bytes:
    """Write a network as the file that the extractor `embedding` runs, and hold it against torch's rows."""
    network.eval()
    side = backbone.preprocessing.crop
    dim = int(network.head.out_features)  # type: ignore[arg-type]
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


def _noise(height: int, width: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal((2, 3, height, width), np.float32)
