"""Fitting a whitening to a folder of photos."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import ImageReadError, ParameterError
from imgsim.features.deep import DeepExtractor
from imgsim.features.extractor_table import load_extractor
from imgsim.features.measure import measure
from imgsim.images.find import find_images
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
    for photo in measure((os.path.join(folder, image.path) for image in find_images(folder).images), [bare]):
        if isinstance(photo, ImageReadError):
            skipped(f"skipped {photo}")
        else:
            rows.append(photo.features[0])
    return store_whitening(fit_whitening(np.concatenate(rows), dim, fitted_to=bare.spec.to_json()))
