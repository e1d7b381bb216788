"""Which photos of a run train, validate and test: by classes, by photos, by a published protocol, or by scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.evaluation.copy_groups import group_copies
from imgsim.training.embeddings.product_splits import describe_parts, split_products
from imgsim.training.embeddings.recipe import PRODUCT_SPLITS
from imgsim.training.embeddings.scored_photos import split_scored
from imgsim.training.embeddings.splits import split_photos
from imgsim.training.split_file import collect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.training.decoded_photos import DecodingOutcome
    from imgsim.training.embeddings.recipe import TrainingRecipe
    from imgsim.training.run_means import ClassedPhotos
    from imgsim.training.run_setup import RunSetup
    from imgsim.training.split_file import SplitPhotos


def split_for(
    setup: RunSetup[TrainingRecipe], photos: ClassedPhotos, decoded: DecodingOutcome
) -> tuple[SplitPhotos, NDArray[np.intp]]:
    """Give photos (N,) their parts as the recipe says, copies the same one; and the places of those that have one."""
    readable, recipe = decoded.readable, setup.recipe
    codes = np.where(readable, photos.codes, -1)
    copies = group_copies([decoded.digests], decoded.hashes, readable, readable)
    why = "none but copies of them is of their class"
    if recipe.kind == "scores":
        parts = split_scored(codes >= 0, copies, photos.groups, shares=recipe.parts, seed=recipe.seed)
        why = "they have a score, and no group"
    else:
        parts, copies = _split_classes(setup, codes, copies, photos.tests)
    if alone := int(((parts < 0) & (codes >= 0)).sum()):
        setup.means.said(f"{alone} photos are left out: {why}")
    return collect(photos.paths, list(photos.names), codes, parts, copies), np.flatnonzero(parts >= 0)


def _split_classes(
    setup: RunSetup[TrainingRecipe],
    codes: NDArray[np.intp],
    copies: NDArray[np.intp],
    tests: NDArray[np.bool_] | None,
) -> tuple[NDArray[np.int8], NDArray[np.intp]]:
    """Give photos (N,) their parts, and the groups of copies that count as one: none by a published protocol."""
    recipe, said = setup.recipe, setup.means.said
    by, shares, seed = recipe.split, recipe.parts, recipe.seed
    if tests is None or by not in PRODUCT_SPLITS:
        if tests is not None:
            said(f"split {by} deals the photos of both lists: figures compare with no published ones")
        return split_photos(codes, copies, by=by, shares=shares, seed=seed), copies
    parts = split_products(codes, tests, by=by, shares=shares, seed=seed)
    said(describe_parts(parts, codes, copies))
    return parts, np.arange(len(codes))
