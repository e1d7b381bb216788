"""The rows of each part's photos by a run's network, of which those as it begins are shared with other runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from imgsim.training.served_photos import ServedPhotos
from imgsim.training.shared_work import BegunPhotos, SharedWork
from imgsim.training.split_file import PARTS

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from imgsim.core import Features
    from imgsim.models.vision import torch
    from imgsim.training.decoded_photos import DecodedPhotos
    from imgsim.training.run_setup import RunSetup
    from imgsim.training.split_file import SplitPhotos
    from imgsim.training.staged_network import StagedNetwork

T = TypeVar("T")


class PartRows:
    """Makes rows of the photos of a part that are no copies of an earlier one, as the exported model will."""

    def __init__(self, setup: RunSetup[Any], network: StagedNetwork, split: SplitPhotos, photos: DecodedPhotos) -> None:
        backbone, means = setup.backbone, setup.means
        self._network, self._means = network, means
        self._shared = means.shared or SharedWork()
        self._seen = (backbone.architecture, backbone.weights, backbone.preprocessing, setup.crop, network.frozen)
        begun = self.once("begun", (), lambda: BegunPhotos(means.most_bytes * 3 // 4))
        self._paths = {part: split.paths_of(split.asked(part)) for part in PARTS}
        self._served = {
            part: ServedPhotos(photos.take(split.asked(part)), paths, network, backbone.preprocessing, begun)
            for part, paths in self._paths.items()
        }

    def once(self, name: str, key: tuple[Hashable, ...], make: Callable[[], T]) -> T:
        """Do a kind of work, or give what another run made of it whose network sees photos alike, by the same key."""
        return self._shared.once(name, (*self._seen, *key), make)

    def rows(self, part: str, finish: Callable[[torch.Tensor], torch.Tensor], told: str = "") -> Features:
        """Give a part's rows (N, D), by what is done with maps; how far they are is told by a name, if there is one."""
        if not told:
            return self._served[part].rows(finish)
        return self._served[part].rows(finish, lambda share: self._means.advanced(f"{told}: {part}", share))

    def pooled(self, told: str) -> dict[str, Features]:
        """Give each part's rows as the backbone makes them, before anything has learned."""

        def pool(part: str) -> Features:
            return self.once(f"pooled {part}", (self._paths[part],), lambda: self.rows(part, self._network.pool, told))

        return {part: pool(part) for part in PARTS}
