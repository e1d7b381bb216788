"""Extractors judged by triplets of scores: whether a photo of a near score is nearer than one of a far score."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import EvaluationError
from imgsim.evaluation.comparison import Comparison, compare
from imgsim.evaluation.intervals import Estimate, bootstrap
from imgsim.evaluation.score_widths import Widths, find_widths
from imgsim.search.leave_one_out import LeaveOneOut, PhotoBounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.evaluation.candidates import Candidate, Choose

CHANCE = 0.5
NAME = "triplets"  # what errors about widths begin with


@dataclass(frozen=True)
class TripletDecisions:
    """How many of an anchor's triplets are decided rightly.

    `photos` (n,) are the anchors, `errors` (n,) the shares of each one's triplets that are decided wrongly.
    """

    widths: Widths
    photos: NDArray[np.intp] = field(repr=False)
    errors: NDArray[np.float64] = field(repr=False)
    triplets: int
    without: int  # photos that lack a near or a far one
    accuracy: Estimate
    against_chance: Comparison

    @property
    def f1_of_true(self) -> Estimate:
        """F1 where all triplets that are put to the decision are true ones: precision is 1, recall the accuracy."""
        accuracy = self.accuracy
        return Estimate(*(2 * share / (1 + share) for share in (accuracy.value, accuracy.low, accuracy.high)))


@dataclass(frozen=True)
class TripletJudgement:
    """What was found out about a candidate."""

    candidate: Candidate
    specs: tuple[str, ...]
    metric: str
    decisions: TripletDecisions


def judge_triplets(
    choose: Choose, scores: NDArray[np.float64], candidate: Candidate, widths: tuple[str, str], *, seed: int
) -> TripletJudgement:
    """Judge a candidate by triplets.

    `scores` (photos,); `widths` as `imgsim.evaluation.score_widths.find_widths` reads them.
    """
    distance = choose(candidate.extractors, candidate.metric)
    gallery = LeaveOneOut(distance.terms(), np.isfinite(scores))
    decisions = decide_triplets(gallery, scores, widths, seed=seed)
    return TripletJudgement(candidate, distance.specs, " + ".join(dict.fromkeys(distance.metrics)), decisions)


def decide_triplets(
    gallery: LeaveOneOut, scores: NDArray[np.float64], widths: tuple[str, str], *, seed: int
) -> TripletDecisions:
    """Decide all triplets of an anchor, a photo of a near score and one of a far score, by which of the two is nearer.

    Parameters
    ----------
    gallery : LeaveOneOut
        The photos that take part.
    scores : ndarray of float64, shape (photos of the gallery,)
        Finite for all that take part.
    widths : tuple of str
        Up to which difference scores are near, and beyond which they are far: units, or quantiles such as ``q0.1``.
    seed : int
        Chooses resamples and permutations.

    Returns
    -------
    TripletDecisions
        The accuracy is a mean over anchors, with a bootstrap interval.

    Raises
    ------
    EvaluationError
        If fewer than two photos take part, or none has both a near and a far one.
    ParameterError
        If the widths make no sense.

    Notes
    -----
    A triplet is decided rightly where the near photo is nearer; where both are as far it counts half. So an anchor's
    share is the area under its ROC curve, near photos against far ones, and 0.5 is chance. Each triplet has a false one
    beside it, with its two photos exchanged: over both, accuracy, precision, recall and F1 are this one share.

    References
    ----------
    .. [1] Hanley and McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC) curve",
       Radiology 1982.
    """
    if len(gallery) < 2:
        raise EvaluationError("scores are compared between at least two photos")
    own = np.asarray(scores, np.float64)[gallery.photos]
    found = find_widths(NAME, *widths, own)

    def decide(seen: PhotoBounds) -> tuple[float, int]:
        near, far = find_partners(own, seen.photo, found)
        others = np.flatnonzero(near | far)
        distances = gallery.distances(seen, others)
        return wrong_share(distances[near[others]], distances[far[others]])

    decided = [one for answers in gallery.ask(np.arange(len(gallery)), decide) for one in answers]
    wrong, pairs = np.array([share for share, _ in decided]), np.array([count for _, count in decided])
    if not pairs.any():
        told = f"none of {len(own)} photos, scored {own.min():g} to {own.max():g}, has both"
        raise EvaluationError(f"{NAME}: {told} one within {found.within:g} and one beyond {found.beyond:g}")
    errors = wrong[pairs > 0]
    return TripletDecisions(
        found,
        gallery.photos[pairs > 0],
        errors,
        int(pairs.sum()),
        int((pairs == 0).sum()),
        bootstrap(1 - errors, seed=seed),
        compare(errors, np.full(len(errors), CHANCE), seed=seed),
    )


def wrong_share(nearer: NDArray[np.floating], farther: NDArray[np.floating]) -> tuple[float, int]:
    """Give the share of triplets that are decided wrongly, and how many there are, by distances from one anchor.

    Examples
    --------
    >>> wrong_share(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
    (0.125, 4)
    """
    farther, pairs = np.sort(farther), len(nearer) * len(farther)
    before = np.searchsorted(farther, nearer, "left") + np.searchsorted(farther, nearer, "right")
    return float(before.sum()) / 2 / max(pairs, 1), pairs


def find_partners(own: NDArray[np.float64], anchor: int, widths: Widths) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which photos are near an anchor's score, and which far from it."""
    with np.errstate(over="ignore"):  # differences of huge scores
        apart = np.abs(own - own[anchor])
    near = apart <= widths.within
    near[anchor] = False
    return near, apart > widths.beyond
