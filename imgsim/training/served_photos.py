"""Photos as the extractor of a trained network will be given them: whole, and one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.features.deep import normalise
from imgsim.models.vision import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imgsim.core import Features
    from imgsim.models.architectures import Preprocessing
    from imgsim.training.decoded_photos import DecodedPhotos
    from imgsim.training.shared_work import BegunPhotos
    from imgsim.training.staged_network import StagedNetwork


class ServedPhotos:
    """Makes rows of photos at paths, and has what the frozen stages make of them kept in `begun`."""

    def __init__(
        self,
        photos: DecodedPhotos,
        paths: Sequence[str],
        network: StagedNetwork,
        preprocessing: Preprocessing,
        begun: BegunPhotos,
    ) -> None:
        self._photos = photos
        self._paths = paths
        self._network = network
        self._preprocessing = preprocessing
        self._begun = begun

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
                rows.append(finish(self._maps(place)).cpu().numpy())
                advanced((place + 1) / len(self._photos))
        return np.concatenate(rows) if rows else np.zeros((0, 0), np.float32)

    def _maps(self, place: int) -> torch.Tensor:
        """Give what the frozen stages make of a photo."""
        if not self._network.frozen:
            return self._begin(place)
        return self._begun.begun(self._paths[place], lambda: self._begin(place))

    def _begin(self, place: int) -> torch.Tensor:
        device = next(self._network.parameters()).device
        given = torch.from_numpy(normalise(self._photos[place], self._preprocessing)).to(device)
        return self._network.begin(given)
