"""Candidates judged by decided pairs: each lost thing that was found asks for its found one among all found things."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from imgsim.errors import EvaluationError
from imgsim.evaluation.calibration_fit import CalibrationFit, fit_calibration
from imgsim.evaluation.estimates import PAIR_FIGURES, estimate_outcomes, estimate_pairs
from imgsim.evaluation.found_ranks import pair_lengths, rank_found
from imgsim.evaluation.judge import NOTHING, Judgement
from imgsim.evaluation.pairs import PairScores, TooFewPairsError, common_distance, score_pairs
from imgsim.evaluation.reranked_ranks import rerank_ranks
from imgsim.evaluation.retrieval import KS, score_ranks
from imgsim.evaluation.retrieval_curves import FIRST, RetrievalCurves, interpolate_precision, recall_curve
from imgsim.search.reranking import suited_reranker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from imgsim.evaluation.candidates import Candidate
    from imgsim.evaluation.pair_labels import PairLabels
    from imgsim.evaluation.ranks import RelevantRanks
    from imgsim.search.thing_side import ThingSide

    ChooseSides = Callable[[Sequence[str], str | None], "ComparedSides"]

LEAST = 5  # pairs of either kind that a calibration is fitted to


class ComparedSides(Protocol):
    """What a candidate is judged by, on the things of two sides; two indexes give it."""

    @property
    def specs(self) -> tuple[str, ...]:
        """Each extractor, as it is named."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """Each extractor's metric."""

    @property
    def one(self) -> bool:
        """Whether things of equal numbers are the same, and do not find themselves."""

    def sides(self) -> tuple[ThingSide, ThingSide]:
        """Give the lost side and the found one."""


class FoundThings(NamedTuple):
    """What a candidate's lost things find, before anything is estimated from it.

    `lengths` (P,) of the labelled pairs, NaN where a thing has no row.
    """

    candidate: Candidate
    distance: ComparedSides
    ranks: RelevantRanks
    things: int
    values: dict[str, NDArray[np.float64]]
    lengths: NDArray[np.float64]

    def mean(self, figure: str) -> float:
        """Give a figure's mean over the lost things, by the figure's name."""
        return float(self.values[figure].mean())


