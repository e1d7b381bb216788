"""Rows of colours that people named, and their split into rows to learn from and rows to judge by."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.errors import ImgsimError, ParameterError

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from imgsim.core import Image

SPLITS = ("contributors", "rows")
HELD_OUT, VALIDATION = 0.1, 0.1  # shares of the rows; the remaining 80 % are learned from


class ColorDataError(ImgsimError):
    """A file of named colours that cannot be read, or a row of it that makes no sense."""


@dataclass(frozen=True)
class ColorRows:
    """Colours, each named by somebody.

    `colors` (N, 3), `labels` (N,), `contributors` (N,).
    """

    colors: Image
    labels: NDArray[np.int64]
    contributors: NDArray[np.str_]
    names: tuple[str, ...]
    digest: str

    def take(self, rows: NDArray[np.intp]) -> ColorRows:
        """Give some of the rows, with all the names."""
        return ColorRows(self.colors[rows], self.labels[rows], self.contributors[rows], self.names, self.digest)

    def __len__(self) -> int:
        return len(self.labels)


class Split(NamedTuple):
    """Places of rows: to learn from, to choose and calibrate by, and kept apart to judge by."""

    training: NDArray[np.intp]
    validation: NDArray[np.intp]
    held_out: NDArray[np.intp]

    @property
    def seen(self) -> NDArray[np.intp]:
        """All but those that are held out."""
        return np.sort(np.concatenate([self.training, self.validation]))


def read_color_rows(path: str | os.PathLike[str]) -> ColorRows:
    """Read colours that people named."""
    try:
        data = Path(path).read_bytes()
        listed = json.loads(data)
    except OSError as error:
        raise ColorDataError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ColorDataError(f"{path}: not JSON ({error})") from error
    if not isinstance(listed, list) or not listed:
        raise ColorDataError(f"{path}: not a list of colours")
    parsed = [_parse(row, f"{path}: row {number}", number) for number, row in enumerate(listed, 1)]
    colors, labels, contributors = map(np.array, zip(*parsed, strict=True))
    names, codes = np.unique(labels, return_inverse=True)
    digest = hashlib.sha256(data).hexdigest()
    return ColorRows(colors.astype(np.uint8), codes, contributors, tuple(names.tolist()), digest)


def plain_name(label: str) -> str:
    """Write a label as a plain word.

    Examples
    --------
    >>> plain_name("Gray-ish")
    'grey'
    """
    name = label.strip().lower().removesuffix("-ish")
    return "grey" if name == "gray" else name


def split_rows(rows: ColorRows, by: str, seed: int) -> Split:
    """Split rows 80 : 10 : 10."""
    if by not in SPLITS:
        raise ParameterError(f"split by {' or '.join(SPLITS)}, not by {by!r}")
    units = rows.contributors if by == "contributors" else np.arange(len(rows))
    _, unit, counts = np.unique(units, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(counts))
    after = np.cumsum(counts[order])  # rows of the units up to each
    of_unit = np.empty(len(counts), int)
    of_unit[order] = np.where(after <= HELD_OUT * len(rows), 2, after <= (HELD_OUT + VALIDATION) * len(rows))
    split = Split(*(np.flatnonzero(of_unit[unit] == part) for part in range(3)))
    if not all(map(len, split)):
        raise ParameterError(f"{len(rows)} rows of {len(counts)} {by} are too few to split 80 : 10 : 10")
    return split


def _parse(row: Any, where: str, number: int) -> tuple[tuple[int, ...], str, str]:  # noqa: ANN401 (whatever JSON holds)
    """Check a row: its colour, its name, its contributor."""
    try:
        color = tuple(row[channel] for channel in "rgb")
        label = plain_name(row["label"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ColorDataError(f"{where}: not an object with r, g, b and label") from error
    if not all(isinstance(value, int) and 0 <= value <= 255 for value in color):
        raise ColorDataError(f"{where}: r, g, b are whole numbers 0 to 255, not {', '.join(map(str, color))}")
    return color, label, str(row.get("uid", f"row {number}"))
