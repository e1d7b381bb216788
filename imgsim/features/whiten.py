"""Fitting a whitening to photos."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import ImageReadError, ParameterError
from imgsim.features.deep import DeepExtractor
from imgsim.features.extractor_table import load_extractor
from imgsim.features.measure import measure
from imgsim.images.limits import LIMITS, Limits
from imgsim.models.whitening import fit_whitening, store_whitening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def fit_to_photos(
    paths: Iterable[str],
    text: str,
    dim: int,
    skipped: Callable[[ImageReadError], None],
    limits: Limits = LIMITS,
) -> str:
    """Fit a PCA-whitening to the features of photos."""
    extractor = load_extractor(text)
    if not isinstance(extractor, DeepExtractor):
        raise ParameterError(f"{text} is no deep extractor: only those are whitened")
    bare = replace(extractor, whitening="")
    rows = [np.zeros((0, bare.dim), np.float32)]
    for photo in measure(paths, [bare], limits=limits):
        if isinstance(photo, ImageReadError):
            skipped(photo)
        else:
            rows.append(photo.features[0])
    return store_whitening(fit_whitening(np.concatenate(rows), dim, fitted_to=bare.spec.to_json()))
