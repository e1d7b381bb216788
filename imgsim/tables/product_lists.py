"""Stanford Online Products as its authors lay it out: two lists of photos and their classes, one to learn from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import TableError, first_few

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

TRAIN, TEST = "Ebay_train.txt", "Ebay_test.txt"
COLUMNS = ["image_id", "class_id", "super_class_id", "path"]


class ProductPhoto(NamedTuple):
    """What a list says of a photo: its class, whether it is one to test by, and where it says so."""

    class_id: str
    tests: bool
    place: str


def read_products(root: str, paths: Collection[str]) -> dict[str, ProductPhoto]:
    """Read what the lists in a folder say of its photos, by their paths; TableError at what cannot be.

    `paths` are photos that are known to be there; others that are listed are looked for.
    """
    photos: dict[str, ProductPhoto] = {}
    of_class: dict[str, ProductPhoto] = {}
    for name in (TRAIN, TEST):
        file = os.path.join(root, name)
        for line, class_id, path in _lines(file):
            photo = ProductPhoto(class_id, name == TEST, f"{file}: line {line}")
            if other := photos.get(path):
                raise TableError(file, f"line {line}: {path} is listed already, {_where(other, file)}")
            if of_class.setdefault(class_id, photo).tests != photo.tests:
                other = of_class[class_id]
                raise TableError(file, f"line {line}: class {class_id} is in both lists, {_where(other, file)}")
            photos[path] = photo
    _check_there(root, photos, paths)
    return photos


def _lines(file: str) -> Iterator[tuple[int, str, str]]:
    """Give each line's number, class and path."""
    try:
        text = Path(file).read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        told = f"{error.strerror}: a folder of Stanford Online Products has {TRAIN} and {TEST}"
        raise TableError(file, told) from error
    header, *lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if header.split() != COLUMNS:
        raise TableError(file, f"line 1: not {' '.join(COLUMNS)}")
    for number, line in enumerate(lines, 2):
        fields = line.strip().split(maxsplit=len(COLUMNS) - 1)
        if not fields:
            continue
        if len(fields) != len(COLUMNS) or not all(field.isdecimal() for field in fields[:-1]):
            raise TableError(file, f"line {number}: not three whole numbers and a path")
        yield number, str(int(fields[1])), fields[-1]


def _where(other: ProductPhoto, file: str) -> str:
    """Say where a photo was listed before, in short where it is in the same file."""
    return f"in {other.place.removeprefix(f'{file}: ')}"


def _check_there(root: str, photos: dict[str, ProductPhoto], paths: Collection[str]) -> None:
    known = set(paths)
    lost = [path for path in photos if path not in known and not os.path.lexists(os.path.join(root, path))]
    if lost:
        file, line = photos[lost[0]].place.rsplit(": ", 1)
        more = "" if len(lost) == 1 else f"; of {len(photos)} photos {len(lost)} are missing: {first_few(lost)}"
        raise TableError(file, f"{line}: {lost[0]} is not there{more}")
