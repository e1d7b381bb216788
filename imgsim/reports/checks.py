"""What a plot asks of its data before anything is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import ImgsimError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


class PlotError(ImgsimError):
    """Data that cannot be drawn, or a file ending that is not a picture's."""


def checked(values: ArrayLike, what: str, shape: tuple[int | None, ...]) -> NDArray[np.float64]:
    """Give data as finite numbers of the shape that a plot needs.

    Examples
    --------
    >>> checked([[1, 2]], "the matrix", (None, 2))
    array([[1., 2.]])
    """
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise PlotError(f"{what}: not an array of numbers") from error
    fits = array.ndim == len(shape) and all(
        want in (None, size) for want, size in zip(shape, array.shape, strict=False)
    )
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise PlotError(f"{what}: its shape is {array.shape}, not ({wanted})")
    if not array.size:
        raise PlotError(f"{what}: there is nothing in it to draw")
    bad = np.count_nonzero(~np.isfinite(array))
    if bad:
        raise PlotError(f"{what}: {bad:,} of {array.size:,} values are NaN or infinite")
    return array


def checked_names(names: Sequence[str], what: str, count: int) -> list[str]:
    """Give names as a list, one for each thing."""
    listed = [str(name) for name in names]
    if len(listed) != count:
        raise PlotError(f"{len(listed):,} names for {count:,} {what}")
    return listed
