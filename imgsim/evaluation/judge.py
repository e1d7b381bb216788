"""All figures of a candidate: from distances, features and classes to numbers with intervals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import EvaluationError
from imgsim.evaluation.classification import Classification, classify
from imgsim.evaluation.estimates import PAIR_FIGURES, estimate_classification, estimate_outcomes, estimate_pairs
from imgsim.evaluation.intervals import Estimate
from imgsim.evaluation.pairs import (
    MOST_PAIRS,
    PairScores,
    TooFewPairsError,
    common_distance,
    pair_distances,
    sample_pairs,
    score_pairs,
)
from imgsim.evaluation.retrieval import KS, Retrieval, score_retrieval
from imgsim.search.reranking import load_reranker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.evaluation.candidates import Candidate, Choose, Distance
    from imgsim.evaluation.retrieval_curves import RetrievalCurves
    from imgsim.search.ranking import Term

LOOKED_AT = 200  # pairs that tell whether nearly all are equally far apart
NOTHING = Estimate(float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True)
class Judgement:
    """What was found out about a candidate.

    `queries` (M,), `outcomes` (M,).
    """

    candidate: Candidate
    specs: tuple[str, ...]
    metric: str
    queries: NDArray[np.intp]
    counts: Mapping[str, int]
    figures: Mapping[str, Estimate]
    outcomes: Mapping[str, NDArray[np.float64]] = field(repr=False)
    curves: RetrievalCurves = field(repr=False)
    classification: Classification | None = field(default=None, repr=False)
    pairs: PairScores | None = field(default=None, repr=False)
    remarks: tuple[str, ...] = ()


class Retrieved(NamedTuple):
    """What a candidate's photos find, before anything is estimated from it."""

    candidate: Candidate
    distance: Distance
    terms: Sequence[Term]
    retrieval: Retrieval

    def mean(self, figure: str) -> float:
        """Give a figure's mean over the queries, by the figure's name."""
        return float(self.retrieval.values[figure].mean())


class Judge:
    """Judges candidates on the same photos.

    `codes` (photos,).
    """

    def __init__(
        self,
        choose: Choose,
        codes: NDArray[np.intp],
        *,
        seed: int = 0,
        jobs: int = 1,
        full: bool = True,
        ks: Sequence[int] = KS,
        advanced: Callable[[str, float], None] = lambda _, __: None,
    ) -> None:
        self._choose, self._codes = choose, codes
        self._ks = ks
        self._seed, self._jobs, self._advanced = seed, jobs, advanced
        self._full = full and len(np.unique(codes[codes >= 0])) > 1
        self._classified: dict[tuple[str, ...], tuple[Classification, NDArray[np.float64]]] = {}

    def judge(self, candidate: Candidate) -> Judgement:
        """Judge a candidate whose extractors are in the index."""
        return self.conclude(self.retrieve(candidate))

    def retrieve(self, candidate: Candidate) -> Retrieved:
        """Rank by a candidate whose extractors are in the index, the first and larger part of judging it."""
        distance = self._choose(candidate.extractors, candidate.metric)
        reranker = load_reranker(candidate.rerank) if candidate.rerank else None
        if reranker:
            reranker.check(distance.metrics)
        terms = distance.terms()
        advanced = self._steps(f"{candidate.name}: ranking", int(np.count_nonzero(self._codes >= 0)))
        found = score_retrieval(terms, self._codes, ks=self._ks, reranker=reranker, advanced=advanced)
        if not len(found.photos):
            raise EvaluationError("no class has two photos: there is nothing to find, give other labels")
        return Retrieved(candidate, distance, terms, found)

    def conclude(self, retrieved: Retrieved) -> Judgement:
        """Estimate all figures of a candidate, with their intervals."""
        candidate, distance, terms, found = retrieved
        figures = {name: estimate_outcomes(values, self._seed) for name, values in found.values.items()}
        classification, pairs, outcomes = None, None, dict(found.values)
        remarks = self._remark_if_equal(candidate, distance, terms)
        if self._full:
            classification, correct = self._classify(candidate, distance)
            outcomes["loocv_accuracy"] = correct[found.photos]
            pairs, too_few = self._judge_pairs(terms)
            remarks += too_few
            figures |= estimate_classification(classification)
            figures |= estimate_pairs(pairs, self._seed) if pairs else dict.fromkeys(PAIR_FIGURES, NOTHING)
        return Judgement(
            candidate,
            distance.specs,
            " + ".join(dict.fromkeys(distance.metrics)),
            found.photos,
            {"classes": len(np.unique(self._codes[found.photos])), "alone": found.alone, "left_out": found.left_out},
            figures,
            outcomes,
            found.curves,
            classification,
            pairs,
            remarks,
        )

    def _classify(self, candidate: Candidate, distance: Distance) -> tuple[Classification, NDArray[np.float64]]:
        """Classify by the features of the extractors side by side; the metric plays no part.

        Also tell of every photo of the gallery whether it is predicted right, NaN where it is not predicted.
        """
        if candidate.extractors not in self._classified:
            features, there = distance.features()
            there &= self._codes >= 0
            classification = classify(
                features[there],
                self._codes[there],
                seed=self._seed,
                jobs=self._jobs,
                advanced=self._steps(f"{candidate.name}: classifying", int(there.sum())),
            )
            correct = np.full(len(there), np.nan)
            correct[np.flatnonzero(there)[classification.judged]] = classification.correct
            self._classified[candidate.extractors] = classification, correct
        return self._classified[candidate.extractors]

    def _judge_pairs(self, terms: Sequence[Term]) -> tuple[PairScores | None, tuple[str, ...]]:
        """Judge pairs, or say why there are too few of them."""
        same, distances = self._measure_pairs(terms, MOST_PAIRS)
        try:
            return score_pairs(same, distances, seed=self._seed), ()
        except TooFewPairsError as error:
            return None, (f"pairs are not judged: {error}",)

    def _measure_pairs(self, terms: Sequence[Term], most: int) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Draw pairs, half of them of the same class: whether they are, and how far apart, (P,)."""
        places = self._places(terms)
        rows = np.flatnonzero(terms[0].gallery.whole)[places]
        pairs = sample_pairs(self._codes[places], seed=self._seed, most=most)
        return pairs.same, pair_distances(terms, rows[pairs.first], rows[pairs.second])

    def _places(self, terms: Sequence[Term]) -> NDArray[np.intp]:
        """List the photos that have a class, and features of all extractors."""
        rows = np.flatnonzero(terms[0].gallery.whole)  # of each photo
        present = np.logical_and.reduce([term.gallery.present[rows] for term in terms])
        return np.flatnonzero(present & (self._codes >= 0))

    def _remark_if_equal(self, candidate: Candidate, distance: Distance, terms: Sequence[Term]) -> tuple[str, ...]:
        """Say if nearly all photos are equally far apart, of one class or not: then the path decides who is found."""
        classes = len(np.unique(self._codes[self._places(terms)]))
        if classes < 2 or candidate.rerank:  # of one class nothing is told anyway; without re-ranking it is said, too
            return ()
        common = common_distance(self._measure_pairs(terms, LOOKED_AT)[1])
        if common is None:
            return ()
        by = f"{candidate.name} by {' + '.join(dict.fromkeys(distance.metrics))}"
        return (f"{by}: nearly all distances are equal, about {common:.3g}: it hardly tells photos apart",)

    def _steps(self, what: str, total: int) -> Callable[[int], None]:
        done = 0

        def advanced(steps: int) -> None:
            nonlocal done
            done += steps
            self._advanced(what, done / max(1, total))

        self._advanced(what, 0.0)
        return advanced
