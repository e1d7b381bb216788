"""Photos dealt class by class: the same share of each tests, and of the rest validates; copies are never apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import EvaluationError, first_few
from imgsim.training.classifiers.classifier_recipe import TEST, VALIDATION
from imgsim.training.split_file import UNUSED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


class ClassCounts(NamedTuple):
    """How many photos of a class are in each part."""

    label: str
    train: int
    validation: int
    test: int


def stratified_split(
    codes: NDArray[np.intp],
    groups: NDArray[np.intp],
    *,
    seed: int,
    test: float = TEST,
    validation: float = VALIDATION,
) -> NDArray[np.int8]:
    """Give photos (N,) their parts: 0 train, 1 validation, 2 test, -1 those without a class.

    Photos of one number in `groups` (N,) are copies: they count as one, of the class of the first, and stay together.

    Examples
    --------
    >>> codes = np.repeat([0, 1], [10, 2])
    >>> parts = stratified_split(codes, np.arange(12), seed=0)
    >>> [np.bincount(parts[codes == code], minlength=3).tolist() for code in (0, 1)]
    [[7, 1, 2], [1, 0, 1]]
    """
    labelled = np.flatnonzero(codes >= 0)
    listed, first = np.unique(groups[labelled], return_index=True)
    rng = np.random.default_rng(seed)
    units = _Units(rng.permutation(listed), codes[labelled[first]], listed)
    tests = units.draw(test, int(test > 0), rng)
    validates = units.without(tests).draw(validation, 0, rng)
    parts = np.full(len(codes), UNUSED, np.int8)
    parts[labelled] = 0
    for number, chosen in ((1, validates), (2, tests)):
        parts[labelled[np.isin(groups[labelled], chosen)]] = number
    return parts


class _Units(NamedTuple):
    """Groups of copies in the order in which they are drawn, and what classes they are of, by `listed`."""

    order: NDArray[np.intp]
    owners: NDArray[np.intp]
    listed: NDArray[np.intp]

    def without(self, drawn: NDArray[np.intp]) -> _Units:
        """Leave out those that were drawn."""
        return self._replace(order=self.order[~np.isin(self.order, drawn)])

    def draw(self, share: float, least: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """Draw a share of each class, `least` of it where one is left then."""
        owners = self.owners[np.searchsorted(self.listed, self.order)]
        classes, sizes = np.unique(owners, return_counts=True)
        counts = apportion(sizes, share, least, rng)
        drawn = [self.order[owners == code][:count] for code, count in zip(classes, counts, strict=True)]
        return np.concatenate([*drawn, np.zeros(0, np.intp)])


def apportion(sizes: NDArray[np.intp], share: float, least: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Tell how many of each class, of sizes (C,), make a share of all: `least` of each, and one less than all at most.

    What rounding leaves over goes to the classes that it took most from, by lot where that is equal.

    Examples
    --------
    >>> apportion(np.array([30, 30, 2, 1]), 0.2, 1, np.random.default_rng(0)).tolist()
    [6, 6, 1, 0]
    """
    quotas = sizes * share
    most = np.maximum(sizes - 1, 0)
    counts: NDArray[np.intp] = np.minimum(np.maximum(np.floor(quotas).astype(np.intp), least), most)
    left = int(np.floor(sizes.sum() * share + 0.5)) - int(counts.sum())
    lots = rng.random(len(sizes))
    for place in np.lexsort((lots, -(quotas - counts)))[: max(left, 0)].tolist():
        counts[place] = min(counts[place] + 1, most[place])
    return counts


def count_parts(codes: NDArray[np.intp], parts: NDArray[np.int8], names: Sequence[str]) -> list[ClassCounts]:
    """Count each class's photos in each part."""
    counted = [[int(((codes == code) & (parts == part)).sum()) for part in range(3)] for code in range(len(names))]
    return [ClassCounts(name, *counts) for name, counts in zip(names, counted, strict=True)]


def check_learned(counts: Iterable[ClassCounts]) -> None:
    """Raise EvaluationError where there are not two classes, or one that nothing is learned of is to be found."""
    used = [one for one in counts if any(one[1:])]
    if len(used) < 2:
        named = f" ({used[0].label})" if used else ""
        raise EvaluationError(f"a classifier tells classes apart, and there {_are(len(used))}{named}: give two or more")
    if unlearned := [one.label for one in used if not one.train]:
        has = "class has" if len(unlearned) == 1 else "classes have"
        raise EvaluationError(
            f"{len(unlearned)} {has} no photo to learn from, only such as validate or test ({first_few(unlearned)}): "
            "give more photos of them, or another seed"
        )


def _are(count: int) -> str:
    return "is one" if count == 1 else "are none"
