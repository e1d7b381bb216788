"""From feature maps to one row: pooling over places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Pooling = Literal["avg", "max", "gem"]


def pool(maps: NDArray[np.float32], kind: Pooling, p: float = 3.0) -> NDArray[np.float32]:
    """Pool feature maps over places.

    Parameters
    ----------
    maps : ndarray of float32, shape (N, C, h, w)
        The maps.
    kind : {"avg", "max", "gem"}
        The mean, the maximum, or the generalised mean of values clipped at 1e-6.
    p : float, default 3
        The power of the generalised mean: 1 is the mean, infinity the maximum.

    Returns
    -------
    ndarray of float32, shape (N, C)
        A row for each image.

    References
    ----------
    F. Radenovic, G. Tolias, O. Chum, "Fine-tuning CNN Image Retrieval with No Human Annotation", IEEE Transactions on
    Pattern Analysis and Machine Intelligence 41(7), 2019, equation 3: GeM.

    Examples
    --------
    >>> maps = np.array([[[[1.0, 3.0]]]], np.float32)
    >>> float(pool(maps, "avg")[0, 0]), float(pool(maps, "max")[0, 0]), round(float(pool(maps, "gem", 2.0)[0, 0]), 4)
    (2.0, 3.0, 2.2361)
    """
    if kind != "gem":
        return (maps.max if kind == "max" else maps.mean)(axis=(2, 3))  # type: ignore[no-any-return]
    clipped = np.maximum(maps, 1e-6)
    most = clipped.max(axis=(2, 3), keepdims=True)  # taken out: high powers overflow
    return most[:, :, 0, 0] * np.mean((clipped / most) ** np.float32(p), axis=(2, 3)) ** np.float32(1 / p)  # type: ignore[no-any-return]
