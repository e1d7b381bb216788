"""What a network that learns an embedding is given of photos: new crops in every epoch, or a few that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.models.vision import torch
from imgsim.training.batches import Augmentation, CroppedPhotos, PictureFeed, ViewFeed, view_photos

if TYPE_CHECKING:
    from imgsim.core import Features
    from imgsim.training.batches import Feed
    from imgsim.training.decoded_photos import DecodedPhotos
    from imgsim.training.embeddings.recipe import TrainingRecipe
    from imgsim.training.part_rows import PartRows
    from imgsim.training.run_setup import RunSetup
    from imgsim.training.split_file import SplitPhotos
    from imgsim.training.staged_network import StagedNetwork


class TrainingCrops:
    """Crops of the photos that train; views of them, drawn once, are shared with other runs."""

    def __init__(
        self,
        setup: RunSetup[TrainingRecipe],
        network: StagedNetwork,
        split: SplitPhotos,
        photos: DecodedPhotos,
        shared: PartRows,
    ) -> None:
        recipe, places = setup.recipe, split.places("train")
        self._setup, self._network, self._shared = setup, network, shared
        self._photos, self._paths = photos.take(places), split.paths_of(places)
        least, flip = recipe.least_crop, recipe.flip == "yes"
        self._augmentation = Augmentation(setup.backbone.preprocessing, least=least, flip=flip)

    def feed(self) -> Feed:
        """Give what makes batches of them."""
        recipe, team = self._setup.recipe, self._setup.team
        if not recipe.views:
            crops = CroppedPhotos(self._photos, self._augmentation, recipe.seed)
            return PictureFeed(crops, self._setup.means.jobs, team)
        return ViewFeed(self._views(), recipe.views, recipe.seed, team)

    def pool_views(self) -> Features:
        """Give the rows of photos' views, photo after photo, as the network makes them before training."""
        device = next(self._network.parameters()).device
        self._network.eval()
        with torch.inference_mode():
            parts = self._views().split(self._setup.recipe.views)
            return np.concatenate([self._network.pool(maps.to(device)).cpu().numpy() for maps in parts])

    def _views(self) -> torch.Tensor:
        """Draw views of photos, and give what the frozen stages make of them, photo after photo."""
        recipe, means = self._setup.recipe, self._setup.means
        begin = lambda: view_photos(  # noqa: E731
            self._photos,
            self._augmentation,
            self._network,
            views=recipe.views,
            seed=recipe.seed,
            most_bytes=means.most_bytes,
            advanced=lambda share: means.advanced("views", share),
        )
        drawn = (recipe.views, recipe.seed, recipe.least_crop, recipe.flip)
        return self._shared.once("views", (*drawn, self._paths), begin)
