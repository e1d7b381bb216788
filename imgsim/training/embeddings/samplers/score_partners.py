"""Photos with partners of near and of far scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from imgsim.errors import EvaluationError
from imgsim.evaluation.score_widths import find_widths
from imgsim.training.embeddings.samplers.base_sampler import Sampler, SamplerSetting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.training.embeddings.losses.base_loss import Kind

_TRIES = 4  # to draw a partner that the epoch has not seen


class Partners(NamedTuple):
    """Of how many photos, how many have no other of a near score, none of a far score, or lack one of the two."""

    photos: int
    without_near: int
    without_far: int
    without: int

    @property
    def share(self) -> float:
        """The share that can be no anchor."""
        return self.without / self.photos


class ScorePartners(Sampler):
    """Fill batches with anchors, each with a photo of a near score and one of a far score, drawn at random.

    Photos that lack one of the two are no anchors, but may be drawn as partners; `partners` says how many they are.
    """

    name: ClassVar[str] = "scores"
    paper: ClassVar[str] = ""
    kinds: ClassVar[tuple[Kind, ...]] = ("scores",)
    least_batch: ClassVar[int] = 3

    def __init__(self, setting: SamplerSetting, *, within: str = "5", beyond: str = "30") -> None:
        super().__init__(setting)
        scores = np.asarray(setting.labels, np.float64)
        if not np.isfinite(scores).all():
            raise EvaluationError("scores are numbers, and not all of these are")
        self.widths = find_widths(f"sampler {self.name}", within, beyond, scores)
        self._order = np.argsort(scores, kind="stable")
        self._rank = np.argsort(self._order)
        self._near, self._far = (_ranks(scores, width) for width in self.widths)
        no_near = self._near[:, 1] - self._near[:, 0] < 2  # itself is one
        no_far = (self._far[:, 0] == 0) & (self._far[:, 1] == len(scores))
        self._anchors = np.flatnonzero(~(no_near | no_far))
        self.partners = Partners(len(scores), int(no_near.sum()), int(no_far.sum()), int((no_near | no_far).sum()))
        if not len(self._anchors):
            raise EvaluationError(self._none(scores))

    def batches(self, epoch: int) -> list[NDArray[np.intp]]:
        """Go through the anchors in random order, but for those that were drawn as partners before."""
        rng = self.random_state(epoch)
        seen: set[int] = set()
        packed: list[list[int]] = [[]]
        for anchor in rng.permutation(self._anchors).tolist():
            if anchor in seen:
                continue
            three = (anchor, self._draw_near(anchor, seen, rng), self._draw_far(anchor, seen, rng))
            if len(packed[-1]) + len(three) > self.batch:
                packed.append([])
            packed[-1] += [place for place in three if place not in packed[-1]]
            seen.update(three)
        return [np.array(batch, np.intp) for batch in packed]

    def _draw_near(self, anchor: int, seen: set[int], rng: np.random.Generator) -> int:
        begin, end = self._near[anchor].tolist()
        itself = int(self._rank[anchor])
        for _ in range(_TRIES):
            rank = int(rng.integers(begin, end - 1))
            partner = int(self._order[rank + (rank >= itself)])
            if partner not in seen:
                break
        return partner

    def _draw_far(self, anchor: int, seen: set[int], rng: np.random.Generator) -> int:
        below, above = self._far[anchor].tolist()
        for _ in range(_TRIES):
            rank = int(rng.integers(below + len(self._order) - above))
            partner = int(self._order[rank if rank < below else rank - below + above])
            if partner not in seen:
                break
        return partner

    def _none(self, scores: NDArray[np.float64]) -> str:
        within, beyond = self.widths
        near, far = self.partners.without_near, self.partners.without_far
        lacking = f"{near} have none within {within:g}, {far} none beyond {beyond:g}"
        told = f"of {len(scores)} photos, scored {scores.min():g} to {scores.max():g}, {lacking}"
        return f"sampler {self.name}: no photo has both a near and a far partner: {told}: give other widths"


def _ranks(scores: NDArray[np.float64], width: float) -> NDArray[np.intp]:
    """Tell for each score where, in their order, those within a width of it begin and end: (N, 2)."""
    ranked = np.sort(scores)
    begin, end = np.searchsorted(ranked, scores - width, "left"), np.searchsorted(ranked, scores + width, "right")
    return np.stack([begin, end], axis=1)
