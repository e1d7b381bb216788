"""Photos as the extractor of a trained network will be given them: whole, and one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.features.deep import normalise
from imgsim.models.vision import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgsim.core import Features
    from imgsim.models.architectures import Preprocessing
    from imgsim.training.decoded_photos import DecodedPhotos
    from imgsim.training.staged_network import StagedNetwork


class ServedPhotos:
    """Makes rows of photos, and keeps what the frozen stages make of them as far as memory reaches."""

    def __init__(
        self, photos: DecodedPhotos, network: StagedNetwork, preprocessing: Preprocessing, most_bytes: int
    ) -> None:
        self._photos = photos
        self._network = network
        self._preprocessing = preprocessing
        self._left = most_bytes
        self._maps: dict[int, torch.Tensor] = {}

    def rows(
        self,
        finish: Callable[[torch.Tensor], torch.Tensor],
        advanced: Callable[[float], None] = lambda _: None,
    ) -> Features:
        """Give a row of each photo, (N, D), by what is to be done with its maps."""
        rows = []
        self._network.eval()
        with torch.inference_mode():
            for place in range(len(self._photos)):
                rows.append(finish(self._begun(place)).cpu().numpy())
                advanced((place + 1) / len(self._photos))
        return np.concatenate(rows) if rows else np.zeros((0, 0), np.float32)

    def _begun(self, place: int) -> torch.Tensor:
        """Give what the frozen stages make of a photo."""
        if place in self._maps:
            return self._maps[place]
        device = next(self._network.parameters()).device
        given = torch.from_numpy(normalise(self._photos[place], self._preprocessing)).to(device)
        maps = self._network.begin(given)
        if self._network.frozen and maps.nbytes <= self._left:
            self._left -= maps.nbytes
            self._maps[place] = maps
        return maps
