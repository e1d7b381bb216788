"""Where the photos of a catalogue are: under a name of theirs, or under that which somebody gave them since."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from imgsim.errors import ImageReadError
from imgsim.fetch.arrived_photo import photo_name
from imgsim.images.read import content_digest, open_photo
from imgsim.paths import posix

if TYPE_CHECKING:
    from imgsim.fetch.arrived_photo import ArrivedPhoto
    from imgsim.fetch.catalogue import Catalogue

DIGITS = (8, 16, 32)  # of the digest in a name, until it is free


def find_photos(catalogue: Catalogue, folder: str) -> int:
    """Note which photos are where they were; look for the others by content, and count those found elsewhere."""
    for digest, file in catalogue.photos:
        if not _has_content(os.path.join(folder, file)):
            catalogue.photos.lose(digest)
    return _find_moved(catalogue, folder) if catalogue.photos.any_missing() else 0


def _has_content(path: str) -> bool:
    """Tell whether a file is there and not empty, as one is that a power failure cut off."""
    with suppress(OSError):
        return os.stat(path).st_size > 0
    return False


def _find_moved(catalogue: Catalogue, folder: str) -> int:
    count = 0
    for at, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = os.path.join(at, name)
            file = posix(os.path.relpath(path, folder))
            with suppress(OSError, ImageReadError):
                digests = catalogue.photos.missing(os.stat(path).st_size)
                if digests and not catalogue.photos.has_file(file) and (digest := digest_of(path)) in digests:
                    catalogue.photos.keep(digest, file, os.stat(path).st_size)
                    count += 1
    return count


def digest_of(path: str) -> str:
    """Digest a photo's file; ImageReadError where it cannot be read."""
    with open_photo(path) as stream:
        return content_digest(stream).hex()


def place_photo(catalogue: Catalogue, folder: str, photo: ArrivedPhoto, item: str) -> bool:
    """Give a photo its name, and tell whether it is new here: of one content there is one file."""
    known = catalogue.photos.file_of(photo.digest)
    if known and _has_content(os.path.join(folder, known)):
        os.unlink(photo.part)
        return False
    for digits in DIGITS:
        file = photo_name(item, photo.digest, photo.extension, digits)
        path = os.path.join(folder, file)
        if not _has_content(path):
            os.replace(photo.part, path)
            break
        if _is(path, photo.digest):  # of a run that was killed before it noted it
            os.unlink(photo.part)
            break
    catalogue.photos.keep(photo.digest, file, photo.size)
    return True


def _is(path: str, digest: str) -> bool:
    with suppress(ImageReadError):
        return digest_of(path) == digest
    return False
