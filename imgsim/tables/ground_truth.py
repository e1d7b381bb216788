"""What photos are, as their folders or a table say it; whatever does not fit is said, by name and count."""

from __future__ import annotations

import math
import posixpath
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import EvaluationError, ParameterError, first_few
from imgsim.paths import composed
from imgsim.tables.matching import key_text
from imgsim.tables.photo_cells import read_column, remark
from imgsim.tables.product_lists import read_products

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Attributes = Callable[[str], Mapping[str, object]]  # the value of an attribute, for each photo that has it

FOLDERS = "folders"
PRODUCTS = "products"  # the two lists of Stanford Online Products
ATTRIBUTE = "attribute:"  # what no table's name begins with that ends as it must


@dataclass(frozen=True)
class Labels:
    """The class of each photo.

    `codes` (N,); `tests` (N,), whether a data set's own lists keep a photo for tests, where there are any.
    """

    names: tuple[str, ...]
    codes: NDArray[np.intp]
    remarks: list[str] = field(default_factory=list)
    tests: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Scores:
    """The score of each photo.

    `values` (N,).
    """

    values: NDArray[np.float64]
    remarks: list[str] = field(default_factory=list)


def attribute_named(source: str | None) -> str | None:
    """Give the attribute that a source of labels or scores names, if it names one.

    Examples
    --------
    >>> attribute_named("attribute:kind"), attribute_named("photos.csv:kind")
    ('kind', None)
    """
    if not source or not source.startswith(ATTRIBUTE):
        return None
    if not (name := composed(source.removeprefix(ATTRIBUTE))):
        raise ParameterError(f"{source!r}: write {ATTRIBUTE}NAME, for example {ATTRIBUTE}kind")
    return name


def read_labels(
    source: str,
    root: str,
    paths: Sequence[str],
    *,
    key: str | None = None,
    encoding: str | None = None,
    attributes: Attributes | None = None,
) -> Labels:
    """Find out the class of each photo; `attributes` tells of those that are known of photos."""
    if source == FOLDERS:
        folders = [posixpath.dirname(path) for path in paths]
        loose = [path for path, folder in zip(paths, folders, strict=True) if not folder]
        return _labels(folders, remark(loose, "photos lie in no sub-folder and have no label"))
    if source == PRODUCTS:
        return _product_labels(root, paths)
    cells, remarks = _cells(source, root, paths, key, encoding, attributes)
    texts = [_class_name(cells[path]) if path in cells else "" for path in paths]
    return _labels(texts, remarks + remark([path for path in paths if path not in cells], "photos have no label"))


def read_scores(
    source: str,
    root: str,
    paths: Sequence[str],
    *,
    key: str | None = None,
    encoding: str | None = None,
    attributes: Attributes | None = None,
) -> Scores:
    """Find out the score of each photo; `attributes` tells of those that are known of photos."""
    cells, remarks = _cells(source, root, paths, key, encoding, attributes)
    written, how = _as_written(cells, source.rpartition(":")[2])
    remarks += how
    values = {path: _number(cell) for path, cell in written.items()}
    odd = [f"{path} ({cells[path]})" for path, value in values.items() if math.isnan(value)]
    remarks += remark(odd, "scores are not finite numbers and are left out")
    remarks += remark([path for path in paths if path not in cells], "photos have no score")
    return Scores(np.array([values.get(path, math.nan) for path in paths], np.float64), remarks)


def _cells(
    source: str,
    root: str,
    paths: Sequence[str],
    key: str | None,
    encoding: str | None,
    attributes: Attributes | None,
) -> tuple[dict[str, object], list[str]]:
    """Read what is said of each photo, by a table or by an attribute, and what does not fit."""
    name = attribute_named(source) if attributes else None
    if attributes is None or name is None:
        return read_column(source, root, paths, key, encoding)
    known = attributes(name)
    cells = {path: known[path] for path in paths if path in known}
    several = [path for path, cell in cells.items() if isinstance(cell, list | dict)]
    for path in several:
        del cells[path]
    return cells, remark(several, f"photos have a list or an object for {name} and are left out")


def _product_labels(root: str, paths: Sequence[str]) -> Labels:
    """Give photos the classes that the lists in their folder say, and which of them are for tests."""
    listed = read_products(root, paths)
    texts = [listed[path].class_id if path in listed else "" for path in paths]
    labels = _labels(texts, remark([path for path in paths if path not in listed], "photos are in neither list"))
    tests = np.array([path in listed and listed[path].tests for path in paths], bool)
    return replace(labels, tests=tests)


def _labels(texts: Sequence[str], remarks: list[str]) -> Labels:
    """Give each class a number; an empty text is none."""
    texts = [composed(text) for text in texts]
    names = tuple(sorted(set(texts) - {""}))
    numbers = {name: number for number, name in enumerate(names)} | {"": -1}
    codes = np.array([numbers[text] for text in texts], np.intp)
    if len(names) == 1:
        remarks = [*remarks, one_class(int(np.count_nonzero(codes >= 0)), names[0])]
    return Labels(names, codes, remarks)


def _class_name(cell: object) -> str:
    """Write a value as the name of a class; every number, every date is one of its own."""
    return str(cell).lower() if isinstance(cell, bool) else key_text(cell)


def _as_written(cells: Mapping[str, object], column: str) -> tuple[Mapping[str, object], list[str]]:
    """Read scores that are no numbers as programs write them, where just one way of people's makes all of them such."""
    texts = list(dict.fromkeys(cell for cell in cells.values() if isinstance(cell, str)))
    if all(math.isfinite(_number(text)) for text in texts):
        return cells, []
    from imgsim.tables.cell_forms import AS_PROGRAMS_DO, MONEY
    from imgsim.tables.column_doubts import count_read, propose
    from imgsim.tables.written_numbers import read_price

    proposals = propose(column, "number", texts, AS_PROGRAMS_DO)
    if len(proposals) != 1 or count_read(proposals[0].forms, column, "number", texts) < len(texts):
        return cells, []
    forms = proposals[0].forms
    if forms.types and len({read_price(text, forms.decimal)[1] for text in texts} - {""}) > 1:
        return cells, []  # several currencies do not compare
    read = forms.reader(MONEY if forms.types else "number")
    marks = {",": " with a decimal comma", ".": " with a decimal point", None: ""}
    how = f"scores are read{marks[forms.decimal]}{', currencies left out' * bool(forms.types)}"
    return {path: read(cell) if isinstance(cell, str) else cell for path, cell in cells.items()}, [how]


def _number(cell: object) -> float:
    """Read a finite number; NaN for anything else."""
    try:
        value = float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan
    return value if math.isfinite(value) else math.nan


def one_class(count: int, name: str) -> str:
    """Say that all photos are of one class, and what follows from it."""
    only = f"the {count} photos with a label are all of one class, {name}"
    return f"{only}: whatever is found is right and nothing can be classified, so no figure tells anything"


def check_photos(folder: str, photos: int, unreadable: Sequence[str] = (), *, narrowed: bool = False) -> None:
    """Make sure that there are photos at all."""
    if not photos:
        problem = f"no photo can be read: {first_few(unreadable)}" if unreadable else "no photos in this folder"
        if narrowed and not unreadable:
            problem += " that the patterns of its index take in"
        raise EvaluationError(f"{folder}: {problem}")


def check_readable(unreadable: Sequence[str]) -> None:
    """Make sure, where a user is strict, that all photos can be read."""
    if unreadable:
        count = f"{len(unreadable)} photo{'s' * (len(unreadable) > 1)}"
        raise EvaluationError(f"{count} cannot be read", remedy="not-strict", photos=tuple(unreadable))
