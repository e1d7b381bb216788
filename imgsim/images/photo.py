"""Photos as a Python program has them: paths, a file's bytes, PIL images, arrays."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import PIL.Image

from imgsim.errors import ImageReadError
from imgsim.images.pixels import eight_bit, ground, orientation, profile_of, to_pixels
from imgsim.images.reasons import decoding_reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imgsim.core import Image

Photo: TypeAlias = "str | os.PathLike[str] | bytes | PIL.Image.Image | Image"
EXPECTED = "a path, a file's bytes, a PIL image, or an array of uint8, shape (H, W, 3) or (H, W)"


def to_source(photo: Photo) -> str | bytes | Image:
    """Give a path or a file's bytes as they are, pixels as upright RGB, shape (H, W, 3); TypeError for all else."""
    if isinstance(photo, str | bytes):
        return photo
    if isinstance(photo, os.PathLike):
        return os.fspath(photo)
    if isinstance(photo, PIL.Image.Image):
        try:
            turn, profile, pixels = orientation(photo), profile_of(photo), eight_bit(photo)
            return to_pixels(pixels, pixels.size, turn, profile, ground(pixels))[0]
        except Exception as error:  # it may be a file that is read only now
            name = getattr(photo, "filename", "") or "a PIL image"
            raise ImageReadError(name, decoding_reason(error, photo.format or "PIL", 0)) from error
    if isinstance(photo, np.ndarray):
        rgb = np.repeat(photo[..., None], 3, axis=2) if photo.ndim == 2 else photo
        if rgb.dtype == np.uint8 and rgb.ndim == 3 and rgb.shape[2] == 3 and rgb.size:
            return rgb
        raise TypeError(f"a photo is {EXPECTED}, not an array of {photo.dtype}, shape {photo.shape}")
    raise TypeError(f"a photo is {EXPECTED}, not {type(photo).__name__}")


def to_photos(photos: Photo | Iterable[Photo]) -> list[Photo]:
    """List photos; one alone is a list of one, a column of a table one for each cell."""
    if isinstance(photos, str | bytes | os.PathLike | PIL.Image.Image):
        return [photos]
    if isinstance(photos, np.ndarray) and photos.dtype == np.uint8 and photos.ndim in (2, 3):
        return [photos]
    listed = np.asarray(photos, object) if getattr(photos, "ndim", 1) == 2 else photos
    if isinstance(listed, np.ndarray) and listed.dtype == object and listed.ndim == 2:
        if listed.shape[1] != 1:
            raise TypeError(f"photos are one column, not {listed.shape[1]}")
        return list(listed[:, 0])
    try:
        return list(listed)
    except TypeError:
        raise TypeError(f"photos are a list, each {EXPECTED}, not {type(photos).__name__}") from None
