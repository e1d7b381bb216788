"""From sRGB to CIE 1976 L*a*b*, in NumPy: OpenCV builds tables for that which take a query longer than all else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Image

# Linear sRGB to CIE XYZ, each over its value for white (IEC 61966-2-1, D65).
TO_XYZ = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
TO_XYZ /= TO_XYZ.sum(axis=1, keepdims=True)

_SHARE = np.arange(256) / 255
_LINEAR = np.where(_SHARE <= 0.04045, _SHARE / 12.92, ((_SHARE + 0.055) / 1.055) ** 2.4)


def to_lab(colors: Image) -> NDArray[np.float64]:
    """Convert sRGB to CIE 1976 L*a*b* (D65).

    Parameters
    ----------
    colors : ndarray of uint8, shape (..., 3)
        RGB: a picture, or rows of colours.

    Returns
    -------
    ndarray of float64, shape (..., 3)
        L* in 0..100, a* and b* in about -110..100; 0 is grey.

    References
    ----------
    IEC 61966-2-1, "Default RGB colour space - sRGB", 1999. CIE 15, "Colorimetry".

    Examples
    --------
    >>> import numpy as np
    >>> to_lab(np.array([[255, 255, 255], [255, 0, 0]], np.uint8)).round(1).tolist()
    [[100.0, 0.0, 0.0], [53.2, 80.1, 67.2]]
    """
    xyz = _LINEAR[colors] @ TO_XYZ.T
    x, y, z = np.moveaxis(np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
