"""The pictures that `imgsim segment` writes: a folder mirrored under another, each whole, nobody else's replaced."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imgsim.errors import ImageReadError
from imgsim.files import replace_file
from imgsim.images.draw import ImageWriteError
from imgsim.images.mark import is_drawn
from imgsim.images.reasons import system_reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KINDS = ("cutout", "mask", "overlay")
LABELS = "labels.txt"
OURS = "# What the values of the masks here mean, from 0 on; written by imgsim segment.\n"


class PartFiles:
    """Where the pictures of photos go: ``FOLDER/.../STEM-KIND.png``."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._taken: dict[str, str] = {}  # the photo of each place
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise ImageWriteError(f"{folder}: cannot be made ({system_reason(error)})") from error

    def place(self, photo: str, within: str) -> str:
        """Give the place of a photo's pictures, by where it is within what was named; ImageReadError if it is taken."""
        place = os.path.join(self._folder, os.path.splitext(within)[0])
        other = self._taken.setdefault(os.path.normcase(place), photo)
        if other != photo:
            told = f"its pictures would be those of {other}: give the folder above both, or another -o"
            raise ImageReadError(photo, told)
        for kind in KINDS:
            _check_ours(f"{place}-{kind}.png")
        return place

    def write(self, place: str, pictures: Mapping[str, bytes]) -> None:
        """Write a photo's pictures, each whole or not at all."""
        os.makedirs(os.path.dirname(place), exist_ok=True)
        for kind, data in pictures.items():
            _replace(f"{place}-{kind}.png", data)

    def write_labels(self, names: Sequence[str]) -> None:
        """Write what the masks' values mean, for `--segment mask:folder=FOLDER`."""
        path = os.path.join(self._folder, LABELS)
        if os.path.lexists(path):
            with open(path, "rb") as stream:
                if not stream.read(len(OURS)).decode("utf-8", "replace").startswith(OURS):
                    raise ImageWriteError(f"{path}: not written by imgsim, and is left as it is: choose another -o")
        _replace(path, (OURS + "".join(f"{name}\n" for name in names)).encode())


def _check_ours(path: str) -> None:
    """Refuse to replace what imgsim did not draw."""
    if not os.path.lexists(path):
        return
    try:
        with open(path, "rb") as stream:
            ours = is_drawn(stream.read(1024))
    except OSError as error:
        raise ImageWriteError(f"{path}: is there already, and cannot be read ({system_reason(error)})") from error
    if not ours:
        raise ImageWriteError(f"{path}: is there already, and imgsim did not draw it: move it, or choose another -o")


def _replace(path: str, data: bytes) -> None:
    try:
        replace_file(path, data)
    except OSError as error:
        raise ImageWriteError(f"{path}: cannot be written ({system_reason(error)})") from error
