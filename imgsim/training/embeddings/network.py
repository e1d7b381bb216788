"""A network that gives embeddings: a backbone, some of it frozen, the mean of its maps, and a projection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgsim.models.checked_rows import write_checked
from imgsim.models.header import Header
from imgsim.models.vision import torch
from imgsim.training.staged_network import StagedNetwork, count_channels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgsim.training.backbone import Backbone
    from imgsim.training.embeddings.linear_head import Projection

nn = torch.nn


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
    dim = int(network.head.out_features)  # type: ignore[arg-type]
    details = {"crop": backbone.crop_for("whole"), "recipe": dict(recipe)}
    header = Header(
        "embedding",
        {"trunk": backbone.weights},
        backbone.preprocessing,
        {"rows": ("n", dim)},
        details,
        licence,
    )
    of = f" of {backbone.architecture}"
    return write_checked(network, header, any_size=backbone.any_size, what="the embedding", of=of)
