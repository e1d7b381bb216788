"""What a program tells of photos, as classes or as scores: where it is written, or a value for each path."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from imgsim.errors import EvaluationError, first_few
from imgsim.paths import key_within
from imgsim.tables.ground_truth import ATTRIBUTE, read_labels, read_scores
from imgsim.tables.photo_cells import remark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from imgsim.tables.ground_truth import Attributes, Labels, Scores

Told: TypeAlias = "str | Mapping[str, object]"  # as `--labels` names it, or values by path

_GIVEN = f"{ATTRIBUTE}given"


class ToldPhotos(NamedTuple):
    """Photos below a folder, what tells an attribute of them, and who hears what does not fit."""

    root: str
    paths: Sequence[str]
    attributes: Attributes
    said: Callable[[str], None]

    def classes(self, told: Told) -> Labels:
        """Give the class of each."""
        source, attributes = self._where(told)
        labels = read_labels(source, self.root, self.paths, attributes=attributes)
        self._say(labels.remarks)
        return labels

    def scores(self, told: Told) -> Scores:
        """Give the score of each, NaN for none."""
        source, attributes = self._where(told)
        scores = read_scores(source, self.root, self.paths, attributes=attributes)
        self._say(scores.remarks)
        return scores

    def _where(self, told: Told) -> tuple[str, Attributes]:
        """Name where it is written, and give what reads it there if it is no table."""
        if isinstance(told, str):
            return told, self.attributes
        cells, lost = by_path(told, self.root, self.paths)
        if not cells:
            raise EvaluationError(
                f"{self.root}: none of the {len(lost)} photos that are named is here: {first_few(lost)}"
            )
        self._say(remark(lost, "named photos are not here"))
        return _GIVEN, lambda _: cells

    def _say(self, remarks: Sequence[str]) -> None:
        for line in remarks:
            self.said(line)


def by_path(told: Mapping[str, object], root: str, paths: Sequence[str]) -> tuple[dict[str, object], list[str]]:
    """Give values by paths within a folder, of those that are there, and list the keys that are of none.

    A key is such a path, or one that opens from the working folder; what is None is not told.

    Examples
    --------
    >>> by_path({"a.jpg": "cap", "shelf/b.jpg": "hat", "c.jpg": "bag"}, "shelf", ["a.jpg", "b.jpg"])
    ({'a.jpg': 'cap', 'b.jpg': 'hat'}, ['c.jpg'])
    """
    known, top, cells, lost = set(paths), os.path.realpath(root), {}, []
    for name, value in told.items():
        text = os.fspath(name)
        path = text if text in known else key_within(top, os.path.realpath(text))
        if path not in known:
            lost.append(text)
        elif value is not None:
            cells[path] = value
    return cells, lost


def name_told(told: Told) -> str:
    """Name where labels come from, for a run's configuration."""
    return told if isinstance(told, str) else "given"
