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
    """A distribution of numbers in a few of them.

    Parameters
    ----------
    mean, deviation : float
        The standard deviation divides by the count.
    min, q25, q50, q75, max : float
        Quantiles, interpolated linearly as `numpy.quantile` does.
    """

    mean: float
    deviation: float
    min: float
    q25: float
    q50: float
    q75: float
    max: float


def count_values(image: Image) -> NDArray[np.int64]:
    """Count how many pixels have each value.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.

    Returns
    -------
    ndarray of int64, shape (3, 256)
        Of red, green and blue; such counts add up over photos.
    """
    return np.array(PIL.Image.fromarray(np.ascontiguousarray(image)).histogram(), np.int64).reshape(3, 256)


def describe_counts(counts: ArrayLike) -> Distribution:
    """Describe whole numbers that were counted.

    Parameters
    ----------
    counts : array_like of int, shape (V,)
        How many are 0, 1, 2, ...; at least one.

    Returns
    -------
    Distribution
        Exact: what the numbers themselves would give.

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
    """Describe a few numbers, such as the widths of photos.

    Parameters
    ----------
    values : array_like of float, shape (N,)
        At least one.

    Returns
    -------
    Distribution
        As of counts.
    """
    numbers = np.asarray(values, float)
    return Distribution(float(numbers.mean()), float(numbers.std()), *np.quantile(numbers, _QUANTILES).tolist())


def merge_bins(counts: NDArray[np.int64], bins: int) -> NDArray[np.int64]:
    """Count in fewer bins.

    Parameters
    ----------
    counts : ndarray of int64, shape (..., 256)
        Of single values.
    bins : int
        Equal ones: 1, 2, 4, 8, 16, 32, 64, 128 or 256.

    Returns
    -------
    ndarray of int64, shape (..., bins)
        Their sums.

    Raises
    ------
    ParameterError
        If the values do not divide equally.
    """
    if bins < 1 or counts.shape[-1] % bins:
        raise ParameterError(f"{counts.shape[-1]} values do not divide into {bins} equal bins: take a power of two")
    merged: NDArray[np.int64] = counts.reshape(*counts.shape[:-1], bins, -1).sum(axis=-1)
    return merged