class PairJudge:
    """Judges candidates on the same pairs, as `judge.Judge` does on the same classes."""

    def __init__(
        self,
        choose: ChooseSides,
        labels: PairLabels,
        *,
        seed: int = 0,
        full: bool = True,
        ks: Sequence[int] = KS,
        advanced: Callable[[str, float], None] = lambda _, __: None,
    ) -> None:
        self._choose, self._labels, self._seed, self._full, self._ks = choose, labels, seed, full, ks
        self._advanced = advanced

    def judge(self, candidate: Candidate) -> Judgement:
        """Judge a candidate whose extractors both sides have."""
        return self.conclude(self.retrieve(candidate))

    def retrieve(self, candidate: Candidate) -> FoundThings:
        """Rank by a candidate whose extractors both sides have."""
        distance = self._choose(candidate.extractors, candidate.metric)
        reranker = suited_reranker(candidate.rerank, distance.metrics) if candidate.rerank else None
        lost, found = distance.sides()
        ours, theirs = lost.places(self._labels.lost), found.places(self._labels.found)
        there = (ours >= 0) & (theirs >= 0)
        right = there & self._labels.same
        if not right.any():
            raise EvaluationError("no confirmed pair has features on both sides: there is nothing to find")
        itself = found.places(lost.things) if distance.one else None
        done, total = 0, len(np.unique(ours[right]))

        def advanced(asked: int) -> None:
            nonlocal done
            done += asked
            self._advanced(f"{candidate.name}: ranking", done / total)

        ranks = rank_found(lost.side, found.side, ours[right], theirs[right], itself=itself, advanced=advanced)
        if reranker:
            pairs = ours[right], theirs[right]
            ranks = rerank_ranks(lost.side, found.side, ranks, *pairs, reranker, itself=itself)
        lengths = np.full(len(there), np.nan)
        lengths[there] = pair_lengths(lost.side, found.side, ours[there], theirs[there])
        ranks = ranks.__class__(lost.things[ranks.photos], ranks.offsets, ranks.ranks)
        return FoundThings(candidate, distance, ranks, len(found.side), score_ranks(ranks, self._ks), lengths)

    def conclude(self, retrieved: FoundThings) -> Judgement:
        """Estimate all figures of a candidate, with their intervals over lost things."""
        candidate, distance, ranks = retrieved.candidate, retrieved.distance, retrieved.ranks
        figures = {name: estimate_outcomes(values, self._seed) for name, values in retrieved.values.items()}
        pairs, remarks = self._judge_pairs(retrieved)
        if self._full:
            figures |= estimate_pairs(pairs, self._seed) if pairs else dict.fromkeys(PAIR_FIGURES, NOTHING)
        firsts = ranks.ranks[ranks.offsets[:-1]]
        most = min(max(FIRST, *self._ks), retrieved.things)
        curves = RetrievalCurves(recall_curve(firsts, max(1, most)), interpolate_precision(ranks).mean(axis=0))
        return Judgement(
            candidate,
            distance.specs,
            " + ".join(dict.fromkeys(distance.metrics)),
            ranks.photos,
            {
                "found_things": retrieved.things,
                "confirmed": len(ranks.ranks),
                "rejected": int((np.isfinite(retrieved.lengths) & self._labels.decided & ~self._labels.same).sum()),
            },
            figures,
            dict(retrieved.values),
            curves,
            pairs=pairs,
            remarks=remarks,
        )

    def _judge_pairs(self, retrieved: FoundThings) -> tuple[PairScores | None, tuple[str, ...]]:
        """Judge the pairs that somebody decided about by a threshold, or say why not; and say if all are as far."""
        decided = self._labels.decided & np.isfinite(retrieved.lengths)
        same, lengths = self._labels.same[decided], retrieved.lengths[decided]
        if not self._full:
            return None, ()
        if retrieved.candidate.rerank:  # what there is to say of distances is said without re-ranking
            return self._score(same, lengths), ()
        common, name = common_distance(lengths), retrieved.candidate.name
        by = f"{name} by {' + '.join(dict.fromkeys(retrieved.distance.metrics))}"
        remarks = (f"{by}: nearly all distances are equal, about {common:.3g}",) if common is not None else ()
        pairs = self._score(same, lengths)
        if pairs is None:
            few = f"{same.sum()} confirmed and {(~same).sum()} rejected pairs are too few"
            remarks = (*remarks, f"{few} to judge pairs by a threshold: two of each are needed")
        return pairs, remarks

    def _score(self, same: NDArray[np.bool_], lengths: NDArray[np.float64]) -> PairScores | None:
        """Judge pairs by a threshold; None where they are too few."""
        try:
            return score_pairs(same, lengths, seed=self._seed)
        except TooFewPairsError:
            return None


def calibrate_pairs(distance: ComparedSides, labels: PairLabels, *, seed: int) -> CalibrationFit:
    """Fit the probability that a pair which is shown is the same thing, by its distance.

    Pairs of one lost thing are in one fold. EvaluationError where there are too few pairs of either kind.
    """
    lost, found = distance.sides()
    ours, theirs = lost.places(labels.lost), found.places(labels.found)
    there = (ours >= 0) & (theirs >= 0)
    same = labels.same[there]
    yes, no = int(same.sum()), int((~same).sum())
    if min(yes, no) < LEAST:
        told = (
            f"{yes} {'pairs are' if yes != 1 else 'pair is'} the same thing and {no} {'are' if no != 1 else 'is'} not"
        )
        raise EvaluationError(f"{told}: calibration needs {LEAST} of each", remedy="decide-pairs")
    lengths = pair_lengths(lost.side, found.side, ours[there], theirs[there])
    return fit_calibration(lengths, same, ours[there], seed=seed)
