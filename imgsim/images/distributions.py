"""How red, green and blue are distributed in photos, exactly, from counts of their 256 values."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import PIL.Image

from imgsim.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from imgsim.core import Image

CHANNELS = ("red", "green", "blue")
_QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


class Distribution(NamedTuple):
    """A distribution of numbers: the deviation divides by the count, quantiles are interpolated as NumPy does."""

    mean: float
    deviation: float
    min: float
    q25: float
    q50: float
    q75: float
    max: float


def count_values(image: Image, mask: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Count how many pixels of an image (H, W, 3), or of those that a mask (H, W) marks, have each value: (3, 256).

    Such counts add up over photos.
    """
    marked = None if mask is None else PIL.Image.fromarray(mask.astype(np.uint8) * 255)
    return np.array(PIL.Image.fromarray(np.ascontiguousarray(image)).histogram(marked), np.int64).reshape(3, 256)


def describe_counts(counts: ArrayLike) -> Distribution:
    """Describe whole numbers exactly, from how many are 0, 1, 2, ...: counts (V,), at least one of them above 0.

    Examples
    --------
    >>> describe_counts([1, 0, 2, 1])
    Distribution(mean=1.75, deviation=1.0897247358851685, min=0.0, q25=1.5, q50=2.0, q75=2.25, max=3.0)
    """
    numbers = np.asarray(counts, np.int64)
    values, total, upto = np.arange(len(numbers)), int(numbers.sum()), np.cumsum(numbers)
    mean = float(values @ numbers / total)
    deviation = float(np.sqrt((values - mean) ** 2 @ numbers / total))
    places = np.array(_QUANTILES) * (total - 1)
    below = np.searchsorted(upto, np.floor(places), side="right")
    above = np.searchsorted(upto, np.ceil(places), side="right")
    return Distribution(mean, deviation, *(below + (above - below) * (places % 1)).tolist())


def describe_values(values: ArrayLike) -> Distribution:
    """Describe a few numbers (N,), at least one, such as the widths of photos."""
    numbers = np.asarray(values, float)
    return Distribution(float(numbers.mean()), float(numbers.std()), *np.quantile(numbers, _QUANTILES).tolist())


def merge_bins(counts: NDArray[np.int64], bins: int) -> NDArray[np.int64]:
    """Count in fewer equal bins: (..., 256) to (..., bins); ParameterError unless `bins` divides 256."""
    if bins < 1 or counts.shape[-1] % bins:
        raise ParameterError(f"{counts.shape[-1]} values do not divide into {bins} equal bins: take a power of two")
    merged: NDArray[np.int64] = counts.reshape(*counts.shape[:-1], bins, -1).sum(axis=-1)
    return merged
