"""Looking through the folder that an index is of, or is to be of."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imgsim.errors import ImgsimError
from imgsim.images.find import find_images

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.images.find import Found


def check_folder(folder: str) -> None:
    """Make sure that a folder is one."""
    if not os.path.isdir(folder):
        raise ImgsimError(f"{folder}: {'not a folder' if os.path.exists(folder) else 'no such folder'}")


def scan_folder(folder: str, *, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> Found:
    """Walk a folder for pictures."""
    check_folder(folder)
    try:
        return find_images(folder, include=include, exclude=exclude)
    except OSError as error:
        raise ImgsimError(f"{folder}: {error.strerror}") from error
