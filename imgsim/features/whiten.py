"""Fitting a whitening to a folder of photos."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import ImageReadError, ParameterError
from imgsim.features.deep import DeepExtractor
from imgsim.features.extractor_table import load_extractor
from imgsim.images.find import find_images
from imgsim.images.read import read_image
from imgsim.models.whitening import fit_whitening, store_whitening

if TYPE_CHECKING:
    from collections.abc import Callable


def fit_to_folder(folder: str, text: str, dim: int, skipped: Callable[[str], None]) -> str:
    """Fit a PCA-whitening to the features of a folder's photos."""
    extractor = load_extractor(text)
    if not isinstance(extractor, DeepExtractor):
        raise ParameterError(f"{text} is no deep extractor: only those are whitened")
    bare = replace(extractor, whitening="")
    rows = [np.zeros((0, bare.dim), np.float32)]
    for photo in find_images(folder).images:
        try:
            image = read_image(os.path.join(folder, photo.path), scale=bare.scale)
        except ImageReadError as error:
            skipped(f"skipped {error}")
            continue
        rows.append(bare.extract([image]))
    return store_whitening(fit_whitening(np.concatenate(rows), dim, fitted_to=bare.spec.to_json()))
