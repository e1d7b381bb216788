"""What a network that learns classes is given of photos: new pictures in every epoch, or a few that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.training.batches import Augmentation, PictureFeed, keep_maps
from imgsim.training.classifiers.class_balance import ORIGINAL
from imgsim.training.classifiers.class_pictures import ClassPictures, KeptPictures
from imgsim.training.classifiers.sample_sheet import draw_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.training.batches import Feed
    from imgsim.training.classifiers.class_balance import ClassBalance
    from imgsim.training.classifiers.classifier_recipe import ClassifierRecipe
    from imgsim.training.decoded_photos import DecodedPhotos
    from imgsim.training.part_rows import PartRows
    from imgsim.training.run_setup import RunSetup
    from imgsim.training.staged_network import StagedNetwork


def feed_classes(
    setup: RunSetup[ClassifierRecipe],
    network: StagedNetwork,
    balance: ClassBalance,
    photos: DecodedPhotos,
    paths: Sequence[str],
    shared: PartRows,
) -> Feed:
    """Give what makes batches of the photos that train, and draw samples; kept maps are shared with other runs."""
    recipe, means = setup.recipe, setup.means
    augmentation = Augmentation(setup.backbone.preprocessing, least=recipe.least_crop, flip=recipe.flip == "yes")
    pictures = ClassPictures(photos, augmentation, balance, augment=recipe.augment, seed=recipe.seed)
    draw_samples(pictures, balance, paths, setup.folder.file("samples.png"))
    if not recipe.views:
        return PictureFeed(pictures, means.jobs)
    counts = np.array([len(pictures.kept_of(place, recipe.views)) for place in range(len(photos))])
    begin = lambda: keep_maps(  # noqa: E731
        lambda place: pictures.views_of(place, recipe.views),
        counts,
        network,
        most_bytes=means.most_bytes,
        advanced=lambda share: means.advanced("views", share),
    )
    drawn = (recipe.views, recipe.seed, recipe.least_crop, recipe.flip, recipe.augment)
    maps = shared.once("views", (*drawn, tuple(paths), counts.tobytes()), begin)
    return KeptPictures(maps, counts, recipe.views, fixed=recipe.augment == ORIGINAL, seed=recipe.seed)
