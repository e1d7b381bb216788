"""A trial on decided pairs: lost things and the found ones that they are first, then what else was found."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.evaluation.pair_judge import PairJudge
from imgsim.index.both_sides import compare_sides
from imgsim.index.index import Index
from imgsim.recommend.trials import Trial
from imgsim.tables.ground_truth import check_readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.evaluation.pair_labels import PairLabels
    from imgsim.index.both_sides import TwoSidedDistance
    from imgsim.recommend.trials import TrialJudge


class TrialSide(NamedTuple):
    """A folder, and the thing that each of its photos shows, by path within it; -1 where it takes no part."""

    folder: str
    things: Mapping[str, int]


class PairTrial(Trial):
    """Judges extractors on the first so many photos of two folders, each in an index of its own."""

    def __init__(
        self,
        sides: tuple[TrialSide, TrialSide],
        labels: PairLabels,
        directory: str,
        **options: Any,  # noqa: ANN401 (those of a Trial)
    ) -> None:
        self._sides, self._labels = sides, labels
        self._one = sides[0].folder == sides[1].folder
        self._order = order_photos(sides, labels, options["seed"])
        paths = [os.path.join(sides[side].folder, path) for side, path in self._order]
        super().__init__(sides[1].folder, directory, paths, np.zeros(len(paths), np.intp), **options)

    def _directories(self) -> tuple[str, str]:
        return f"{self._directory}-lost", self._directory

    @contextmanager
    def _judge(self) -> Iterator[TrialJudge]:
        lost, found = self._directories()
        with Index(lost) as ours, Index(found) as theirs, ours.snapshot(), theirs.snapshot():
            indexes = ours, theirs
            things = tuple(
                np.array([side.things[path] for path in index.paths], np.intp)
                for side, index in zip(self._sides, indexes, strict=True)
            )

            def choose(extractors: Sequence[str], metric: str | None) -> TwoSidedDistance:
                return compare_sides(indexes, (things[0], things[1]), extractors, metric, one=self._one)

            yield PairJudge(choose, self._labels, seed=self._seed, full=False)

    def _measure(self, extractors: Sequence[str], photos: int) -> None:
        """Bring the trial's indexes to these extractors and photos."""
        jobs = self.pace.choose_jobs(extractors, photos - self._photos)
        self.unreadable = []
        for number, (side, directory) in enumerate(zip(self._sides, self._directories(), strict=True)):
            paths = [path for place, path in self._order[:photos] if place == number]
            self.unreadable += self._bring(side.folder, directory, extractors, paths, jobs)
        check_readable(self.unreadable if self._strict else [])


def order_photos(sides: tuple[TrialSide, TrialSide], labels: PairLabels, seed: int) -> list[tuple[int, str]]:
    """Order photos, each with its side's number: those of confirmed pairs, pair by pair, then what else was found.

    Examples
    --------
    >>> from imgsim.evaluation.pair_labels import label_pairs
    >>> sides = TrialSide("lost", {"a": 0, "b": 1}), TrialSide("found", {"x": 0, "y": 1, "z": 2, "w": -1})
    >>> order_photos(sides, label_pairs([(1, 2)], [(0, 0)]), seed=0)
    [(0, 'b'), (1, 'z'), (1, 'x'), (1, 'y')]
    """
    rng = np.random.default_rng(seed)
    of: list[dict[int, list[str]]] = [{}, {}]
    for listed, side in zip(of, sides, strict=True):
        for path, thing in side.things.items():
            listed.setdefault(thing, []).append(path)
    first: dict[tuple[int, str], None] = {}
    pairs: NDArray[np.intp] = rng.permutation(np.flatnonzero(labels.same))
    for pair in zip(labels.lost[pairs].tolist(), labels.found[pairs].tolist(), strict=True):
        if all(thing in listed for listed, thing in zip(of, pair, strict=True)):
            first |= {(side, path): None for side in (0, 1) for path in of[side][pair[side]]}
    rest = [(1, path) for path, thing in sides[1].things.items() if thing >= 0 and (1, path) not in first]
    return [*first, *(rest[place] for place in rng.permutation(len(rest)))]
